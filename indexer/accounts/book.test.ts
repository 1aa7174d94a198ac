import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import * as z from 'zod'
import { openEmbeddedStore, type Store } from '../store/index.ts'
import { RecordCache } from './record-cache.ts'

let folder: string
let store: Store
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-book-'))
  store = await openEmbeddedStore({ path: folder, minimumFree: 1 })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const schema = z.object({ count: z.number() })
const open = () => RecordCache.open(store.records, 'test', schema)

it('changes at once are all made, also by two who hold the same records', async () => {
  const one = await open()
  await one.add('a', { count: 0 })
  const two = await open()
  const more = ({ count }: { count: number }) => ({ count: count + 1 })
  await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : two).change('a', more)))
  expect((await open()).get('a')).toEqual({ count: 20 })
})

it('a key is taken once, and who comes late knows it then', async () => {
  const [one, two] = [await open(), await open()]
  expect(await one.add('a', { count: 1 })).toBe(true)
  expect(await two.add('a', { count: 2 })).toBe(false)
  expect(two.get('a')).toEqual({ count: 1 })
})

it('what was removed is not brought back by a change that comes late', async () => {
  const [one, two] = [await open(), await open()]
  await one.add('a', { count: 1 })
  const late = await open()
  await one.remove('a')
  expect(await late.change('a', ({ count }) => ({ count: count + 1 }))).toBeUndefined()
  expect(await two.change('a', ({ count }) => ({ count }))).toBeUndefined()
  expect((await open()).entries()).toEqual([])
})

it('a change that is refused leaves everything as it was', async () => {
  const one = await open()
  await one.add('a', { count: 1 })
  await expect(
    one.change('a', () => {
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  expect(one.get('a')).toEqual({ count: 1 })
})
