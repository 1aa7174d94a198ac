import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { type AuditEvent, declaredEventId } from '../../../../../schema/index.ts'
import { BY_INDEXER, type Query } from '../../../../query/index.ts'
import type { AggregateRequest, Split } from '../../../aggregate.ts'
import { Budget } from '../../../aggregate-bounds.ts'
import { batchOf, eventAt, INGESTED, temporaryFolders } from '../../../testing/batches.ts'
import { plainAggregate } from '../../../testing/plain-aggregate.ts'
import { everything } from '../../../testing/reference.ts'
import { openDatabase, partitionFile, partitionsOf } from '../../disk/index.ts'
import { openEmbeddedStore } from '../../index.ts'
import { newShared, PartitionView } from '../view.ts'
import { hitsOf } from './hits.ts'
import { aggregate } from './index.ts'

const HOUR = 3_600_000
const START = Date.UTC(2026, 9, 25)
const folders = temporaryFolders()
afterAll(() => folders.remove())

/** Four hours in which clocks in Berlin go back, with events at the edges of hours, some that came twice, and some of Waybill's own. */
const TIMES = [-1, 0, 1, 1_799_999, 1_800_000].flatMap((ms) =>
  [0, 1, 2, 3].map((hour) => START + hour * HOUR + ms),
)
const event = (n: number, round: number): AuditEvent =>
  eventAt(n, {
    '@timestamp': new Date(TIMES[(n * 7) % TIMES.length]!).toISOString(),
    audit: {
      category: n % 3 === 0 ? 'view' : 'change',
      entity: { type: n % 2 === 0 ? 'order' : 'customer' },
      // Fields that roll-ups leave out.
      change: { fields: [`field ${n % 50}`] },
    },
    event: {
      id:
        n % 40 === 0
          ? declaredEventId('default', 'erp', [String(n)])
          : (eventAt(n).event as { id: string }).id,
      kind: 'event',
      sequence: n,
      action: n % 5 === 0 ? 'export' : 'edit',
      ...(n % 11 > 0 && { outcome: (n % 7 === 0) === (round === 0) ? 'failure' : 'success' }),
      type: n % 4 === 0 ? ['change', 'creation'] : ['change'],
    },
    user: { name: ['jane', 'john', 'amir'][n % 3] },
  })
const BATCHES = 18
const EACH = 150
const batches = Array.from({ length: BATCHES }, (_, batch) => {
  const events = Array.from({ length: EACH }, (_, i) => event(batch * EACH + i, 0))
  // One comes again with another outcome, as a revision, or as it was.
  return batch === 0 ? events : [...events, event((batch - 1) * 40, 1)]
})

