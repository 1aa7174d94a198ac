import { afterEach, expect, test } from 'vitest'
import { type Moment, type Page, type Store, sortedPage } from '../index.ts'
import { batchOf, eventAt, idAt } from '../testing/batches.ts'
import { idOf } from '../testing/reference.ts'
import { TestCluster } from './testing/engine.ts'
import { Way } from './testing/way.ts'

/** Long readings page by page, such as exports, while other work continues. */
const cluster = new TestCluster()
const stores: Store[] = []
const ways: Way[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  for (const way of ways.splice(0)) await way.close()
  await cluster.remove()
})

async function open(namespace: string, options: object = {}): Promise<Store> {
  const store = await cluster.open(namespace, options)
  stores.push(store)
  return store
}

async function openWay(): Promise<Way> {
  const way = await Way.open()
  ways.push(way)
  return way
}

const THERE = 300
const between = (sequence: number, first: number, categories: readonly string[]) =>
  batchOf(
    sequence,
    Array.from({ length: THERE }, (_, i) =>
      eventAt(first + 2 * i, { audit: { category: categories[i % categories.length] } }),
    ),
  )
/** Events with even places are there when the reading begins; those with odd places arrive in the meantime, among them. */
const before = between(1, 0, ['change', 'security'])
const meanwhile = between(2, 1, ['change', 'security', 'api'])
const WANTED = Array.from({ length: THERE }, (_, i) => idAt(2 * i))

/** Reads all pages, and does something after the first of them. */
async function read(
  pageOf: (page: { limit: number; after?: string }) => Promise<Page>,
  afterFirst: () => Promise<unknown>,
): Promise<string[]> {
  const found: string[] = []
  let after: string | undefined
  for (let pages = 0; ; pages++) {
    const { events, next } = await pageOf({ limit: 40, ...(after !== undefined && { after }) })
    found.push(...events.map(idOf))
    if (next === null) return found
    after = next
    if (pages === 0) await afterFirst()
  }
}

const oldest = (moment: Moment) => (page: { limit: number; after?: string }) =>
  moment.search({ query: { kind: 'all' }, order: 'oldest', ...page })

test('who reads long sees one moment, while events are written among those being read and aliases roll over', async () => {
  const namespace = await cluster.make()
  const store = await open(namespace)
  await store.write(before)
  const moment = await store.moment()
  const found = await read(oldest(moment), async () => {
    await store.write(meanwhile)
    await cluster.rollOver(namespace, 'change')
    await cluster.settled()
  })
  expect(found).toEqual(WANTED)
  expect(moment.loose).toBeNull()
  await moment.close()
  const now = await store.moment()
  expect(await read(oldest(now), async () => {})).toHaveLength(2 * THERE)
  await now.close()
})

test('what comes in the order of a field is of one moment, too, with its counts', async () => {
  const namespace = await cluster.make()
  const store = await open(namespace)
  await store.write(before)
  const moment = await store.moment()
  const byUser = (page: { limit: number; after?: string }) =>
    sortedPage(moment, { query: { kind: 'all' }, field: 'user.name', order: 'ascending', ...page })
  const found = await read(byUser, async () => {
    await store.write(meanwhile)
    await cluster.settled()
  })
  expect(found.toSorted()).toEqual(WANTED.toSorted())
  const { count } = await moment.aggregate({ query: { kind: 'all' }, by: [] })
  expect(count).toBe(THERE)
  await moment.close()
})

test('an index whose time is over may go while it is read: no other event is missed or comes twice, and it is said', async () => {
  const namespace = await cluster.make()
  const store = await open(namespace)
  await store.write(before)
  await cluster.rollOver(namespace, 'view')
  const moment = await store.moment()
  const found = await read(oldest(moment), async () => {
    await store.write(meanwhile)
    await cluster.settled()
    await cluster.client.indices.delete({ index: `waybill-view-${namespace}-000001` })
  })
  expect(found.filter((id) => WANTED.includes(id))).toEqual(WANTED)
  expect(new Set(found).size).toBe(found.length)
  expect(moment.loose).toBe('Elasticsearch let go of the point in time while it was read')
  await moment.close()
})

test('where no point in time can be had, pages go on by place, and it is said why', async () => {
  const way = await openWay()
  const store = await open(await cluster.make(), { nodes: [way.node] })
  await store.write(before)
  way.meets = async (asked, pass, response) => {
    if (asked.url?.includes('/_pit') !== true) return pass()
    response.writeHead(405, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
    response.end('{"error":"Incorrect HTTP method for uri [/_pit]","status":405}')
  }
  const moment = await store.moment()
  expect(moment.loose).toMatch(/^Elasticsearch keeps no point in time: /)
  const found = await read(oldest(moment), async () => {
    await store.write(meanwhile)
    await cluster.settled()
  })
  expect(found.filter((id) => WANTED.includes(id))).toEqual(WANTED)
  expect(new Set(found).size).toBe(found.length)
  await moment.close()
})
