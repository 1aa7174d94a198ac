import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { batchOf, eventAt, idAt } from '../testing/batches.ts'
import {
  aRequest,
  everything,
  expected,
  expectSealsToHold,
  filled,
  idOf,
  randomEvents,
} from '../testing/reference.ts'
import { TestCluster } from './testing/engine.ts'

const cluster = new TestCluster()
afterAll(() => cluster.remove())

const EVENTS = 2400
const QUERIES = process.env.WAYBILL_FULL === undefined ? 100 : 1000

test('random queries on thousands of random events give the answer and the order of the plain reference', async () => {
  const store = await cluster.open(await cluster.make())
  const events = randomEvents(EVENTS, 3)
  const stored = await filled(store, events, 400)
  await cluster.settled()
  await expectSealsToHold(store, events)
  await fc.assert(
    fc.asyncProperty(aRequest, async (asked) => {
      // Each page is a request: pages of one event are for the test below.
      const limit = Math.max(asked.limit, 1000)
      const found = await everything(store, { ...asked, limit })
      const wanted = expected(stored, asked)
      expect(found.map(idOf)).toEqual(wanted.map(idOf))
      // Thousands of equal events take the test runner's own comparison seconds.
      for (const [i, event] of found.entries())
        if (!isDeepStrictEqual(event, wanted[i])) expect(event).toEqual(wanted[i])
    }),
    { seed: 3, numRuns: QUERIES, endOnFailure: true },
  )
  await store.close()
}, 3_600_000)

test('events of one time, agent and sequence are paged in the order of their ids, however small the page', async () => {
  const store = await cluster.open(await cluster.make(), { pageTime: 0 })
  const same = (offset: number) =>
    eventAt(offset, {
      '@timestamp': '2026-11-01T00:00:00.000Z',
      event: { id: idAt(offset), action: 'import', sequence: 0 },
    })
  await store.write(batchOf(1, [5, 1, 9, 2, 8].map(same)))
  await store.write(batchOf(2, [4, 7, 3, 6].map(same)))
  await cluster.settled()
  const wanted = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(idAt)
  const shout = { kind: 'range', field: 'event.action', gte: 'A' } as const
  for (const query of [{ kind: 'all' } as const, shout]) {
    for (const limit of [1, 2, 4]) {
      const oldest = await everything(store, { query, order: 'oldest', limit })
      expect(oldest.map(idOf)).toEqual(wanted)
      const newest = await everything(store, { query, order: 'newest', limit })
      expect(newest.map(idOf)).toEqual(wanted.toReversed())
    }
  }
  await expect(
    store.search({ query: { kind: 'all' }, order: 'oldest', limit: 1, after: 'nonsense' }),
  ).rejects.toThrow('this is no cursor')
  await store.close()
})
