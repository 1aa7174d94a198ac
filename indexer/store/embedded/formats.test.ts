import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { type AuditEvent, sealedPart, valueAt } from '../../../schema/index.ts'
import { openEmbeddedStore, type Store } from '../index.ts'
import { batchOf, eventAt, INGESTED, temporaryFolders } from '../testing/batches.ts'
import { plainAggregate } from '../testing/plain-aggregate.ts'
import { aRequest, everything, expected, filled, idOf, randomEvents } from '../testing/reference.ts'
import { unpackFolder } from './testing/packed-folder.ts'

const FULL = process.env.WAYBILL_FULL !== undefined
const folders = temporaryFolders()
const stores: Store[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
  folders.remove()
})

async function open(path: string, options: object = {}): Promise<Store> {
  const store = await openEmbeddedStore({ path, pageTime: 60_000, idle: 10, ...options })
  stores.push(store)
  return store
}

const STORES = join(import.meta.dirname, 'testing/stores')

/** A store as an earlier version left it, and all its events as that version read them. */
function earlier(name: string): { path: string; events: AuditEvent[] } {
  const path = folders.make()
  unpackFolder(join(STORES, `${name}.zst`), path)
  const events = zstdDecompressSync(readFileSync(join(path, 'expected.zst'))).toString('utf8')
  return { path, events: JSON.parse(events) as AuditEvent[] }
}

/** Checks that a store answers like the plain reference over these events. */
async function expectAnswers(store: Store, events: readonly AuditEvent[]): Promise<void> {
  const all = await everything(store, { query: { kind: 'all' }, order: 'oldest', limit: 1000 })
  expect(all.map(idOf)).toEqual(
    expected(events, { query: { kind: 'all' }, order: 'oldest', limit: 1 }).map(idOf),
  )
  const byId = new Map(events.map((event) => [idOf(event), event]))
  for (const event of all) expect(event).toEqual(byId.get(idOf(event)))
  for (const event of events.filter((_, i) => i % 17 === 0))
    expect(await store.get(idOf(event))).toEqual(event)
  await fc.assert(
    fc.asyncProperty(aRequest, async (asked) => {
      const found = await everything(store, { ...asked, limit: Math.max(asked.limit, 7) })
      expect(found.map(idOf)).toEqual(expected(events, asked).map(idOf))
      const by = [
        { kind: 'values', field: 'user.name', top: 1000 },
        { kind: 'values', field: 'event.action', top: 1000 },
      ] as const
      for (const split of by) {
        const request = { query: asked.query, by: [split], distinct: ['source.ip'], sums: ['event.duration'] }
        expect(await store.aggregate(request)).toEqual({ ...plainAggregate(events, request), partial: null })
      }
    }),
    { seed: 5, numRuns: FULL ? 100 : 12 },
  )
}

/** Fields by which an event that has them is not found. */
async function lost(store: Store, events: readonly AuditEvent[]): Promise<string[]> {
  const missing: string[] = []
  for (const field of [
    'event.duration',
    'source.ip',
    'user.name',
    'event.action',
    'host.name',
    'audit.changes',
  ]) {
    const query = { kind: 'exists', field } as const
    const found = await everything(store, { query, order: 'oldest', limit: 1000 })
    if (found.length !== expected(events, { query, order: 'oldest', limit: 1 }).length) missing.push(field)
  }
  return missing
}

const databases = (path: string): string[] =>
  readdirSync(join(path, 'partitions')).filter((file) => file.endsWith('.db'))

/** Waits until each partition to which nothing comes any more is packed: there is a later one of its category. */
async function packed(path: string): Promise<void> {
  const names = [...new Set(databases(path).map((file) => file.slice(0, file.indexOf('.'))))].sort()
  const category = (name: string | undefined): string | undefined => name?.split('-', 1)[0]
  const quiet = names.filter((name, i) => category(name) === category(names[i + 1]))
  expect(quiet.length).toBeGreaterThan(0)
  await vi.waitFor(
    () => expect(databases(path).filter((file) => quiet.includes(file.slice(0, -'.db'.length)))).toEqual([]),
    { timeout: 60_000, interval: 50 },
  )
}

/**
 * `layout-4` to `layout-6` were written by the last versions with these layouts. `permuted` was written with the fields of the schema and
 * of the facets in the opposite order, without an index of `event.duration`, and without a column of `source.ip`: as by a version with
 * another schema.
 */
