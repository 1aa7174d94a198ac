import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import type { AuditEvent } from '../../schema/index.ts'
import { createMetrics } from '../api/index.ts'
import { openEnrichment } from '../enrich/index.ts'
import { type Ingest, openIngest, SecretBox } from '../ingest/index.ts'
import type { Query } from '../query/index.ts'
import { openEmbeddedStore, type Store } from '../store/index.ts'
import { batchOf, eventAt, temporaryFolders } from '../store/testing/batches.ts'
import { everything } from '../store/testing/reference.ts'
import { Holds } from './holds.ts'
import { type Lifecycle, openLifecycle } from './lifecycle.ts'
import type { Archive } from './standing.ts'
import { type RetentionTable, searchableOf, USUAL_TABLE } from './table.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)
const TABLE: RetentionTable = {
  ...USUAL_TABLE,
  view: { searchable: 10 * DAY, archive: null, warm: null, cold: null },
  change: { searchable: 10 * DAY, archive: 30 * DAY, warm: null, cold: null },
}

const folders = temporaryFolders()
let running: { close(): Promise<void> } | null = null
afterEach(async () => {
  await running?.close()
  running = null
  folders.remove()
})

interface Indexer {
  readonly store: Store
  readonly lifecycle: Lifecycle
  readonly holds: Holds
  readonly ingest: Ingest
  close(): Promise<void>
}

