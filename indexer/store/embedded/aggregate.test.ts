import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import {
  type AuditEvent,
  asRevision,
  canonical,
  eventWords,
  isDeclaredId,
  leafHash,
  revisionEventId,
  valueAt,
} from '../../../schema/index.ts'
import { type AggregateRequest, openEmbeddedStore, type Split, type Store } from '../index.ts'
import { anEvent, aQuery } from '../testing/arbitraries.ts'
import { AGENT, batchOf, eventAt, INCARNATION, INGESTED, temporaryFolders } from '../testing/batches.ts'
import { plainAggregate } from '../testing/plain-aggregate.ts'

const FULL = process.env.WAYBILL_FULL !== undefined
const folders = temporaryFolders()
const stores: Store[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
  folders.remove()
})

async function open(): Promise<Store> {
  const store = await openEmbeddedStore({ path: folders.make() })
  stores.push(store)
  return store
}

const idOf = (event: AuditEvent): string => String(valueAt(event, 'event.id'))

/** Stores events in batches of any size, and gives them back as they are read. */
async function filled(store: Store, events: readonly AuditEvent[]): Promise<AuditEvent[]> {
  const stored: AuditEvent[] = []
  const known = new Set<string>()
  for (let from = 0, sequence = 1; from < events.length; sequence++) {
    const batch = events.slice(from, from + ((sequence * 7) % 31) + 1)
    const ingested = INGESTED + ((sequence * 11) % 5) * 20 * 86_400_000
    await store.write(batchOf(sequence, batch, { ingested }))
    for (const [position, event] of batch.entries()) {
      const line = canonical(event)
      const sealed = JSON.parse(line) as AuditEvent
      const again = known.has(idOf(sealed))
      known.add(idOf(sealed))
      const shown = again
        ? asRevision(sealed, revisionEventId(idOf(sealed), leafHash(Buffer.from(line))))
        : sealed
      stored.push({
        ...shown,
        event: { ...(shown.event as object), ingested: new Date(ingested).toISOString() },
        audit: {
          ...(shown.audit as object),
          seal: { agent: AGENT, incarnation: INCARNATION, sequence, position },
          words: eventWords(shown).join(' '),
        },
      })
    }
    from += batch.length
  }
  return stored
}

const FIELDS = [
  'user.name',
  'user.id',
  'user.roles',
  'source.ip',
  'related.ip',
  'event.action',
  'event.outcome',
  'event.severity',
  'audit.category',
  'audit.entity.id',
  'audit.session.id',
  'audit.record_count',
  'audit.old_unknown',
  'audit.payload',
  'audit.payload.a',
  'audit.seal.position',
  'event.duration',
  'event.risk_score',
  'tags',
  'labels',
]
const NUMERIC = ['audit.record_count', 'event.duration', 'event.risk_score', 'event.severity']
const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu')
const values = fc.record(
  {
    kind: fc.constant('values' as const),
    field: fc.constantFrom(...FIELDS),
    top: fc.constantFrom(1, 2, 5, 1000),
    prefix: fc.constantFrom('', 'J', 'jane', '10', '1'),
  },
  { requiredKeys: ['kind', 'field', 'top'] },
)
const split: fc.Arbitrary<Split> = fc.oneof(
  values,
  values,
  fc.record({
    kind: fc.constant('time' as const),
    every: fc.constantFrom('day' as const, 'week' as const, 'month' as const, 3_600_000, 86_400_000),
    zone,
  }),
  fc.record({ kind: fc.constantFrom('hour-of-day' as const, 'day-of-week' as const), zone }),
)
const START = Date.UTC(2026, 10, 1)
const time = fc.constantFrom(START, START + 1, START + 5, START + 86_400_000)
const request: fc.Arbitrary<AggregateRequest> = fc.record(
  {
    query: fc.oneof(fc.constant({ kind: 'all' as const }), aQuery),
    from: time,
    to: time,
    by: fc.array(split, { maxLength: 2 }),
    sums: fc.subarray(NUMERIC),
    distinct: fc.subarray(FIELDS, { maxLength: 3 }),
    latest: fc.boolean(),
    budget: fc.constant(30_000),
  },
  { requiredKeys: ['query', 'by', 'budget'] },
)

test(
  'random questions about random events are answered as the plain reference does',
  async () => {
    const store = await open()
    const events = Array.from(
      { length: FULL ? 500 : 250 },
      (_, i) => fc.sample(anEvent(i), { numRuns: 1, seed: 30_000 + i })[0]!,
    )
    const revised = events
      .filter((event) => isDeclaredId(idOf(event)))
      .filter((_, i) => i % 3 === 0)
      .map((event) => ({ ...event, message: 'Jane Doe, again' }))
    const stored = await filled(store, [...events, ...revised])
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const { partial, ...found } = await store.aggregate(asked)
        expect(partial).toBe(null)
        expect(found).toEqual(plainAggregate(stored, asked))
      }),
      { seed: 11, numRuns: FULL ? 3000 : 250 },
    )
  },
  FULL ? 600_000 : 120_000,
)

describe('bounds', () => {
  const all = { kind: 'all' } as const

  test('an answer that the time was too short for says so', async () => {
    const store = await open()
    await store.write(batchOf(1, [eventAt(1), eventAt(2)]))
    const by = [{ kind: 'values', field: 'event.id', top: 5 }] as const
    const { partial, count } = await store.aggregate({ query: all, by, budget: 0 })
    expect(count).toBe(2)
    expect(partial).toMatchObject({ reason: 'time' })
  })

  test('what can not be answered is refused with a sentence', async () => {
    const store = await open()
    await store.write(batchOf(1, [eventAt(1), eventAt(900 * 86_400_000)]))
    const ask = (by: Split) => store.aggregate({ query: all, by: [by] })
    await expect(ask({ kind: 'values', field: 'message', top: 1 })).rejects.toThrow('message is a text')
    await expect(ask({ kind: 'values', field: 'user.nam', top: 1 })).rejects.toThrow('there is no field')
    await expect(ask({ kind: 'values', field: 'user.name', top: 5000 })).rejects.toThrow('expected 1 to 1000')
    await expect(ask({ kind: 'time', every: 'day', zone: 'Mars/North' })).rejects.toThrow('no time zone')
    await expect(ask({ kind: 'time', every: 60_000, zone: 'UTC' })).rejects.toThrow(
      'more than 10000 intervals',
    )
    await expect(store.aggregate({ query: all, by: [], sums: ['user.name'] })).rejects.toThrow('no numbers')
  })
})

test('an event with more words than a search looks at is counted for those alone', async () => {
  const store = await open()
  const words = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, i) => `word${from + i}`).join(' ')
  const events = [
    eventAt(1, { message: words(0, 3000) }),
    eventAt(2, { message: words(2000, 2010) }),
    eventAt(3, { message: words(0, 600), user: { name: words(600, 700) } }),
    eventAt(4, { audit: { category: 'change', module: words(0, 2000) } }),
  ]
  const stored = await filled(store, events)
  for (const word of ['word5', 'word650', 'word1999', 'word2005', 'word2999']) {
    const asked: AggregateRequest = { query: { kind: 'words', words: [word], prefix: false }, by: [] }
    const { count } = await store.aggregate(asked)
    expect([word, count]).toEqual([word, plainAggregate(stored, asked).count])
  }
})