async function filled(path: string) {
  const store = await openEmbeddedStore({ path, searchable: { change: 100 * 86_400_000 } })
  let [sent, revisions] = [0, 0]
  for (const [i, events] of batches.entries()) {
    const ingested = INGESTED + (i % 2) * 40 * 86_400_000
    const agent = i % 4 === 0 ? 'indexer-key' : 'agent-1'
    const outcome = await store.write(batchOf(i + 1, events, { ingested, agent }))
    if (outcome.kind !== 'stored') throw new Error(JSON.stringify(outcome))
    revisions += outcome.result.revisions ?? 0
    sent += outcome.result.stored
    // Segments are merged meanwhile: what was counted of those that are gone is of no use.
    const { count, split } = await store.aggregate({
      query: { kind: 'all' },
      by: [{ kind: 'time', every: HOUR, zone: 'UTC' }],
    })
    expect(count).toBe(sent)
    expect(split?.buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(sent)
  }
  expect(revisions).toBeGreaterThan(10)
  return store
}

/** The partitions as a thread that counts has them. */
function opened(path: string) {
  const shared = newShared()
  const folder = join(path, 'partitions')
  const control = openDatabase(join(path, 'control.db'), { cache: 512, readOnly: true })
  const partitions = partitionsOf(control)
  control.close()
  const views = new Map(
    partitions.map((row) => {
      const file = join(folder, partitionFile(row.name, row.generation))
      return [
        row.name,
        new PartitionView(row, folder, openDatabase(file, { cache: 512, readOnly: true }), shared),
      ]
    }),
  )
  const context = {
    partitions,
    view: (name: string) => views.get(name)!,
    now: () => 0,
    demandWanted: () => {},
  }
  return { shared, views: [...views.values()], context }
}

const condition: fc.Arbitrary<Query> = fc.constantFrom<Query[]>(
  { kind: 'equals', field: 'event.outcome', value: 'failure' },
  { kind: 'equals', field: 'audit.category', value: 'view' },
  { kind: 'wildcard', field: 'event.action', parts: ['ex', ''] },
  { kind: 'exists', field: 'event.outcome' },
  { kind: 'equals', field: 'event.type', value: 'creation' },
  BY_INDEXER,
)
const query: fc.Arbitrary<Query> = fc.oneof(
  fc.constant<Query>({ kind: 'all' }),
  condition,
  condition.map((of): Query => ({ kind: 'not', of })),
  fc
    .tuple(fc.constantFrom('and' as const, 'or' as const), condition, condition)
    .map(([kind, a, b]): Query => ({ kind, of: [a, b] })),
)
const field = fc.constantFrom(
  'event.outcome',
  'audit.category',
  'event.action',
  'event.type',
  'audit.entity.type',
  'event.module',
)
const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns')
const split: fc.Arbitrary<Split> = fc.oneof(
  fc.record({ kind: fc.constant('values' as const), field, top: fc.constantFrom(1, 2, 1000) }),
  fc.record({
    kind: fc.constant('time' as const),
    every: fc.constantFrom('day' as const, 'month' as const, HOUR, 2 * HOUR, HOUR / 2),
    zone,
  }),
  fc.record({ kind: fc.constantFrom('hour-of-day' as const, 'day-of-week' as const), zone }),
)
const time = fc.constantFrom(...TIMES, START + 1.5, START + 2 * HOUR - 2)
const request: fc.Arbitrary<AggregateRequest> = fc.record(
  {
    query,
    from: time,
    to: time,
    by: fc.array(split, { maxLength: 2 }),
    distinct: fc.uniqueArray(field, { maxLength: 2 }),
  },
  { requiredKeys: ['query', 'by'] },
)

test('roll-ups answer as the plain reference does, with revisions, cut hours, time zones, merges and after an expiry', async () => {
  const path = folders.make()
  const store = await filled(path)
  const expireOne = async (): Promise<void> => {
    const { partitions } = await store.storage()
    const { name = '' } = partitions.find(({ open }) => !open) ?? {}
    expect(await store.expire(name, Number.MAX_SAFE_INTEGER)).toBe(true)
  }
  for (const prepare of [async () => {}, expireOne]) {
    await prepare()
    const stored = await everything(store, { query: { kind: 'all' }, order: 'newest', limit: 1000 })
    const { shared, views, context } = opened(path)
    let [byGroups, byDocuments] = [0, 0]
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const expected = plainAggregate(stored, asked)
        const { partial, ...found } = aggregate(asked, context)
        expect(partial).toBe(null)
        expect(found).toEqual(expected)
        const { partial: _, ...answered } = await store.aggregate(asked)
        expect(answered).toEqual(expected)
        const parts = hitsOf(asked, context, new Budget(1000, () => 0))
        if (parts.some(({ weights }) => weights !== null)) byGroups++
        if (parts.some(({ weights }) => weights === null)) byDocuments++
      }),
      { seed: 17, numRuns: 150 },
    )
    // Hours that are cut, and buckets shorter than an hour, are counted by documents.
    expect(byDocuments).toBeGreaterThan(20)
    expect(byGroups).toBeGreaterThan(20)
    expect(shared.rolled).toBeGreaterThan(0)
    for (const view of views) view.close()
    expect(shared.rolled).toBe(0)
  }
  await store.close()
}, 600_000)

test('a question about what roll-ups leave out is answered from the documents', async () => {
  const path = folders.make()
  const store = await filled(path)
  await store.close()
  const { views, context } = opened(path)
  const hits = (asked: Partial<AggregateRequest>) =>
    hitsOf({ query: { kind: 'all' }, by: [], ...asked }, context, new Budget(1000, () => 0))
  expect(hits({}).some(({ weights }) => weights !== null)).toBe(true)
  for (const asked of [
    { latest: true },
    { sums: ['event.duration'] },
    { by: [{ kind: 'values', field: 'audit.change.fields', top: 5 }] },
    { by: [{ kind: 'values', field: 'user.name', top: 5 }] },
    { distinct: ['user.name'] },
    { query: { kind: 'equals', field: 'user.name', value: 'jane' } },
    { query: { kind: 'equals', field: 'audit.seal.agent', value: 'agent-1' } },
    { query: { kind: 'range', field: '@timestamp', gte: START } },
  ] satisfies Partial<AggregateRequest>[])
    expect(hits(asked).filter(({ weights }) => weights !== null)).toEqual([])
  for (const view of views) view.close()
}, 600_000)

test('the users of a whole segment are counted once', async () => {
  const path = folders.make()
  const store = await filled(path)
  const stored = await everything(store, { query: { kind: 'all' }, order: 'newest', limit: 1000 })
  await store.close()
  const { shared, views, context } = opened(path)
  const asked: AggregateRequest = {
    query: { kind: 'all' },
    by: [{ kind: 'values', field: 'user.name', top: 5 }],
  }
  for (let times = 0; times < 3; times++) {
    expect(aggregate(asked, context)).toEqual({ ...plainAggregate(stored, asked), partial: null })
    const some = { ...asked, from: START + HOUR, to: START + 2 * HOUR }
    expect(aggregate(some, context)).toEqual({ ...plainAggregate(stored, some), partial: null })
  }
  expect(shared.rolled).toBeGreaterThan(0)
  const tallies = views.flatMap((view) => view.segments().map(({ id }) => view.tally(id, 'user.name')))
  expect(tallies.some((tally) => tally !== undefined)).toBe(true)
  for (const view of views) view.close()
}, 600_000)
