import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { examine, framingFor, INTEGRATIONS, loadIntegration } from '../agent/normalise/index.ts'
import { Scenario } from '../demo/generator/index.ts'
import { parseQuery } from '../indexer/query/index.ts'
import { openEmbeddedStore, type Store } from '../indexer/store/index.ts'
import { batchOf, INGESTED, temporaryFolders } from '../indexer/store/testing/batches.ts'
import { everything } from '../indexer/store/testing/reference.ts'
import type { AuditEvent } from '../schema/index.ts'

/** One system's entries as JSON and as rows of an export, read by the agent's pipelines and stored: each entry is there once. */

type Row = Readonly<Record<string, unknown>>

const NOW = Date.UTC(2026, 2, 13)
const folders = temporaryFolders()
const stores: Store[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  folders.remove()
})

const known = new Map<string, AuditEvent[]>()

/** What records become. The same text is asked for in several orders, and read once. */
async function read(name: string, text: string): Promise<AuditEvent[]> {
  const before = known.get(`${name}\n${text}`)
  if (before !== undefined) return before
  const integration = await loadIntegration(name)
  const options = { framing: framingFor(integration), path: '/x', timeZone: 'UTC', host: 'web-1', now: NOW }
  const events = examine(integration, Buffer.from(text), options).flatMap(({ event }) =>
    event === null ? [] : [event],
  )
  known.set(`${name}\n${text}`, events)
  return events
}

const backlog = [...new Scenario(7).backlog(new Date(NOW - 3_600_000), 1_200)]
const demo = (system: string): Row[] => backlog.flatMap((one) => (one.system === system ? [one.row] : []))

const sample = (name: string, file: string): Row[] =>
  readFileSync(join(INTEGRATIONS, name, 'samples', file), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Row)

const jsonl = (rows: readonly Row[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return `"${text.replaceAll('"', '""')}"`
}

/** Rows under captions; what a cell says of its member. */
function csv(
  rows: readonly Row[],
  columns: readonly (readonly [caption: string, of: (row: Row) => unknown])[],
): string {
  const lines = [
    columns.map(([caption]) => cell(caption)),
    ...rows.map((row) => columns.map(([, of]) => cell(of(row)))),
  ]
  return lines.map((line) => `${line.join(',')}\n`).join('')
}

/** A column a member, as a program writes an export. */
const asItIs = (rows: readonly Row[]): string =>
  csv(
    rows,
    [...new Set(rows.flatMap((row) => Object.keys(row)))].map((member) => [member, (row) => row[member]]),
  )

interface Change {
  readonly field: string
  readonly previous_value: string | null
  readonly new_value: string | null
}

/** The ERP's export: the captions of its screens, times and changes as people read them, and fewer columns than its API has. */
const asErpExport = (rows: readonly Row[]): string =>
  csv(rows, [
    ['Event ID', (row) => row.event_id],
    ['Timestamp', (row) => screenTime(String(row.timestamp))],
    ['Type', (row) => row.type],
    ['Event', (row) => row.event],
    ['User', (row) => (row.email === undefined ? row.user : `${row.user} (${row.email})`)],
    ['Role', (row) => row.role],
    ['IP Address', (row) => row.ip_address],
    ['Device', (row) => row.device],
    ['Action', (row) => row.action],
    ['Entity', (row) => row.entity],
    ['Record ID', (row) => row.record_id],
    ['Record Name', (row) => row.record_name],
    ['Result', (row) => row.result],
    [
      'Changes',
      (row) =>
        (row.changes as readonly Change[] | undefined)
          ?.filter(({ previous_value, new_value }) => previous_value !== null && new_value !== null)
          .map(({ field, previous_value, new_value }) => `${field}: ${previous_value} -> ${new_value}`)
          .join('; '),
    ],
  ])

const screenTime = (iso: string): string => {
  const date = new Date(iso)
  const day = date.toLocaleDateString('en-US', {
    timeZone: 'UTC',
    year: 'numeric',
    month: 'long',
    day: 'numeric',
  })
  const clock = date.toLocaleTimeString('en-US', {
    timeZone: 'UTC',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  return `${day} ${clock.replace('\u202f', ' ')} UTC`
}

/** Strapi's table: the id of the user, not its name. */
const asStrapiTable = (rows: readonly Row[]): string =>
  csv(rows, [
    ['id', (row) => row.id],
    ['action', (row) => row.action],
    ['date', (row) => String(row.date).replace('T', ' ').replace('Z', '')],
    ['payload', (row) => row.payload],
    ['user_id', (row) => (row.user as { id?: unknown } | null)?.id],
  ])

describe.each<[string, string, readonly Row[], (rows: readonly Row[]) => string]>([
  ['erp', 'column by column', [...sample('erp', 'api.jsonl'), ...demo('erp')], asItIs],
  ['erp', 'by the captions of its screens', [...sample('erp', 'api.jsonl'), ...demo('erp')], asErpExport],
  ['strapi', 'column by column', [...sample('strapi', 'audit.jsonl'), ...demo('strapi')], asItIs],
  ['strapi', 'as its table', [...sample('strapi', 'audit.jsonl'), ...demo('strapi')], asStrapiTable],
  ['connexcs', 'column by column', demo('connexcs'), asItIs],
  ['creatio', 'column by column', demo('creatio'), asItIs],
])('%s, %s', (name, _, rows, written) => {
  it.each([
    ['JSON, then rows', false],
    ['rows, then JSON', true],
  ])('%s: no entry is taken for a revision', async (_, rowsFirst) => {
    const forms = [await read(name, jsonl(rows)), await read(name, written(rows))]
    if (rowsFirst) forms.reverse()
    const [first, second] = forms
    expect(rows.length).toBeGreaterThan(10)
    const store = await openEmbeddedStore({ path: folders.make() })
    stores.push(store)
    for (const [i, events] of [first!, second!].entries()) await store.write(batchOf(i + 1, events))
    const query = parseQuery('audit.revision_of: *', { now: INGESTED })
    const revisions = await everything(store, { query, order: 'oldest', limit: 100 })
    expect(revisions.map((event) => event.audit)).toEqual([])
    expect((await store.status()).events).toBe(rows.length)
  })
})