describe.each(['layout-4', 'layout-5', 'layout-6', 'permuted'])('a store of %s', (name) => {
  test('answers as before, is written to, and comes to rest without another answer', async () => {
    const { path, events } = earlier(name)
    const store = await open(path, { idle: 600_000 })
    await expectAnswers(store, events)
    expect(await lost(store, events)).toEqual([])
    expect((await store.deadLetters.list({ limit: 10 })).total).toBe(2)
    expect(await store.records.get('note', 'one')).toMatchObject({ value: { text: 'kept' } })
    const late = [eventAt(900_001), eventAt(900_002, { audit: { category: 'security' } })]
    await store.write(batchOf(3000, late, { ingested: INGESTED + 500 * 86_400_000 }))
    const after = await everything(store, { query: { kind: 'all' }, order: 'oldest', limit: 1000 })
    expect(after).toHaveLength(events.length + late.length)
    await store.close()

    const again = await open(path)
    await packed(path)
    await expectAnswers(again, after)
    await again.close()
    await expectAnswers(await open(path, { idle: 600_000 }), after)
  }, 240_000)
})

describe('a partition that comes to rest', () => {
  const filledStore = async (): Promise<{ path: string; store: Store; events: AuditEvent[] }> => {
    const path = folders.make()
    const store = await open(path, { idle: 600_000 })
    const events = await filled(store, randomEvents(160, 3))
    return { path, store, events }
  }

  test('keeps every answer, every sealed line, and the places that followers have reached', async () => {
    const { path, store, events } = await filledStore()
    const half = await store.arrivals({ query: { kind: 'all' }, after: null, limit: 60 })
    await store.close()
    const again = await open(path)
    await packed(path)
    await expectAnswers(again, events)
    const seen = half.events.map(idOf)
    let { next } = half
    for (let pages = 0; pages < 100; pages++) {
      const page = await again.arrivals({ query: { kind: 'all' }, limit: 60, after: next })
      seen.push(...page.events.map(idOf))
      next = page.next
      if (page.events.length === 0) break
    }
    expect(seen.toSorted()).toEqual(events.map(idOf).toSorted())
    // A repeated event is recognised, whether its line is packed or not.
    const first = events.find((event) => valueAt(event, 'audit.revision_of') === undefined)!
    const outcome = await again.write(batchOf(9000, [sealedPart(first)]))
    expect(outcome).toMatchObject({ result: { stored: 0, duplicate: 1 } })
  }, 240_000)

  test('is what it was where packing was cut off, and what was half made goes', async () => {
    const { path, store, events } = await filledStore()
    await store.close()
    const [first = ''] = databases(path)
    const half = first.replace(/\.db$/, '.1.db')
    writeFileSync(join(path, 'partitions', half), 'half a database')
    const again = await open(path, { idle: 600_000 })
    expect(databases(path)).not.toContain(half)
    await expectAnswers(again, events)
  }, 120_000)

  test('holds by its next generation from the moment that the list says so, whatever lies beside it', async () => {
    const { path, store, events } = await filledStore()
    await store.close()
    const packing = await open(path)
    const isPut = (file: string): boolean =>
      file.endsWith('.1.db') && !databases(path).includes(file.replace('.1.db', '.db'))
    await vi.waitFor(() => expect(databases(path).some(isPut)).toBe(true), { timeout: 60_000, interval: 50 })
    await packing.close()
    const made = databases(path).find(isPut) ?? ''
    // The one before was not removed in time.
    writeFileSync(join(path, 'partitions', made.replace('.1.db', '.db')), 'what it was before')
    const again = await open(path, { idle: 600_000 })
    expect(databases(path)).not.toContain(made.replace('.1.db', '.db'))
    await expectAnswers(again, events)
  }, 120_000)
})

test('a partition of a newer format is refused with a sentence, and left as it is', async () => {
  const path = folders.make()
  const store = await open(path)
  await store.write(batchOf(1, [eventAt(1)]))
  await store.close()
  const [file = ''] = databases(path)
  const database = new DatabaseSync(join(path, 'partitions', file))
  database.exec('PRAGMA user_version = 99')
  database.close()
  await expect(open(path)).rejects.toThrow(/has format 99, .* open the store with the version that wrote it/)
})

test('nothing of a write-ahead log is left when a store was closed', async () => {
  const path = folders.make()
  const store = await open(path)
  await store.write(batchOf(1, [eventAt(1), eventAt(2, { audit: { category: 'security' } })]))
  await store.search({ query: { kind: 'all' }, order: 'newest', limit: 5 })
  await store.aggregate({ query: { kind: 'all' }, by: [] })
  await store.close()
  const left = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /-(wal|shm)$/.test(name),
  )
  expect(left).toEqual([])
})
