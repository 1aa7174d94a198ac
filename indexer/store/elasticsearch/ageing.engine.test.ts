import { afterEach, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { AGENT, batchOf, eventAt } from '../testing/batches.ts'
import { TestCluster } from './testing/engine.ts'

/** Rollover and expiry by index, on a real cluster. */
const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)
const cluster = new TestCluster()
let store: Store
afterEach(async () => {
  await store.close()
  await cluster.remove()
})

test('an index expires as a whole when nothing in it is younger, and leaves its waybills', async () => {
  const namespace = await cluster.make()
  store = await cluster.open(namespace)
  await store.write(batchOf(1, [eventAt(0), eventAt(10)], { ingested: START }))
  await store.write(batchOf(2, [eventAt(20)], { ingested: START + DAY }))
  const old = `waybill-change-${namespace}-000001`
  // New events go there.
  expect(await store.expire(old, START + 100 * DAY)).toBe(false)
  await cluster.rollOver(namespace, 'change')
  await store.write(batchOf(3, [eventAt(30)], { ingested: START + 2 * DAY }))
  await cluster.settled()
  const { partitions, otherBytes, disk } = await store.storage()
  const changes = partitions.filter(({ category }) => category === 'change')
  expect(changes).toMatchObject([
    { name: old, events: 3, first: START, last: START + DAY, open: false, tier: 'hot' },
    { events: 1, first: START + 2 * DAY, last: START + 2 * DAY, open: true },
  ])
  expect(otherBytes).toBeGreaterThan(0)
  expect(disk?.free).toBeGreaterThan(0)

  expect(await store.expire(old, START + DAY)).toBe(false)
  expect(await store.expire('waybill-change-none-000001', START + 9 * DAY)).toBe(false)
  const chains = await store.chains(AGENT)
  expect(await store.expire(old, START + DAY + 1)).toBe(true)
  const left = await store.search({ query: { kind: 'all' }, order: 'newest', limit: 10 })
  expect(left.events.map(({ message }) => message)).toEqual(['number 30'])
  expect(await store.chains(AGENT)).toEqual(chains)
  // The agent that did not hear the answer hears it now; nothing is stored again.
  expect(await store.write(batchOf(1, [eventAt(0), eventAt(10)]))).toMatchObject({ again: true })
})

test('an index that the cluster does not look after is rolled over when it has had its window, and no empty one is', async () => {
  const namespace = await cluster.make()
  store = await cluster.open(namespace)
  // An index of two hours ago in place of each first one, which no policy looks after.
  for (const category of ['change', 'view']) {
    const alias = `waybill-${category}-${namespace}`
    await cluster.client.indices.delete({ index: `${alias}-000001` })
    await cluster.client.indices.create({
      index: `${alias}-000001`,
      settings: { index: { creation_date: Date.now() - 2 * 3_600_000, lifecycle: { name: '' } } },
      aliases: { [alias]: { is_write_index: true } },
    })
  }
  await store.write(batchOf(1, [eventAt(0)]))
  await cluster.settled()
  const indicesOf = async (category: string): Promise<number> =>
    (await store.storage()).partitions.filter((one) => one.category === category).length
  const all = (searchable: number) => ({
    security: searchable,
    activity: searchable,
    change: searchable,
    system: searchable,
    api: searchable,
    view: searchable,
  })
  await store.keepFor(all(30 * 3_600_000))
  expect(await indicesOf('change')).toBe(1)
  await store.keepFor(all(10 * 3_600_000))
  expect([await indicesOf('change'), await indicesOf('view')]).toEqual([2, 1])
  // The next one is young.
  await store.keepFor(all(10 * 3_600_000))
  expect(await indicesOf('change')).toBe(2)
})
