import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openEmbeddedStore, type Store } from '../../index.ts'
import { batchOf, eventAt, INGESTED, idAt, temporaryFolders } from '../../testing/batches.ts'

const folders = temporaryFolders()
let store: Store | null = null
afterEach(async () => {
  await store?.close()
  folders.remove()
})

/** Does something to a store as if the power had gone between its two transactions: the partition has it, and `control.db` does not. */
async function interrupted(path: string, work: (store: Store) => Promise<unknown>): Promise<void> {
  const control = join(path, 'control.db')
  // Its log is part of a database: it need not be empty after a stop.
  const files = ['', '-wal'].filter((end) => existsSync(`${control}${end}`))
  for (const end of files) cpSync(`${control}${end}`, `${path}-before${end}`)
  store = await openEmbeddedStore({ path })
  await work(store)
  await store.close()
  for (const end of ['', '-wal', '-shm']) rmSync(`${control}${end}`, { force: true })
  for (const end of files) cpSync(`${path}-before${end}`, `${control}${end}`)
  for (const end of files) rmSync(`${path}-before${end}`)
}

const idsIn = async (of: Store): Promise<string[]> => {
  const page = await of.search({ query: { kind: 'all' }, order: 'oldest', limit: 100 })
  return page.events.map((event) => (event.event as { id: string }).id)
}

it('a batch that is in its partition and was not settled is taken up there, also in a later window, and its number is not given again', async () => {
  const path = folders.make()
  store = await openEmbeddedStore({ path })
  for (let sequence = 1; sequence <= 3; sequence++)
    await store.write(batchOf(sequence, [eventAt(sequence * 10), eventAt(sequence * 10 + 1)]))
  await store.close()
  await interrupted(path, (one) => one.write(batchOf(4, [eventAt(40), eventAt(41)])))

  const later = INGESTED + 365 * 86_400_000
  store = await openEmbeddedStore({ path })
  expect(await store.write(batchOf(5, [eventAt(50)]))).toMatchObject({ result: { stored: 1, duplicate: 0 } })
  // It is still open after the next start, which looks only behind what is noted as settled.
  await store.close()
  store = await openEmbeddedStore({ path })
  const again = await store.write(batchOf(4, [eventAt(40), eventAt(41)], { ingested: later }))
  expect(again).toMatchObject({ kind: 'stored', again: false, result: { stored: 2, duplicate: 0 } })
  expect((await store.status()).partitions).toHaveLength(1)
  expect(await idsIn(store)).toEqual([10, 11, 20, 21, 30, 31, 40, 41, 50].map(idAt))
})

it.each([
  ['of another number', [eventAt(60)]],
  ['of the same number', [eventAt(60), eventAt(61)]],
  ['with a common beginning', [eventAt(40), eventAt(61)]],
])(
  'of a batch that was interrupted, another one with its key %s is a fork: nothing of it counts as stored',
  async (_, events) => {
    const path = folders.make()
    store = await openEmbeddedStore({ path })
    await store.write(batchOf(3, [eventAt(30)]))
    await store.close()
    await interrupted(path, (one) => one.write(batchOf(4, [eventAt(40), eventAt(41)])))
    store = await openEmbeddedStore({ path })
    expect(await store.write(batchOf(4, events))).toEqual({ kind: 'fork', hash: null })
    expect(await store.write(batchOf(4, [eventAt(40), eventAt(41)]))).toMatchObject({
      kind: 'stored',
      result: { stored: 2 },
    })
    expect(await idsIn(store)).toEqual([30, 40, 41].map(idAt))
  },
)
