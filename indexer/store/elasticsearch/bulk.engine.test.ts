import { afterEach, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { batchOf, eventAt } from '../testing/batches.ts'
import { TestCluster } from './testing/engine.ts'
import { type Meets, Way } from './testing/way.ts'

/** What the cluster may answer to a bulk request, of which each item has a fate of its own. */
const cluster = new TestCluster()
const stores: Store[] = []
const ways: Way[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  for (const way of ways.splice(0)) await way.close()
  await cluster.remove()
})

async function openBehind(meets: Meets): Promise<Store> {
  const way = await Way.open()
  ways.push(way)
  const store = await cluster.open(await cluster.make(), { nodes: [way.node], patience: 0 })
  stores.push(store)
  way.meets = meets
  return store
}

const isBulk = (url: string | undefined): boolean => url?.startsWith('/_bulk') === true
const JSON_ANSWER = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }

const batch = (events: number) =>
  batchOf(
    1,
    Array.from({ length: events }, (_, i) => eventAt(i)),
  )

/** A proxy that takes no request longer than this, as many a one before a cluster does. */
function takesAtMost(bytes: number): { meets: Meets; turnedAway: () => number } {
  let count = 0
  const meets: Meets = async (asked, pass, response) => {
    if (!isBulk(asked.url) || Number(asked.headers['content-length']) <= bytes) return pass()
    count++
    response.writeHead(413, JSON_ANSWER).end()
  }
  return { meets, turnedAway: () => count }
}

test('a request that is too large for the cluster is halved until its parts are taken', async () => {
  const { meets, turnedAway } = takesAtMost(40_000)
  const store = await openBehind(meets)
  expect(await store.write(batch(400))).toMatchObject({ result: { stored: 400, dead: 0 } })
  expect(turnedAway()).toBeGreaterThan(1)
  await cluster.settled()
  expect((await store.status()).events).toBe(400)
})
