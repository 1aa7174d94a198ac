import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BulkItem, BulkSink } from './bulk.ts'
import { type Answering, answering, sinkOf } from './testing/answering.ts'

/** Proxies that cut a connection where others answer 413: a server on a real socket, which accepts the requests that get through. */
let cluster: Answering
const taken = new Set<string>()
/** Bytes of each bulk request that was cut. */
const cut: number[] = []
let isCut: (bytes: number) => boolean

beforeEach(async () => {
  taken.clear()
  cut.length = 0
  cluster = await answering((body, response) => {
    if (isCut(body.length)) {
      if (body.length > 0) cut.push(body.length)
      response.destroy()
      return
    }
    const ids = [...body.toString().matchAll(/^\{"create":\{"_index":"i","_id":"(\w+)"\}\}$/gm)].map(
      ([, id]) => id!,
    )
    const items = ids.map((_id) => ({ create: { _index: 'i', _id, status: taken.has(_id) ? 409 : 201 } }))
    for (const id of ids) taken.add(id)
    response.end(JSON.stringify({ took: 1, errors: false, items }))
  })
})
afterEach(() => cluster.end())

const sink = (): BulkSink => sinkOf(cluster)

const item = (id: string, bytes: number): BulkItem => ({
  index: 'i',
  id,
  document: JSON.stringify({ text: 'x'.repeat(bytes) }),
})
const items = (name: string, count: number, bytes: number) =>
  Array.from({ length: count }, (_, i) => item(`${name}${i}`, bytes))
const kinds = async (bulk: BulkSink, given: readonly BulkItem[]) =>
  (await bulk.write(given)).map(({ kind }) => kind)

it('a request that is cut again and again is halved until its parts are taken, and the size is learnt', async () => {
  isCut = (bytes) => bytes > 550_000
  const bulk = sink()
  expect(new Set(await kinds(bulk, items('a', 200, 10_000)))).toEqual(new Set(['created']))
  expect(taken.size).toBe(200)
  // Three times as a whole, and each part that is still too large once.
  expect(cut).toHaveLength(3 + 2)
  expect(new Set(await kinds(bulk, items('b', 200, 10_000)))).toEqual(new Set(['created']))
  expect(cut).toHaveLength(3 + 2)
})

it('a document that is cut each time by itself is refused, its neighbours are created', async () => {
  isCut = (bytes) => bytes > 100_000
  const [first, large, last] = await sink().write([item('a', 10), item('b', 200_000), item('c', 10)])
  expect([first?.kind, last?.kind]).toEqual(['created', 'created'])
  expect(large).toEqual({
    kind: 'refused',
    reason: expect.stringContaining('a proxy in front of the cluster probably refuses its size'),
  })
})

it('what is cut where the cluster answers nothing at all is nobody’s size: nothing is refused, and none is learnt', async () => {
  isCut = () => true
  const bulk = sink()
  await expect(bulk.write([item('a', 200_000)])).rejects.toThrow('Elasticsearch does not answer correctly')
  await expect(bulk.write(items('b', 20, 20_000))).rejects.toThrow('Elasticsearch does not answer correctly')
  expect(taken.size).toBe(0)
  isCut = () => false
  const requests: number[] = []
  cluster.server.prependListener('request', ({ headers }) => requests.push(Number(headers['content-length'])))
  expect(await kinds(bulk, [item('a', 200_000), ...items('b', 20, 20_000)])).not.toContain('refused')
  expect(requests).toHaveLength(1)
})

it('small requests that are cut are never refused for their size', async () => {
  isCut = (bytes) => bytes > 0
  const bulk = sink()
  await expect(bulk.write([item('a', 1_000)])).rejects.toThrow('does not answer correctly')
  expect(cut.length).toBeGreaterThan(5)
  isCut = () => false
  expect(await kinds(bulk, [item('a', 1_000)])).toEqual(['created'])
})

it('a large request that is cut now and then, and taken in between, is neither divided nor refused', async () => {
  let times = 0
  isCut = (bytes) => bytes > 0 && times++ < 2
  const bulk = sink()
  expect(await kinds(bulk, [item('a', 200_000)])).toEqual(['created'])
  times = 0
  const before = cut.length
  expect(new Set(await kinds(bulk, items('b', 20, 20_000)))).toEqual(new Set(['created']))
  expect(new Set(cut.slice(before)).size).toBe(1)
})

/** A cluster with room for this many bytes at once, and its requests. */
async function cramped(most: number): Promise<{ bulk: BulkSink; asked: number[]; room: { most: number } }> {
  const [asked, room]: [number[], { most: number }] = [[], { most }]
  await cluster.end()
  cluster = await answering((body, response) => {
    if (body.length === 0) return void response.end('{}')
    asked.push(body.length)
    const ids = [...body.toString().matchAll(/"_id":"(\w+)"/g)].map(([, id]) => id!)
    const error = {
      type: 'es_rejected_execution_exception',
      reason: 'rejected execution of primary operation',
    }
    const isRejected = body.length > room.most
    const items = ids.map((_id) => ({
      create: { _index: 'i', _id, status: isRejected ? 429 : 201, ...(isRejected && { error }) },
    }))
    if (!isRejected) for (const id of ids) taken.add(id)
    response.end(JSON.stringify({ took: 1, errors: isRejected, items }))
  })
  return { bulk: sink(), asked, room }
}

it('a request that is rejected each time is divided until its parts find room', async () => {
  const { bulk, asked, room } = await cramped(550_000)
  expect(new Set(await kinds(bulk, items('a', 200, 10_000)))).toEqual(new Set(['created']))
  expect(taken.size).toBe(200)
  // Three times as a whole, and each part that is still too large once.
  expect(asked.filter((bytes) => bytes > 550_000)).toHaveLength(3 + 2)
  // The following requests have a size that fits, and grow again while all goes well.
  asked.length = 0
  await kinds(bulk, items('b', 200, 10_000))
  expect(Math.max(...asked)).toBeLessThan(2_000_000)
  room.most = Number.POSITIVE_INFINITY
  for (let round = 0; round < 12; round++) await kinds(bulk, items(`c${round}x`, 200, 10_000))
  asked.length = 0
  await kinds(bulk, items('d', 200, 10_000))
  expect(asked).toHaveLength(1)
})

it('a document that is rejected by itself goes back to its agent, and is not refused', async () => {
  const { bulk } = await cramped(1_000)
  await expect(bulk.write([item('a', 10), item('b', 200_000)])).rejects.toThrow('rejected execution')
})
