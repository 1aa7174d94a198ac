import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { type AuditEvent, valueAt } from '../../../../schema/index.ts'
import { openEmbeddedStore, type Store } from '../../index.ts'
import { batchOf, eventAt, idAt, temporaryFolders } from '../../testing/batches.ts'
import {
  aRequest,
  everything,
  expected,
  expectSealsToHold,
  filled,
  idOf,
  randomEvents,
} from '../../testing/reference.ts'

const FULL = process.env.WAYBILL_FULL !== undefined
const folders = temporaryFolders()
const stores: Store[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
  folders.remove()
})

async function open(options: object = {}): Promise<Store> {
  const store = await openEmbeddedStore({ path: folders.make(), ...options })
  stores.push(store)
  return store
}

test.each([
  { name: 'pages that have all the time they want', pageTime: 250, seed: 1 },
  { name: 'pages that are always late', pageTime: 0, seed: 2 },
])(
  'random queries on random events give the answer, order and paging of the plain reference: $name',
  async ({ pageTime, seed }) => {
    const store = await open({ pageTime })
    const events = randomEvents(FULL ? 500 : 220, seed)
    const stored = await filled(store, events)
    expect(stored.filter((event) => valueAt(event, 'audit.derived') !== undefined).length).toBeGreaterThan(50)
    await expectSealsToHold(store, events)
    await fc.assert(
      fc.asyncProperty(aRequest, async (asked) => {
        const limit = pageTime === 0 ? Math.max(asked.limit, 7) : asked.limit
        const found = await everything(store, { ...asked, limit })
        const wanted = expected(stored, asked)
        expect(found.map(idOf)).toEqual(wanted.map(idOf))
        expect(found).toEqual(wanted)
      }),
      { seed, numRuns: FULL ? 1500 : 200 },
    )
  },
  FULL ? 600_000 : 60_000,
)

test('events of one time, agent and sequence are paged in the order of their ids', async () => {
  const store = await open()
  const same = (offset: number): AuditEvent =>
    eventAt(offset, {
      '@timestamp': '2026-11-01T00:00:00.000Z',
      event: { id: idAt(offset), action: 'import', sequence: 0 },
    })
  for (const [i, offsets] of [
    [5, 1, 9],
    [2, 8, 4],
    [7, 3, 6],
  ].entries()) {
    await store.write(batchOf(i + 1, offsets.map(same)))
  }
  const all = { kind: 'all' } as const
  const wanted = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(idAt)
  for (const limit of [1, 2, 4]) {
    const oldest = await everything(store, { query: all, order: 'oldest', limit })
    expect(oldest.map(idOf)).toEqual(wanted)
    const newest = await everything(store, { query: all, order: 'newest', limit })
    expect(newest.map(idOf)).toEqual(wanted.toReversed())
  }
})

test('a page goes on where the one before ended while events are being stored', async () => {
  const store = await open()
  await store.write(batchOf(1, [eventAt(10), eventAt(20), eventAt(30)]))
  const request = { query: { kind: 'all' }, order: 'oldest', limit: 2 } as const
  const first = await store.search(request)
  for (let i = 0; i < 20; i++) await store.write(batchOf(2 + i, [eventAt(i), eventAt(25 + i * 100)]))
  const second = await store.search({ ...request, after: first.next! })
  expect([...first.events, ...second.events].map(idOf)).toEqual([10, 20, 25, 30].map(idAt))
})

test('a cursor that no page gave is refused with a sentence', async () => {
  const store = await open()
  await store.write(batchOf(1, [eventAt(1)]))
  await expect(
    store.search({ query: { kind: 'all' }, order: 'oldest', limit: 1, after: 'nonsense' }),
  ).rejects.toThrow('this is no cursor')
})
