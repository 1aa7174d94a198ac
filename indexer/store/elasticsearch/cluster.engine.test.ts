import { afterEach, expect, inject, test } from 'vitest'
import { type Store, StoreUnavailableError } from '../port.ts'
import { batchOf, eventAt } from '../testing/batches.ts'
import { TestCluster } from './testing/engine.ts'
import { Way } from './testing/way.ts'

/** Failures of a whole cluster. The store reports them, loses nothing, and continues by itself. */
const cluster = new TestCluster()
const stores: Store[] = []
const ways: Way[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  for (const way of ways.splice(0)) await way.close()
  await cluster.remove()
})

let time = Date.UTC(2026, 10, 2)
/** Each look at the cluster is a new one. */
const clock = (): number => (time += 10_000)

async function open(namespace: string, options: object = {}): Promise<Store> {
  const store = await cluster.open(namespace, { patience: 0, now: clock, ...options })
  stores.push(store)
  return store
}

/** Setting up takes its time; what follows is given little. */
async function openImpatient(namespace: string, options: object): Promise<Store> {
  await (await cluster.open(namespace)).close()
  return open(namespace, { setup: 'none', ...options })
}

const batch = batchOf(1, [eventAt(0), eventAt(1)])
const STORED = { kind: 'stored', result: { stored: 2, duplicate: 0, dead: 0 } }

/** A cluster that somebody named may be in use: it is not stopped for a test. */
const isOurs = inject('engine').kind !== 'named'

test.skipIf(!isOurs)(
  'a cluster that is read-only as a whole is told, and takes the same batch afterwards (needs a cluster of its own)',
  async () => {
    const store = await open(await cluster.make())
    const set = (readOnly: true | null) =>
      cluster.client.cluster.putSettings({ persistent: { 'cluster.blocks.read_only': readOnly } })
    await set(true)
    try {
      await expect(store.write(batch)).rejects.toBeInstanceOf(StoreUnavailableError)
      expect(await store.status()).toMatchObject({
        ready: false,
        problem: expect.stringContaining('refuses writes'),
      })
    } finally {
      await set(null)
    }
    expect(await store.write(batch)).toMatchObject(STORED)
    expect(await store.status()).toMatchObject({ ready: true, problem: null })
  },
)

test('an index without a working shard is told as red, and gets the same batch once the shard is there', async () => {
  const namespace = await cluster.make()
  const store = await openImpatient(namespace, { requestTime: 5_000 })
  const nowhere = 'index.routing.allocation.require._name'
  const { new_index: index } = await cluster.client.indices.rollover({
    alias: `waybill-change-${namespace}`,
    wait_for_active_shards: 0,
    settings: { [nowhere]: 'no such node' },
  })
  await expect(store.write(batch)).rejects.toBeInstanceOf(StoreUnavailableError)
  expect(await store.status()).toMatchObject({ ready: false, problem: expect.stringContaining('red') })
  await cluster.client.indices.putSettings({ index, settings: { [nowhere]: null } })
  await cluster.client.cluster.health({ index, wait_for_status: 'yellow', timeout: '30s' })
  expect(await store.write(batch)).toMatchObject(STORED)
  expect(await store.status()).toMatchObject({ ready: true, events: 0 })
})

test('a cluster so slow that a request is given up stores its events once, whenever that request is done', async () => {
  const way = await Way.open()
  ways.push(way)
  const store = await openImpatient(await cluster.make(), { nodes: [way.node], requestTime: 5_000 })
  const answered = Promise.withResolvers<void>()
  way.meets = async (asked, pass, response) => {
    if (!asked.url?.startsWith('/_bulk')) return pass()
    // The cluster does it; its answer comes when nobody listens any more.
    response.once('close', () => {
      pass().then(answered.resolve, answered.reject)
    })
  }
  await expect(store.write(batch)).rejects.toThrow('Elasticsearch does not answer correctly')
  await answered.promise
  way.meets = (_, pass) => pass()
  expect(await store.write(batch)).toMatchObject(STORED)
  await cluster.settled()
  expect((await store.status()).events).toBe(2)
})
