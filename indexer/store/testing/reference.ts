import fc from 'fast-check'
import { expect } from 'vitest'
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
import { allPages } from '../../../test/pages.ts'
import { matches } from '../../query/index.ts'
import type { SearchRequest, Store } from '../port.ts'
import { anEvent, aQuery, someAdditions } from './arbitraries.ts'
import { AGENT, batchOf, INCARNATION, INGESTED } from './batches.ts'

/** The reference answers of a store, computed plainly, and the random events and questions for the comparison. */
export const idOf = (event: AuditEvent): string => (event.event as { id: string }).id

/** Random events; some with a declared key come again with other content. */
export function randomEvents(count: number, seed: number): AuditEvent[] {
  const events = Array.from(
    { length: count },
    (_, i) => fc.sample(anEvent(i), { numRuns: 1, seed: seed * 10_000 + i })[0]!,
  )
  const declared = events.filter((event) => isDeclaredId(idOf(event)))
  const revised = declared
    .filter((_, i) => i % 3 > 0)
    .map((event) => ({ ...event, message: 'Jane Doe, again' }))
  return [...events, ...revised]
}

const START = Date.UTC(2026, 10, 1)

export const aRequest = fc.record(
  {
    query: aQuery,
    order: fc.constantFrom('newest' as const, 'oldest' as const),
    limit: fc.constantFrom(1, 2, 7, 50, 1000),
    from: fc.constantFrom(START, START + 1, START + 5, START + 86_400_000),
    to: fc.constantFrom(START, START + 1, START + 5, START + 86_400_000),
  },
  { requiredKeys: ['query', 'order', 'limit'] },
)

/** The number of questions that are asked together: a cluster answers several in the time of one. */
export const AT_ONCE = 10
export const atOnce = <Asked>(one: fc.Arbitrary<Asked>): fc.Arbitrary<Asked[]> =>
  fc.array(one, { minLength: AT_ONCE, maxLength: AT_ONCE })

/** Stores events in batches of any size, many of them with additions, and gives them back as they are read. */
export async function filled(store: Store, events: readonly AuditEvent[], most = 31): Promise<AuditEvent[]> {
  const stored: AuditEvent[] = []
  const known = new Set<string>()
  for (let from = 0, sequence = 1; from < events.length; sequence++) {
    const batch = events.slice(from, from + ((sequence * 7) % most) + 1)
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
      const enriched = withAdditions(sealed, added ?? null)
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
    seal: {
      ...(valueAt(event, 'audit.seal.received') === true && { received: true }),
      ...{ agent: AGENT, incarnation: INCARNATION, sequence, position },
    },
    words: eventWords(event).join(' '),
  },
})

/** All pages of a search, put together. */
export function everything(store: Store, request: Omit<SearchRequest, 'after'>): Promise<AuditEvent[]> {
  return allPages(async (after) => {
    const page = await store.search({ ...request, ...(after === undefined ? {} : { after }) })
    expect(page.events.length).toBeLessThanOrEqual(request.limit)
    return page
  })
}

/** Returns the answer that the store must give, computed plainly. */
export function expected(
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

/** Checks that every event of a store can be turned back into the line that was sealed. */
export async function expectSealsToHold(store: Store, events: readonly AuditEvent[]): Promise<void> {
  const lines = new Set(events.map(canonical))
  const all = await everything(store, { query: { kind: 'all' }, order: 'newest', limit: 1000 })
  expect(all).toHaveLength(events.length)
  for (const event of all) expect(lines).toContain(canonical(sealedPart(event)))
}
