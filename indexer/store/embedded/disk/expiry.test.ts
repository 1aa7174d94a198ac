import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { openEmbeddedStore, type Store } from '../../index.ts'
import { AGENT, batchOf, eventAt, idAt, temporaryFolders } from '../../testing/batches.ts'
import { everything } from '../../testing/reference.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)
const folders = temporaryFolders()
const stores: Store[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  folders.remove()
})

async function open(path: string, now: () => number): Promise<Store> {
  const store = await openEmbeddedStore({ path, now, searchable: { change: 10 * DAY } })
  stores.push(store)
  return store
}
const close = (store: Store): Promise<void> => {
  stores.splice(stores.indexOf(store), 1)
  return store.close()
}
const partitionFiles = (path: string, name: string): string[] =>
  readdirSync(join(path, 'partitions')).filter((file) => file.startsWith(`${name}.`))
/** Its database goes last, when the leaf hashes that others need are kept. */
const gone = (path: string, name: string): Promise<void> =>
  vi.waitFor(() => expect(partitionFiles(path, name)).toEqual([]), { timeout: 20_000 })
const offsets = async (store: Store): Promise<number[]> =>
  (await everything(store, { query: { kind: 'all' }, order: 'oldest', limit: 1000 })).map(
    ({ event }) => (event as { sequence: number }).sequence,
  )

/** Two partitions of a day each; the second is where new events go. */
async function twoDays(path: string): Promise<{ store: Store; old: string; young: string }> {
  const store = await open(path, () => START + DAY)
  await store.write(batchOf(1, [eventAt(0), eventAt(10)], { ingested: START }))
  await store.write(batchOf(2, [eventAt(20)], { ingested: START + DAY - 1 }))
  await store.write(batchOf(3, [eventAt(30)], { ingested: START + DAY }))
  const [old, young] = (await store.storage()).partitions
  expect([old, young]).toMatchObject([
    { events: 3, first: START, last: START + DAY - 1, open: false, tier: 'hot' },
    { events: 1, first: START + DAY, open: true },
  ])
  return { store, old: old!.name, young: young!.name }
}

test('a partition expires as a whole, and leaves nothing but its waybills', async () => {
  const path = folders.make()
  const { store, old } = await twoDays(path)
  const chains = await store.chains(AGENT)
  const follower = await store.arrivals({ query: { kind: 'all' }, after: null, limit: 1 })
  expect(await store.expire(old, START + DAY)).toBe(true)
  expect(await offsets(store)).toEqual([30])
  expect(await store.get(idAt(0))).toBeNull()
  expect(await store.chains(AGENT)).toEqual(chains)
  expect((await store.status()).events).toBe(1)
  await gone(path, old)
  // A cursor within the expired partition leads on to the remaining events.
  const rest = await store.arrivals({ query: { kind: 'all' }, after: follower.next, limit: 10 })
  expect(rest.events).toHaveLength(1)
  // The agent that did not hear the answer hears it now, and nothing is stored again.
  const again = await store.write(batchOf(1, [eventAt(0), eventAt(10)], { ingested: START + DAY }))
  expect(again).toMatchObject({ again: true, result: { stored: 2 } })
  expect(await offsets(store)).toEqual([30])
})

test('what holds a younger event, takes new ones, or is not there does not expire', async () => {
  const path = folders.make()
  const { store, old, young } = await twoDays(path)
  expect(await store.expire(old, START + DAY - 1)).toBe(false)
  expect(await store.expire(young, START + 100 * DAY)).toBe(false)
  expect(await store.expire('change-1999-01-01', START + DAY)).toBe(false)
  expect(existsSync(join(path, 'partitions', 'change-1999-01-01.db'))).toBe(false)
  expect(await offsets(store)).toEqual([0, 10, 20, 30])
})

test('an expiry that a crash left half done is finished at the next start', async () => {
  const path = folders.make()
  const { store, old } = await twoDays(path)
  await close(store)
  const partitions = join(path, 'partitions')
  renameSync(join(partitions, `${old}.db`), join(partitions, `${old}.expired`))
  writeFileSync(join(partitions, `${old}.7.segment`), 'left over')
  const next = await open(path, () => START + DAY)
  expect(await offsets(next)).toEqual([30])
  await gone(path, old)
  expect((await next.storage()).partitions).toHaveLength(1)
})

test('searches that run while partitions expire answer with what is there', async () => {
  const path = folders.make()
  const store = await open(path, () => START + 40 * DAY)
  const days = 20
  for (let day = 0; day < days; day++)
    await store.write(batchOf(day + 1, [eventAt(day)], { ingested: START + day * DAY }))
  const { partitions } = await store.storage()
  expect(partitions).toHaveLength(days)
  const expired = partitions.map(({ name }) => store.expire(name, START + days * DAY))
  const searches = Array.from({ length: 60 }, () => offsets(store))
  expect(await Promise.all(expired)).toEqual(partitions.map(() => true))
  for (const found of await Promise.all(searches)) {
    // Partitions go oldest first: what is found is the rest.
    expect(found).toEqual(Array.from({ length: found.length }, (_, i) => days - found.length + i))
  }
  expect(await offsets(store)).toEqual([])
})

test('partitions follow the table that holds now', async () => {
  const path = folders.make()
  let now = START
  const store = await open(path, () => now)
  await store.write(batchOf(1, [eventAt(0)], { ingested: now }))
  await store.keepFor({ security: DAY, activity: DAY, change: DAY, system: DAY, api: DAY, view: DAY })
  now += 3 * 3_600_000
  await store.write(batchOf(2, [eventAt(10)], { ingested: now }))
  expect((await store.storage()).partitions.map(({ open }) => open)).toEqual([false, true])
})
