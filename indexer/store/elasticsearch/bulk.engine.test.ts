import { afterEach, expect, test } from 'vitest'
import { canonical, leafHash } from '../../../schema/index.ts'
import type { Store } from '../port.ts'
import { batchOf, eventAt, idAt } from '../testing/batches.ts'
import { TestCluster } from './testing/engine.ts'
import { type Meets, Way } from './testing/way.ts'

/** The answers of a cluster to a bulk request, whose items each have a fate. */
const cluster = new TestCluster()
const stores: Store[] = []
const ways: Way[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  for (const way of ways.splice(0)) await way.close()
  await cluster.remove()
})

async function openBehind(meets: Meets, patience = 0): Promise<Store> {
  const way = await Way.open()
  ways.push(way)
  const store = await cluster.open(await cluster.make(), { nodes: [way.node], patience })
  stores.push(store)
  way.meets = meets
  return store
}

const isBulk = (url: string | undefined): boolean => url?.startsWith('/_bulk') === true

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
    response.writeHead(413, { 'content-type': 'text/html' }).end('<h1>413 Request Entity Too Large</h1>')
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

test('what was refused as too large is learnt: the next batch comes in parts that are taken', async () => {
  const { meets, turnedAway } = takesAtMost(500_000)
  const store = await openBehind(meets)
  const events = (from: number) => Array.from({ length: 300 }, (_, i) => eventAt(from + i, { message: LONG }))
  await store.write(batchOf(1, events(0)))
  const before = turnedAway()
  expect(before).toBeGreaterThan(0)
  expect(await store.write(batchOf(2, events(1000)))).toMatchObject({ result: { stored: 300, dead: 0 } })
  expect(turnedAway()).toBe(before)
})

const LONG = 'long '.repeat(800)

test('an event too large for a proxy is in the dead letters with its beginning and the way to all of it, its neighbours are stored', async () => {
  const { meets } = takesAtMost(40_000)
  const store = await openBehind(meets)
  const large = eventAt(5, { message: 'large '.repeat(10_000) })
  const line = Buffer.from(canonical(large))
  const sent = batchOf(1, [eventAt(0), large, eventAt(9)])
  expect(await store.write(sent)).toMatchObject({ kind: 'stored', result: { stored: 2, dead: 1 } })
  const { letters } = await store.deadLetters.list({ limit: 9 })
  const [slice] = sent.manifest.sources
  expect(letters).toMatchObject([
    {
      kind: 'refused',
      eventId: idAt(5),
      position: 1,
      reason: expect.stringContaining('larger than the cluster, or a proxy in front of it, accepts'),
      line: line.subarray(0, 4096),
      whole: {
        bytes: line.length,
        leaf: leafHash(line).toString('hex'),
        at: { path: '/var/log/a.log', from: 0, to: slice?.to },
      },
    },
  ])
  // It would come back as another event.
  expect(await store.deadLetters.replay(letters[0]!.id)).toEqual({
    stored: false,
    reason: `only the beginning of its ${line.length} bytes is stored here; its agent read it from /var/log/a.log, between bytes 0 and ${slice?.to}`,
  })
  expect(await store.write(sent)).toMatchObject({ again: true })
  expect(await store.deadLetters.discard(letters[0]!.id)).toBe(true)
})

test('an event that the cluster puts into a failure store is not taken for stored', async () => {
  const store = await openBehind(async (asked, pass, response) => {
    if (!isBulk(asked.url) || redirected) return pass()
    redirected = true
    const create = {
      _index: '.fs-events',
      _id: idAt(0),
      status: 201,
      result: 'created',
      failure_store: 'used',
    }
    response.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
    response.end(JSON.stringify({ took: 1, errors: false, items: [{ create }] }))
  })
  let redirected = false
  expect(await store.write(batch(1))).toMatchObject({ result: { stored: 0, dead: 1 } })
  const { letters } = await store.deadLetters.list({ limit: 9 })
  expect(letters[0]?.reason).toContain('failure store')
  expect(await store.deadLetters.replay(letters[0]!.id)).toEqual({ stored: true })
})

/** A proxy that cuts the connection where the one above answers 413. */
const cutsAbove =
  (bytes: number): Meets =>
  async (asked, pass, response) => {
    if (!isBulk(asked.url) || Number(asked.headers['content-length']) <= bytes) return pass()
    response.destroy()
  }

test('an event whose connection is always cut is in the dead letters with its beginning, its neighbours are stored', async () => {
  const store = await openBehind(cutsAbove(100_000), 20_000)
  const large = eventAt(5, { message: 'large '.repeat(50_000) })
  const line = Buffer.from(canonical(large))
  const sent = batchOf(1, [eventAt(0), large, eventAt(9)])
  expect(await store.write(sent)).toMatchObject({ kind: 'stored', result: { stored: 2, dead: 1 } })
  const { letters } = await store.deadLetters.list({ limit: 9 })
  expect(letters).toMatchObject([
    {
      kind: 'refused',
      eventId: idAt(5),
      reason: expect.stringContaining('the connection was cut at each attempt'),
      line: line.subarray(0, 64 * 1024),
      whole: { bytes: line.length, leaf: leafHash(line).toString('hex') },
    },
  ])
})
