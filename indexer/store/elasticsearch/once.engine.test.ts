import { afterEach, expect, test } from 'vitest'
import type { Store, StoreBatch, WriteOutcome } from '../port.ts'
import { batchOf, eventAt, idAt } from '../testing/batches.ts'
import { TestCluster } from './testing/engine.ts'
import { Way } from './testing/way.ts'

/** Each event is stored once, whatever is tried again and wherever the alias leads in the meantime. */
const cluster = new TestCluster()
const stores: Store[] = []
const ways: Way[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  for (const way of ways.splice(0)) await way.close()
  await cluster.remove()
})

async function openWay(): Promise<Way> {
  const way = await Way.open()
  ways.push(way)
  return way
}

async function open(namespace: string, options: object = {}): Promise<Store> {
  const store = await cluster.open(namespace, options)
  stores.push(store)
  return store
}

const batch = (sequence: number, from: number, count: number): StoreBatch =>
  batchOf(
    sequence,
    Array.from({ length: count }, (_, i) => eventAt(from + i)),
  )

/** How many documents each index of changes has, in all. */
async function documents(namespace: string): Promise<number[]> {
  await cluster.settled()
  const { indices } = await cluster.client.indices.stats({ index: `waybill-change-${namespace}-*` })
  return Object.keys(indices ?? {})
    .sort()
    .map((index) => indices?.[index]?.primaries?.docs?.count ?? 0)
}

const counts = (outcome: WriteOutcome): object =>
  outcome.kind === 'stored'
    ? { stored: outcome.result.stored, duplicate: outcome.result.duplicate, dead: outcome.result.dead }
    : outcome

const ALL_NEW = { stored: 400, duplicate: 0, dead: 0 }

test('a retry after a lost answer goes where the first attempt went, though the alias was rolled over between', async () => {
  const namespace = await cluster.make()
  const way = await openWay()
  const lossy = await open(namespace, { nodes: [way.node], patience: 0 })
  way.loseNextBulkAnswer()
  await expect(lossy.write(batch(1, 0, 400))).rejects.toThrow('Elasticsearch does not answer correctly')
  await cluster.rollOver(namespace, 'change')
  const other = await open(namespace)
  expect(counts(await other.write(batch(1, 0, 400)))).toEqual(ALL_NEW)
  expect(await documents(namespace)).toEqual([400, 0])
  expect(await lossy.write(batch(1, 0, 400))).toMatchObject({ again: true, result: { stored: 400 } })
})

test('a first request that is still on its way when the retry comes finds everything there', async () => {
  const namespace = await cluster.make()
  const way = await openWay()
  const slow = await open(namespace, { nodes: [way.node] })
  const held = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  way.meets = async (asked, pass) => {
    if (asked.url?.startsWith('/_bulk')) {
      reached.resolve()
      await held.promise
    }
    await pass()
  }
  const first = slow.write(batch(1, 0, 400))
  await reached.promise
  await cluster.rollOver(namespace, 'change')
  const quick = await open(namespace)
  expect(counts(await quick.write(batch(1, 0, 400)))).toEqual(ALL_NEW)
  held.resolve()
  expect(counts(await first)).toEqual(ALL_NEW)
  expect(await documents(namespace)).toEqual([400, 0])
})

test('two indexers that write the same waybills at once, with rollovers among them, store each event once', async () => {
  const namespace = await cluster.make()
  const [one, two] = [await open(namespace), await open(namespace)]
  const batches = Array.from({ length: 10 }, (_, i) => batch(i + 1, i * 400, 400))
  const writing = batches.flatMap((each) => [one.write(each), two.write(each)])
  const rolling = (async () => {
    for (let i = 0; i < 3; i++) await cluster.rollOver(namespace, 'change')
  })()
  for (const outcome of await Promise.all(writing)) expect(counts(outcome)).toEqual(ALL_NEW)
  await rolling
  expect((await documents(namespace)).reduce((all, one) => all + one, 0)).toBe(4000)
})

test('an event is known in an index that the alias has left', async () => {
  const namespace = await cluster.make()
  const store = await open(namespace, { now: clock() })
  await store.write(batch(1, 0, 10))
  await cluster.rollOver(namespace, 'change')
  later(10_000)
  expect(counts(await store.write(batch(2, 5, 10)))).toEqual({ stored: 5, duplicate: 5, dead: 0 })
  expect(await documents(namespace)).toEqual([10, 5])
  const changed = batchOf(3, [eventAt(3, { message: 'other' })])
  expect(await store.write(changed)).toMatchObject({ result: { dead: 1, collisions: 1 } })
})

test('a pinned index that is closed to writing is left when no request can be running, and only what is missing is written', async () => {
  const namespace = await cluster.make()
  const way = await openWay()
  const store = await open(namespace, { nodes: [way.node], patience: 0, waitOut: 60_000, now: clock() })
  way.loseNextBulkAnswer()
  // Half of the waybill's events are there already, in the index that it is pinned to.
  await expect(store.write(batch(1, 0, 400))).rejects.toThrow()
  const index = `waybill-change-${namespace}-000001`
  const lost = Array.from({ length: 200 }, (_, i) => ({ delete: { _index: index, _id: idAt(200 + i) } }))
  await cluster.client.bulk({ operations: lost })
  await cluster.rollOver(namespace, 'change')
  await cluster.client.indices.addBlock({ index, block: 'write' })
  await expect(store.write(batch(1, 0, 400))).rejects.toThrow(/now refuses writes; it continues .* in 60 s/)
  later(30_000)
  await expect(store.write(batch(1, 0, 400))).rejects.toThrow('in 30 s')
  later(30_000)
  expect(counts(await store.write(batch(1, 0, 400)))).toEqual(ALL_NEW)
  expect(await documents(namespace)).toEqual([200, 200])
  expect(await store.get(idAt(399))).not.toBeNull()
})

let time = Date.UTC(2026, 10, 2)
const clock = (): (() => number) => () => time
const later = (ms: number): void => {
  time += ms
}
