import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import {
  type AuditEvent,
  asRevision,
  canonical,
  comparePlaces,
  eventWords,
  isDeclaredId,
  leafHash,
  placeOf,
  revisionEventId,
  sealedPart,
  valueAt,
  withAdditions,
} from '../../../schema/index.ts'
import { matches } from '../../query/index.ts'
import { openEmbeddedStore, type SearchRequest, type Store } from '../index.ts'
import { anEvent, aQuery, someAdditions } from './testing/arbitraries.ts'
import { AGENT, batchOf, eventAt, INCARNATION, INGESTED, idAt, temporaryFolders } from './testing/batches.ts'

const FULL = process.env.WAYBILL_FULL !== undefined
const folders = temporaryFolders()
const stores: Store[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
  folders.remove()
})

const idOf = (event: AuditEvent): string => (event.event as { id: string }).id

async function open(options: object = {}): Promise<Store> {
  const store = await openEmbeddedStore({ path: folders.make(), pageTime: 60_000, ...options })
  stores.push(store)
  return store
}

/** Stores events in batches of any size, many of them with additions, and gives them back as they are read. */
async function filled(store: Store, events: readonly AuditEvent[]): Promise<AuditEvent[]> {
  const stored: AuditEvent[] = []
  const known = new Set<string>()
  for (let from = 0, sequence = 1; from < events.length; sequence++) {
    const batch = events.slice(from, from + ((sequence * 7) % 31) + 1)
    const ingested = INGESTED + ((sequence * 11) % 5) * 20 * 86_400_000
    const additions = batch.map((event, i) =>
      fc.sample(someAdditions, { numRuns: 1, seed: from + i })[0]!(event),
    )
    const outcome = await store.write(
      batchOf(sequence, batch, { ingested, ...(sequence % 4 > 0 && { additions }) }),
    )
    expect(outcome).toMatchObject({ result: { stored: batch.length } })
    for (const [position, event] of batch.entries()) {
      const line = canonical(event)
      const sealed = JSON.parse(line) as AuditEvent
      const again = known.has(idOf(sealed))
      known.add(idOf(sealed))
      const added = sequence % 4 > 0 ? additions[position] : null
      const enriched = added == null ? sealed : withAdditions(sealed, added)
      const shown = again
        ? asRevision(enriched, revisionEventId(idOf(sealed), leafHash(Buffer.from(line))))
        : enriched
      stored.push(asRead(shown, ingested, sequence, position))
    }
    from += batch.length
  }
  return stored
}

const asRead = (event: AuditEvent, ingested: number, sequence: number, position: number): AuditEvent => ({
  ...event,
  event: { ...(event.event as object), ingested: new Date(ingested).toISOString() },
  audit: {
    ...(event.audit as object),
    seal: { agent: AGENT, incarnation: INCARNATION, sequence, position },
    words: eventWords(event).join(' '),
  },
})

/** All pages of a search, put together. */
async function everything(store: Store, request: Omit<SearchRequest, 'after'>): Promise<AuditEvent[]> {
  const found: AuditEvent[] = []
  let after: string | null | undefined
  for (let pages = 0; after !== null; pages++) {
    if (pages > 5000) throw new Error('the search does not end')
    const page = await store.search({ ...request, ...(after === undefined ? {} : { after }) })
    expect(page.events.length).toBeLessThanOrEqual(request.limit)
    found.push(...page.events)
    after = page.next
  }
  return found
}

/** What the store must answer, worked out plainly. */
function expected(
  events: readonly AuditEvent[],
  { query, from, to, order }: Omit<SearchRequest, 'after'>,
): AuditEvent[] {
  const found = events.filter((event) => {
    const time = placeOf(event).timestamp
    return (from === undefined || time >= from) && (to === undefined || time < to) && matches(query, event)
  })
  found.sort((a, b) => comparePlaces(placeOf(a), placeOf(b)))
  return order === 'newest' ? found.reverse() : found
}

test.each([
  { name: 'pages that have all the time they want', pageTime: 10_000, seed: 1 },
  { name: 'pages that are always late', pageTime: 0, seed: 2 },
])(
  'random queries on random events give the answer, order and paging of the plain reference: $name',
  async ({ pageTime, seed }) => {
    const store = await open({ pageTime })
    const events = Array.from(
      { length: FULL ? 500 : 220 },
      (_, i) => fc.sample(anEvent(i), { numRuns: 1, seed: seed * 10_000 + i })[0]!,
    )
    const declared = events.filter((event) => isDeclaredId(idOf(event)))
    const revised = declared
      .filter((_, i) => i % 3 > 0)
      .map((event) => ({ ...event, message: 'Jane Doe, again' }))
    const stored = await filled(store, [...events, ...revised])
    const lines = new Set([...events, ...revised].map(canonical))
    expect(stored.filter((event) => valueAt(event, 'audit.derived') !== undefined).length).toBeGreaterThan(50)
    const all = await everything(store, { query: { kind: 'all' }, order: 'newest', limit: 1000 })
    for (const event of all) expect(lines).toContain(canonical(sealedPart(event)))
    const start = Date.UTC(2026, 10, 1)
    const request = fc.record(
      {
        query: aQuery,
        order: fc.constantFrom('newest' as const, 'oldest' as const),
        limit: fc.constantFrom(1, 2, 7, 50, 1000),
        from: fc.constantFrom(start, start + 1, start + 5, start + 86_400_000),
        to: fc.constantFrom(start, start + 1, start + 5, start + 86_400_000),
      },
      { requiredKeys: ['query', 'order', 'limit'] },
    )
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
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
