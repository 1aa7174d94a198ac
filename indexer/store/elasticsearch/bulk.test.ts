import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BulkItem, BulkSink } from './bulk.ts'
import { type Answering, answering, sinkOf } from './testing/answering.ts'

/** Proxies that cut a connection where others say 413: a server on a real socket, which takes what gets through. */
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
    reason: expect.stringContaining('larger than a proxy before it takes'),
  })
})

it('what is cut where the cluster answers nothing at all is nobody’s size: nothing is refused, and none is learnt', async () => {
  isCut = () => true
  const bulk = sink()
  await expect(bulk.write([item('a', 200_000)])).rejects.toThrow('Elasticsearch does not answer as it should')
  await expect(bulk.write(items('b', 20, 20_000))).rejects.toThrow(
    'Elasticsearch does not answer as it should',
  )
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
  await expect(bulk.write([item('a', 1_000)])).rejects.toThrow('does not answer as it should')
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
