import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ReportPreviewShape, reportParametersSchema } from '../../../schema/api/index.ts'
import { type AuditEvent, isRecord, valuesOf } from '../../../schema/index.ts'
import { allPages } from '../../../test/pages.ts'
import { askAt, TestAgent, type TestIndexer } from '../../ingest/testing.ts'
import { reportQuery } from '../asked.ts'
import type { Declaration } from '../declaration.ts'
import { readReports } from '../report-book.ts'
import {
  distinctIn,
  foundBy,
  type PlainParts,
  plainCounts,
  plainFigures,
  plainList,
  sumIn,
} from './plain-report.ts'

/** The figures of each report equal a plain reference, over the samples of all integrations. */

const INTEGRATIONS = join(import.meta.dirname, '../../../integrations')

/** The events of all samples, as an agent would ship them. */
function sampleEvents(agent: TestAgent): Record<string, unknown>[] {
  const events: Record<string, unknown>[] = []
  for (const name of readdirSync(INTEGRATIONS)) {
    const folder = join(INTEGRATIONS, name, 'expected')
    for (const file of readdirSync(folder).sort()) {
      for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
        if (line === '') continue
        const {
          agent: _,
          host: _host,
          event,
          ...rest
        } = JSON.parse(line) as Record<string, Record<string, unknown>>
        const made = agent.event(rest)
        const own = isRecord(made.event) ? made.event : {}
        const { original: _original, ...kept } = event ?? {}
        events.push({ ...made, event: { ...kept, id: own.id, sequence: own.sequence } })
      }
    }
  }
  return events
}

const ZONE = 'America/New_York'
const FROM = '2026-01-01'
const TO = '2026-12-31'
const PARAMETERS = [
  {},
  { outcomes: ['failure'] },
  { systems: ['erp', 'okta'], q: 'not category: view' },
  { users: ['john.smith@brightline.example', 'Sarah Jones', 'root'] },
  { entities: ['Customer', 'User'] },
]

export function reportsAgree(
  start: () => Promise<{ indexer: TestIndexer; settled: () => Promise<void> }>,
): void {
  let indexer: TestIndexer
  let stored: AuditEvent[] = []
  const ready = (async () => {
    const started = await start()
    indexer = started.indexer
    const agent = await TestAgent.enrolled(indexer.url)
    const events = sampleEvents(agent)
    for (let from = 0; from < events.length; from += 400) {
      const { json } = await agent.send(indexer.url, agent.seal(events.slice(from, from + 400)))
      expect(json).toMatchObject({ dead: 0 })
    }
    await started.settled()
    stored = (await allPages(async (after) => {
      const more = after === undefined ? '' : `&after=${encodeURIComponent(after)}`
      const { json } = await indexer.ask(`/v1/search?own=true&limit=1000&sort=oldest${more}`)
      return json as { events: AuditEvent[]; next: string | null }
    })) as AuditEvent[]
    expect(stored.length).toBeGreaterThanOrEqual(events.length)
  })()
  ready.catch(() => {})

  describe.each(readReports(undefined).reports.map(({ id, declaration }) => [id, declaration] as const))(
    'the report %s',
    (id, declaration) => {
      test.each(PARAMETERS.map((parameters) => [JSON.stringify(parameters), parameters] as const))(
        'with %s says what a plain count says',
        async (_, given) => {
          await ready
          if (declaration === null) throw new Error(`${id} is wrong`)
          const parameters = reportParametersSchema.parse({
            ...{ from: FROM, to: TO, zone: ZONE },
            ...given,
            ...(declaration.needs.includes('users') && { users: ['sarah.jones@brightline.example'] }),
          })
          const { status, json, text } = await askAt(indexer.url, '/v1/reports/preview', {
            json: { report: id, parameters },
          })
          expect(status, text).toBe(200)
          const report = json as unknown as ReportPreviewShape
          const parts: PlainParts = {
            events: stored,
            query: reportQuery(declaration, parameters, report.requested.at),
            ...report.period,
            zone: ZONE,
          }
          expectFindings(report, declaration, parts)
          expectRows(report, declaration, parts)
          if (!isOwn(declaration)) await expectEventsBehind(indexer, report, declaration)
        },
        120_000,
      )
    },
  )
}

/** Waybill's own events grow while reports are made. */
const isOwn = (declaration: Declaration): boolean => declaration.query.asked.includes('waybill')