/** A store with some methods replaced. */
const otherwise = (store: Store, own: Partial<Store>): Store =>
  new Proxy(store, {
    get(target, member) {
      const value: unknown = Reflect.get(own, member) ?? Reflect.get(target, member)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

/** The parts of an indexer that retention is on, on real files, with a clock of its own. */
async function start(
  path: string,
  clock: () => number,
  options: { table?: RetentionTable; archive?: Archive; troubled?: (store: Store) => Store } = {},
): Promise<Indexer> {
  const log = pino({ level: 'silent' })
  const table = options.table ?? TABLE
  const real = await openEmbeddedStore({ path, now: clock, searchable: searchableOf(table) })
  const store = options.troubled?.(real) ?? real
  const enrichment = await openEnrichment({ 'user-agent': false, related: false }, { log })
  const ingest = await openIngest({
    box: new SecretBox(Buffer.alloc(32), randomBytes),
    store: real,
    records: real.records,
    enrichment,
    folder: join(path, 'own'),
    namespace: 'default',
    workers: 1,
    quota: () => ({ events: 1e6, bytes: 1e9, newValues: 1e6 }),
    shared: () => [],
    certificateLifetime: () => 86_400_000,
    limits: { inFlight: 256 * 1024 * 1024, idleTimeout: 10_000 },
    meter: createMetrics().meter,
    log,
    clock,
    silentAfter: () => 300_000,
    lasting: clock,
    random: randomBytes,
  })
  const archive = options.archive ?? null
  const holds = new Holds({ store: real, trail: ingest.trail, clock, random: randomBytes })
  const lifecycle = await openLifecycle({
    store,
    trail: ingest.trail,
    table,
    archive,
    holds,
    log,
    clock,
  })
  const indexer: Indexer = {
    store: real,
    lifecycle,
    holds,
    ingest,
    async close() {
      running = null
      await lifecycle.close()
      await ingest.close()
      enrichment.close()
      await real.close()
    },
  }
  running = indexer
  return indexer
}

const inCategory = (offset: number, category: string): AuditEvent => eventAt(offset, { audit: { category } })

function acts(store: Store, action: string): Promise<AuditEvent[]> {
  const query: Query = { kind: 'equals', field: 'event.action', value: action }
  return everything(store, { query, order: 'oldest', limit: 100 })
}

const standingsOf = async ({ lifecycle }: Indexer): Promise<Record<string, [number, number]>> =>
  Object.fromEntries(
    (await lifecycle.report()).categories
      .filter(({ category }) => category !== 'system')
      .filter(({ events }) => events > 0)
      .map(({ category, events, notArchived }) => [category, [events, notArchived.length]]),
  )

it('events expire when the last of their partition has had its time, each partition with one event of the trail', async () => {
  let now = START
  const indexer = await start(folders.make(), () => now)
  await indexer.store.write(batchOf(1, [inCategory(0, 'view'), inCategory(1, 'view')], { ingested: now }))
  now = START + DAY - 1
  await indexer.store.write(batchOf(2, [inCategory(2, 'view')], { ingested: now }))
  now = START + DAY
  await indexer.store.write(batchOf(3, [inCategory(3, 'view')], { ingested: now }))

  now = START + 11 * DAY - 1
  expect(await indexer.lifecycle.round()).toEqual([])
  expect(await standingsOf(indexer)).toEqual({ view: [4, 0] })
  now = START + 11 * DAY
  expect(await indexer.lifecycle.round()).toEqual(['view-2026-01-01'])
  expect(await indexer.lifecycle.round()).toEqual([])
  expect(await standingsOf(indexer)).toEqual({ view: [1, 0] })
  const told = await acts(indexer.store, 'retention-expire')
  expect(told).toMatchObject([
    {
      message:
        'Partition view-2026-01-01 expired: 3 view events that were received from 2026-01-01T00:00:00.000Z to 2026-01-01T23:59:59.999Z have been searchable for 10d, and are removed; the category has no archive.',
      event: { outcome: 'success', module: 'waybill' },
      user: { name: 'retention' },
      audit: { category: 'system', entity: { type: 'partition', id: 'view-2026-01-01' }, record_count: 3 },
    },
  ])
})

it('what has an archive time stays until it is in the archive, and the report says so', async () => {
  const path = folders.make()
  let now = START
  const without = await start(path, () => now)
  await without.store.write(batchOf(1, [inCategory(0, 'change')], { ingested: now }))
  now = START + 100 * DAY
  expect(await without.lifecycle.round()).toEqual([])
  const { categories } = await without.lifecycle.report()
  const change = categories.find(({ category }) => category === 'change')
  expect(change).toMatchObject({
    expected: null,
    notArchived: [{ name: 'change-2026-01-01', events: 1, since: START + 10 * DAY }],
  })
  await without.close()

  const archived = new Set<string>()
  const archive: Archive = {
    deletesAfter: true,
    use: async () => null,
    round: async () => [],
    holds: async ({ name }) => archived.has(name),
    confirm: async () => {},
  }
  const withOne = await start(path, () => now, { archive })
  expect(await withOne.lifecycle.round()).toEqual([])
  archived.add('change-2026-01-01')
  expect(await withOne.lifecycle.round()).toEqual(['change-2026-01-01'])
  expect(await acts(withOne.store, 'retention-expire')).toHaveLength(1)
})

it('a legal hold keeps each partition with an event that its query finds, until it ends, with events of the trail', async () => {
  let now = START
  const indexer = await start(folders.make(), () => now)
  await indexer.store.write(batchOf(1, [inCategory(0, 'view'), inCategory(1, 'view')], { ingested: now }))
  now = START + DAY
  await indexer.store.write(batchOf(2, [inCategory(10, 'view')], { ingested: now }))
  const asked = { query: 'message: "number 1"', case: 'Doe v. Roe' }
  const hold = await indexer.holds.add({ ...asked, until: START + 40 * DAY }, { name: 'anna' })
  await indexer.holds.change(hold.id, START + 50 * DAY, { name: 'anna' })
  now = START + 30 * DAY
  expect(await indexer.lifecycle.round()).toEqual(['view-2026-01-02'])
  now = START + 50 * DAY - 1
  expect(await indexer.lifecycle.round()).toEqual([])
  now = START + 50 * DAY
  expect(await indexer.lifecycle.round()).toEqual(['view-2026-01-01'])
  const other = await indexer.holds.add({ ...asked, until: null }, { name: 'anna' })
  await indexer.holds.end(other.id, { name: 'bert' })
  await expect(indexer.holds.end(other.id, { name: 'bert' })).rejects.toThrow('no hold')
  expect(await indexer.holds.active()).toEqual([])
  for (const [action, name] of [
    ['hold-add', 'anna'],
    ['hold-change', 'anna'],
    ['hold-end', 'bert'],
  ] as const)
    expect((await acts(indexer.store, action))[0]).toMatchObject({
      user: { name },
      audit: { category: 'security', entity: { type: 'legal-hold', name: 'Doe v. Roe' } },
    })
})

it('an archive that can not be read back keeps the partition in the store', async () => {
  let now = START
  let wrong: Error | null = new Error('it was changed')
  const archive: Archive = {
    deletesAfter: true,
    use: async () => null,
    round: async () => [],
    holds: async () => true,
    confirm: async () => {
      if (wrong !== null) throw wrong
    },
  }
  const indexer = await start(folders.make(), () => now, { archive })
  await indexer.store.write(batchOf(1, [inCategory(0, 'change')], { ingested: now }))
  now = START + 12 * DAY
  expect(await indexer.lifecycle.round()).toEqual([])
  wrong = null
  expect(await indexer.lifecycle.round()).toEqual(['change-2026-01-01'])
})

it('with delete-after: false, what is in the archive stays in the store, too', async () => {
  let now = START
  const archive: Archive = {
    deletesAfter: false,
    use: async () => null,
    round: async () => [],
    holds: async () => true,
    confirm: async () => {},
  }
  const indexer = await start(folders.make(), () => now, { archive })
  await indexer.store.write(batchOf(1, [inCategory(0, 'change'), inCategory(1, 'view')], { ingested: now }))
  now = START + 100 * DAY
  expect(await indexer.lifecycle.round()).toEqual(['view-2026-01-01'])
})

it('an indexer that dies before or after it removes a partition finishes that when it is back, and tells of it once', async () => {
  class Killed extends Error {}
  function dying(store: Store, when: 'before' | 'after'): Store {
    return otherwise(store, {
      async expire(name, before) {
        if (when === 'after') await store.expire(name, before)
        throw new Killed()
      },
    })
  }
  for (const when of ['before', 'after'] as const) {
    const troubled = (store: Store): Store => dying(store, when)
    const path = folders.make()
    let now = START
    const first = await start(path, () => now, { troubled })
    await first.store.write(batchOf(1, [inCategory(0, 'view')], { ingested: now }))
    now = START + 12 * DAY
    await expect(first.lifecycle.round()).rejects.toBeInstanceOf(Killed)
    await first.close()

    now += 11 * 60_000
    const second = await start(path, () => now)
    await second.lifecycle.round()
    expect(await standingsOf(second)).toEqual({})
    expect(await acts(second.store, 'retention-expire')).toHaveLength(1)
    expect(await second.store.records.list('expiry')).toEqual([])
    await second.close()
  }
})

it('an intent without an event is told of when it is finished', async () => {
  const path = folders.make()
  let now = START
  const indexer = await start(path, () => now)
  await indexer.store.write(batchOf(1, [inCategory(0, 'view')], { ingested: now }))
  now = START + 12 * DAY
  const intent = { run: 'another', at: now, before: now - 10 * DAY, category: 'view', events: 1, bytes: 1 }
  const whole = { ...intent, first: START, last: START, searchable: 10 * DAY, archived: false }
  await indexer.store.records.put('expiry', 'view-2026-01-01', whole, null)
  // Another indexer may be at it right now.
  expect(await indexer.lifecycle.round()).toEqual([])
  expect(await standingsOf(indexer)).toEqual({ view: [1, 0] })
  now += 10 * 60_000
  await indexer.lifecycle.round()
  expect(await standingsOf(indexer)).toEqual({})
  expect(await acts(indexer.store, 'retention-expire')).toHaveLength(1)
})

it('another table is an event of the trail, also when the file was changed while no indexer ran', async () => {
  const path = folders.make()
  const first = await start(path, () => START)
  expect(await acts(first.store, 'retention-change')).toEqual([])
  const shorter = { ...TABLE, view: { ...TABLE.view, searchable: DAY } }
  await first.lifecycle.change(shorter)
  await first.lifecycle.change(shorter)
  await first.close()
  const second = await start(path, () => START, { table: TABLE })
  expect(await acts(second.store, 'retention-change')).toMatchObject([
    {
      event: { outcome: 'success' },
      user: { name: 'operator' },
      audit: {
        category: 'security',
        changes: [{ field: 'view', old: 'searchable 10d, archive none', new: 'searchable 1d, archive none' }],
      },
    },
    { audit: { changes: [{ old: 'searchable 1d, archive none', new: 'searchable 10d, archive none' }] } },
  ])
})

it('logs and records once what outside of Waybill will delete events earlier, and keeps it as a warning until it is mended', async () => {
  let now = START
  let found = ['The policy x deletes events 30d after their index was rolled over.']
  const troubled = (store: Store): Store => otherwise(store, { keepFor: async () => found })
  const indexer = await start(folders.make(), () => now, { troubled })
  const recorded = async (): Promise<unknown[]> =>
    (await acts(indexer.store, 'retention-shorter')).map(({ message }) => message)
  expect(indexer.lifecycle.warnings).toEqual(found)
  now += 60_000
  await indexer.lifecycle.round()
  expect(await recorded()).toEqual(found)
  found = []
  await indexer.lifecycle.round()
  expect(indexer.lifecycle.warnings).toEqual([])
})
