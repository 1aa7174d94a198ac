import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type AuditEvent, isDeclaredId, textAt, valuesOf } from '../../../schema/index.ts'
import type { BatchMaker } from '../batch/batch.ts'
import type { Integration } from '../integration/integration.ts'
import { INTEGRATIONS, loadIntegration } from '../integration/load.ts'
import { cellsOf } from '../read/formats/csv.ts'
import { batchOf, makerOf } from '../testing/batches.ts'
import { eventsIn, NOW, recordsOf } from '../testing/samples.ts'

/** Different records never share an id, whatever their captions are. Both mappers answer alike. */

const names = readdirSync(INTEGRATIONS).sort()
const declared = (await Promise.all(names.map((name) => loadIntegration(name)))).filter(
  ({ identity }) => identity.length > 0,
)

const makers = new Map<string, BatchMaker>()

/** The agent's events for a file: from the bytes if possible. */
function madeOf(integration: Integration, text: string, now = NOW): AuditEvent[] {
  if (text === '') return []
  const maker = makers.get(integration.name) ?? makerOf(integration)
  makers.set(integration.name, maker)
  return batchOf(maker, text, { now }).events
}

const idsOf = (events: readonly AuditEvent[]): string[] => events.map((event) => textAt(event, 'event.id')!)

/** The ids of all records of a file; both mappers must give the same. */
function idsIn(integration: Integration, text: string): string[] {
  const ids = idsOf(madeOf(integration, text))
  expect(idsOf(eventsIn(recordsOf(integration, text)))).toEqual(ids)
  return ids
}

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`
const written = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.map(quoted).join(',')}\n`).join('')

interface Table {
  readonly file: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

function tablesOf({ name }: Integration): Table[] {
  const folder = join(INTEGRATIONS, name, 'samples')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.csv'))
    .map((file) => {
      const lines = readFileSync(join(folder, file), 'utf8')
        .trim()
        .split(/\r?\n(?=(?:[^"]*"[^"]*")*[^"]*$)/)
      const rows = lines.map((line) => {
        const cells = cellsOf(line, ',', '"')
        if (typeof cells === 'string') throw new Error(cells)
        return cells
      })
      const texts = new Set(rows.slice(1).map((row) => row.join('\0')))
      return { file, columns: rows[0]!, rows: [...texts].map((text) => text.split('\0')) }
    })
}

function objectsOf({ name }: Integration): Record<string, unknown>[] {
  const folder = join(INTEGRATIONS, name, 'samples')
  return readdirSync(folder)
    .filter((file) => /\.(?:jsonl|log)$/.test(file))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .slice(0, 12)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

const jsonl = (records: readonly object[]): string =>
  records.map((one) => `${JSON.stringify(one)}\n`).join('')
const unknown = (index: number): string => `Spalte ${index + 1}`

describe.each(declared.map((one) => [one.name, one] as const))('%s', (_, integration) => {
  const tables = tablesOf(integration)
  const objects = objectsOf(integration)

  it('gives rows that differ ids that differ, whichever one caption is unknown', () => {
    for (const { columns, rows } of tables) {
      const known = new Set(idsIn(integration, written([columns, ...rows]))).size
      columns.forEach((_, i) => {
        const renamed = columns.with(i, unknown(i))
        expect(new Set(idsIn(integration, written([renamed, ...rows]))).size, renamed[i]).toBe(known)
      })
    }
  })

  it('tells rows apart by the one column in which they differ, even if its caption is unknown', () => {
    for (const { columns, rows } of tables) {
      const own = columns.findIndex((column) => /^(event id|id)$/i.test(column))
      columns.forEach((column, i) => {
        const several = rows.slice(0, 2).flatMap((row) =>
          ['one', 'two', 'three'].map((text) => {
            const changed = row.with(i, text)
            return own === -1 ? changed : changed.with(own, `${row[own]}-${text}`)
          }),
        )
        const known = new Set(idsIn(integration, written([columns, ...several]))).size
        const renamed = columns.with(i, unknown(i))
        expect(
          new Set(idsIn(integration, written([renamed, ...several]))).size,
          column,
        ).toBeGreaterThanOrEqual(known)
      })
    }
  })

  it('knows records by their place where no caption is known', () => {
    for (const { columns, rows } of tables) {
      const events = madeOf(integration, written([columns.map((_, i) => unknown(i)), ...rows]))
      expect(new Set(idsOf(events)).size).toBe(rows.length)
      expect(events.every((event) => valuesOf(event, 'tags').includes('identity_missing'))).toBe(true)
    }
    const renamed = objects.map((one) =>
      Object.fromEntries(Object.values(one).map((value, i) => [unknown(i), value])),
    )
    expect(new Set(idsIn(integration, jsonl(renamed))).size).toBe(renamed.length)
  })

  it('gives records that differ ids that differ, whichever one member is unknown', () => {
    const known = new Set(idsIn(integration, jsonl(objects))).size
    for (const member of new Set(objects.flatMap((one) => Object.keys(one)))) {
      const renamed = objects.map((one) =>
        Object.fromEntries(
          Object.entries(one).map(([name, value]) => [name === member ? 'feld_7' : name, value]),
        ),
      )
      expect(new Set(idsIn(integration, jsonl(renamed))).size, member).toBeGreaterThanOrEqual(known)
    }
  })

  it('gives a row without a date the same id in each export, and others to other rows', () => {
    for (const { columns, rows } of tables) {
      const isDate = columns.map((column) => /date|time|changed on/i.test(column))
      const header = columns.filter((_, i) => !isDate[i])
      const undated = rows.map((row) => row.filter((_, i) => !isDate[i]))
      const text = written([header, ...undated])
      const later = written([header, ...undated.toReversed()])
      const first = madeOf(integration, text, NOW)
      const second = madeOf(integration, later, NOW + 3_600_000)
      const ids = idsOf(first).filter(isDeclaredId)
      expect(idsOf(second).filter(isDeclaredId).toReversed()).toEqual(ids)
      expect(new Set(idsOf(first)).size).toBe(new Set(undated.map((row) => row.join('\0'))).size)
      if (integration.name !== 'strapi') expect(ids.length).toBeGreaterThan(0)
    }
  })
})
