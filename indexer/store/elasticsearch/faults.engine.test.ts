import { afterEach, expect, test } from 'vitest'
import { type Store, StoreFullError, StoreUnavailableError } from '../port.ts'
import { batchOf, eventAt, idAt } from '../testing/batches.ts'
import { TestCluster } from './testing/engine.ts'
import { Way } from './testing/way.ts'

/** Faults that the cluster may cause the store: it loses nothing, reports the problem, and continues without a restart. */
const cluster = new TestCluster()
const stores: Store[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
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

const batch = batchOf(1, [eventAt(0), eventAt(1)])
const STORED = { kind: 'stored', again: false, result: { stored: 2, duplicate: 0, dead: 0 } }

test.each([
  { name: 'a write block', block: { write: true }, error: StoreUnavailableError, says: 'refuses writes' },
  {
    name: 'the flood-stage watermark',
    block: { read_only_allow_delete: true },
    error: StoreFullError,
    says: 'no room',
  },
])(
  '$name refuses batches, is told, and once it is gone the same batch is stored',
  async ({ block, error, says }) => {
    const namespace = await cluster.make()
    const store = await open(namespace)
    const index = `waybill-change-${namespace}-000001`
    await cluster.client.indices.putSettings({ index, settings: { index: { blocks: block } } })
    const refused = store.write(batch)
    await expect(refused).rejects.toBeInstanceOf(error)
    await expect(refused).rejects.toThrow(says)
    expect(await store.status()).toMatchObject({ ready: false, problem: expect.stringContaining(index) })
    const lifted = { write: false, read_only_allow_delete: false }
    await cluster.client.indices.putSettings({ index, settings: { index: { blocks: lifted } } })
    expect(await store.write(batch)).toMatchObject(STORED)
    expect(await store.status()).toMatchObject({ ready: true, problem: null })
  },
)

test('a cluster that is cut off is told, and found again', async () => {
  const way = await Way.open()
  const store = await open(await cluster.make(), { nodes: [way.node] })
  await store.reach()
  way.meets = async (_asked, _pass, response) => {
    response.destroy()
  }
  await expect(store.write(batch)).rejects.toBeInstanceOf(StoreUnavailableError)
  expect(await store.status()).toMatchObject({ ready: false })
  await expect(store.reach()).rejects.toBeInstanceOf(StoreUnavailableError)
  way.meets = (_, pass) => pass()
  await store.reach()
  expect(await store.write(batch)).toMatchObject(STORED)
  expect(await store.status()).toMatchObject({ ready: true })
  await way.close()
})

test('a cluster that turns requests away is asked again until it takes them', async () => {
  const way = await Way.open()
  const store = await open(await cluster.make(), { nodes: [way.node], patience: 60_000, now: Date.now })
  let turnedAway = 0
  way.meets = async (asked, pass, response) => {
    if (!asked.url?.startsWith('/_bulk') || turnedAway === 3) return pass()
    turnedAway++
    response.writeHead(429, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
    response.end('{"error":{"type":"es_rejected_execution_exception","reason":"queue is full"},"status":429}')
  }
  expect(await store.write(batch)).toMatchObject(STORED)
  expect(turnedAway).toBe(3)
  await way.close()
})

test('an event whose values are of other types than their fields is stored whole, among its neighbours', async () => {
  const store = await open(await cluster.make())
  const odd = eventAt(5, { user: { name: { deep: 'x' } }, 'dotted.name': 1, source: { ip: 'nowhere' } })
  expect(await store.write(batchOf(1, [eventAt(0), odd, eventAt(9)]))).toMatchObject({
    result: { stored: 3, dead: 0 },
  })
  expect(await store.get(idAt(5))).toMatchObject(odd)
})

test('an event that a mapping of another kind refuses is in the dead letters, and its neighbours are stored', async () => {
  const namespace = await cluster.make()
  await open(namespace)
  await cluster.client.indices.rollover({
    alias: `waybill-change-${namespace}`,
    mappings: { properties: { message: { type: 'ip' } } },
  })
  const store = await open(namespace, { setup: 'none' })
  const fits = { message: '10.0.0.1' }
  const outcome = await store.write(batchOf(1, [eventAt(0, fits), eventAt(5), eventAt(9, fits)]))
  expect(outcome).toMatchObject({ result: { stored: 2, dead: 1 } })
  const { letters } = await store.deadLetters.list({ limit: 9 })
  expect(letters).toMatchObject([{ kind: 'refused', eventId: idAt(5), position: 1 }])
  expect(letters[0]!.reason).toContain('Elasticsearch refused it')
})

test('a store whose writes fail is not ready, though the cluster is well; a batch that is written or, later, a probe says that it is', async () => {
  const way = await Way.open()
  let at = Date.UTC(2026, 10, 2)
  const store = await open(await cluster.make(), { nodes: [way.node], now: () => at })
  const reject: Way['meets'] = async (asked, pass, response) => {
    if (!asked.url?.startsWith('/_bulk')) return pass()
    response.writeHead(429, { 'content-type': 'application/json' })
    const error = { type: 'es_rejected_execution_exception', reason: 'no room for this request' }
    response.end(JSON.stringify({ error, status: 429 }))
  }
  const failing = { ready: false, problem: expect.stringContaining('no room for this request') }
  way.meets = reject
  await expect(store.write(batch)).rejects.toThrow('no room for this request')
  expect(await store.status()).toMatchObject(failing)
  at += 20_000
  expect(await store.status()).toMatchObject(failing)
  way.meets = (_asked, pass) => pass()
  expect(await store.write(batch)).toMatchObject(STORED)
  at += 2_000
  expect(await store.status()).toMatchObject({ ready: true, problem: null })
  way.meets = reject
  const next = batchOf(2, [eventAt(2)])
  await expect(store.write(next)).rejects.toThrow('no room for this request')
  way.meets = (_asked, pass) => pass()
  at += 31_000
  expect(await store.status()).toMatchObject({ ready: true, problem: null })
  await way.close()
})