function expectFindings(report: ReportPreviewShape, declaration: Declaration, parts: PlainParts): void {
  for (const [i, section] of declaration.findings.entries()) {
    const made = report.findings[i]
    expect(made?.title).toBe(section.title)
    if (made === undefined || 'from' in section || isOwn(declaration)) continue
    const rows = made.table?.rows ?? []
    if ('figures' in section) expect(rows).toEqual(plainFigures(section, parts))
    else if ('events' in section) expect(rows.map((row) => row.at(-1))).toEqual(plainList(section, parts))
    else {
      const groups = plainCounts(section, parts)
      const shown =
        made.table !== null
          ? rows.map((row) => [nameIn(row[0] ?? null, section.by, parts), row[1]] as const)
          : made.chart?.kind === 'time'
            ? made.chart.points.map(({ at, count }) => [nameIn(at, section.by, parts), count] as const)
            : (made.chart?.bars ?? []).map(({ label, count }) => [label, count] as const)
      for (const [name, count] of shown) expect([name, count]).toEqual([name, groups.get(name)?.length ?? 0])
      const named = new Set(shown.map(([name]) => name))
      const most = section.by.kind === 'field' ? section.top : Number.POSITIVE_INFINITY
      const least = Math.min(...shown.filter(([name]) => name !== '(none)').map(([, count]) => Number(count)))
      for (const [name, events] of groups)
        if (!named.has(name) && name !== '(none)') {
          expect(shown.length).toBeGreaterThanOrEqual(most)
          expect(events.length).toBeLessThanOrEqual(least)
        }
      expectColumns(rows, section, groups, made.table?.columns.map(({ title }) => title) ?? [], parts)
    }
  }
}

/** A search with the query that a finding names counts what the finding says, so a figure can lead to its events. */
async function expectEventsBehind(
  indexer: TestIndexer,
  { findings, period }: ReportPreviewShape,
  declaration: Declaration,
): Promise<void> {
  for (const [i, section] of declaration.findings.entries()) {
    const { table, events } = findings[i] ?? {}
    if ('from' in section || events === undefined) continue
    const rows = table?.rows ?? []
    const first = ofItsOwn(rows)
    const figure = 'figures' in section ? section.figures.findIndex((one) => one.query !== undefined) : -1
    const plain = 'figures' in section ? section.figures[figure] : undefined
    const [count, condition] =
      'figures' in section
        ? plain?.distinct === undefined && plain?.sum === undefined
          ? [rows[figure]?.[1], events.rows[figure]]
          : []
        : 'events' in section
          ? [rows.length + (table?.more ?? 0), '']
          : events.by === null || first === undefined || (table?.more ?? 0) > 0
            ? []
            : [first[1], `${events.by}: ${JSON.stringify(first[0])}`]
    if (count === undefined) continue
    const q = condition === '' ? events.query : `(${events.query}) and (${condition})`
    const { json, text } = await askAt(indexer.url, '/v1/aggregate', {
      json: { q, from: String(period.from), to: String(period.to) },
    })
    expect([section.title, json.count], text).toEqual([section.title, count])
  }
}

/** Searches do not tell upper case from lower case, counts by value do: a value that no other row has, either. */
const ofItsOwn = (rows: readonly (readonly unknown[])[]): readonly unknown[] | undefined => {
  const names = rows.map(([name]) => String(name).toLowerCase())
  return rows.find(
    (_, i) => names[i] !== '(none)' && names.indexOf(names[i] ?? '') === names.lastIndexOf(names[i] ?? ''),
  )
}

function expectColumns(
  rows: readonly (readonly (string | number | null)[])[],
  section: Extract<Declaration['findings'][number], { by: unknown }>,
  groups: ReadonlyMap<string, AuditEvent[]>,
  titles: readonly string[],
  parts: PlainParts,
): void {
  const { distinct, sums, last, across } = section
  const first = titles.length - distinct.length - sums.length - (last ? 1 : 0)
  for (const row of rows) {
    const events = groups.get(nameIn(row[0] ?? null, section.by, parts)) ?? []
    if (row[0] === '(none)') continue
    if (across !== undefined)
      for (let i = 2; i < first; i++)
        expect([titles[i], row[i]]).toEqual([
          titles[i],
          events.filter((event) => valuesOf(event, across).includes(titles[i] ?? '')).length,
        ])
    expect(row.slice(first)).toEqual([
      ...distinct.map((field) => distinctIn(events, field)),
      ...sums.map((field) => sumIn(events, field)),
      ...(last ? [Math.max(...events.map((event) => Date.parse(String(event['@timestamp']))))] : []),
    ])
  }
}

function nameIn(
  cell: string | number | null,
  by: { readonly kind: string; readonly unit?: string },
  { zone }: PlainParts,
): string {
  if (by.kind !== 'time' || typeof cell !== 'number') return String(cell)
  if (by.unit === 'hour') return new Date(cell).toISOString()
  return Temporal.Instant.fromEpochMilliseconds(cell).toZonedDateTimeISO(zone).toPlainDate().toString()
}

function expectRows({ rows }: ReportPreviewShape, declaration: Declaration, parts: PlainParts): void {
  if (declaration.rows === undefined || isOwn(declaration)) return
  const found = foundBy(parts, declaration.rows.query?.query)
  if (declaration.rows.order === 'newest') found.reverse()
  expect(rows?.count).toBe(found.length)
  expect(rows?.first.map((row) => row.at(-1))).toEqual(
    found.slice(0, 50).map((event) => valuesOf(event, 'event.id')[0]),
  )
}
