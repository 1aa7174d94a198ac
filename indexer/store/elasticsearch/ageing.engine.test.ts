import { afterEach, expect, test } from 'vitest'
import { byCategory, USUAL_TABLE } from '../../lifecycle/table.ts'
import type { Store } from '../port.ts'
import { AGENT, batchOf, eventAt } from '../testing/batches.ts'
import { rollOverDue } from './ageing.ts'
import { Families } from './families.ts'
import { namesFor } from './names.ts'
import { planSetup } from './setup/index.ts'
import { TestCluster } from './testing/engine.ts'

/** Rollover and expiry by index, on a real cluster. */
const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)
const cluster = new TestCluster()
const stores: Store[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  await cluster.remove()
})

test('an index expires as a whole when nothing in it is younger, and leaves its waybills', async () => {
  const namespace = await cluster.make()
  const store = await cluster.open(namespace)
  stores.push(store)
  await store.write(batchOf(1, [eventAt(0), eventAt(10)], { ingested: START }))
  await store.write(batchOf(2, [eventAt(20)], { ingested: START + DAY }))
  const old = `waybill-change-${namespace}-000001`
  // New events go there.
  expect(await store.expire(old, START + 100 * DAY)).toBe(false)
  await cluster.rollOver(namespace, 'change')
  await store.storage()
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
  const store = await cluster.open(namespace)
  stores.push(store)
  await store.write(batchOf(1, [eventAt(0)]))
  await cluster.settled()
  const { client } = cluster
  const names = namesFor(namespace)
  const parts = { client, names, families: new Families(client, names, Date.now) }
  const windows = (window: number) => byCategory(() => window)
  const { cluster: facts } = await planSetup(client, { names, table: USUAL_TABLE })
  if (facts.ilm) {
    expect(await rollOverDue(parts, windows(1))).toEqual([])
    await client.ilm.removePolicy({ index: names.family('change') })
    await client.ilm.removePolicy({ index: names.family('view') })
  }
  expect(await rollOverDue(parts, windows(3_600_000))).toEqual([])
  expect(await rollOverDue(parts, windows(1))).toEqual(['change'])
  const changes = (await store.storage()).partitions.filter(({ category }) => category === 'change')
  expect(changes.map(({ name, open }) => [name, open])).toEqual([
    [names.first('change'), false],
    [`${names.alias('change')}-000002`, true],
  ])
})
