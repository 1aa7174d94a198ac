import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AggregateRequest, Split } from '../port.ts'
import { aQuery } from './arbitraries.ts'
import { batchOf, eventAt } from './batches.ts'
import { opener, type TestPlaces } from './places.ts'
import { plainAggregate } from './plain-aggregate.ts'
import { AT_ONCE, atOnce, filled, randomEvents } from './reference.ts'

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
const inOrder = fc.record(
  {
    kind: fc.constant('values' as const),
    field: fc.constantFrom(...FIELDS),
    top: fc.constantFrom(1, 3, 1000),
    order: fc.constantFrom('ascending' as const, 'descending' as const),
    after: fc.constantFrom('', 'jane', 'K', '10.0.0.2', 5),
  },
  { requiredKeys: ['kind', 'field', 'top', 'order'] },
)
const split: fc.Arbitrary<Split> = fc.oneof(
  values,
  values,
  inOrder,
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

/** The meaning of counts and splits, for every store. */
export function countsWhatIsAsked(
  ground: TestPlaces,
  { events, questions }: { events: number; questions: number },
): void {
  const open = opener(ground)

  describe('an aggregate', () => {
    test('random questions about random events are answered as the plain reference does', async () => {
      const store = await open()
      const stored = await filled(store, randomEvents(events, 3), 100)
      await ground.settled()
      await fc.assert(
        fc.asyncProperty(atOnce(request), async (asked) => {
          const answers = await Promise.all(asked.map((one) => store.aggregate(one)))
          for (const [i, { partial, ...found }] of answers.entries()) {
            expect(partial).toBe(null)
            expect(found).toEqual(plainAggregate(stored, asked[i]!))
          }
        }),
        { seed: 11, numRuns: questions / AT_ONCE },
      )
    }, 600_000)

    const all = { kind: 'all' } as const

    test('an answer that the time was too short for says so', async () => {
      const store = await open()
      await store.write(batchOf(1, [eventAt(1), eventAt(2)]))
      await ground.settled()
      const by = [{ kind: 'values', field: 'event.id', top: 5 }] as const
      const { partial, count } = await store.aggregate({ query: all, by, budget: 0 })
      expect(count).toBe(2)
      expect(partial).toMatchObject({ reason: 'time' })
    })

    test('what can not be answered is refused with a sentence', async () => {
      const store = await open()
      await store.write(batchOf(1, [eventAt(1), eventAt(900 * 86_400_000)]))
      await ground.settled()
      const ask = (by: Split) => store.aggregate({ query: all, by: [by] })
      await expect(ask({ kind: 'values', field: 'message', top: 1 })).rejects.toThrow('message is a text')
      await expect(ask({ kind: 'values', field: 'user.nam', top: 1 })).rejects.toThrow('there is no field')
      await expect(ask({ kind: 'values', field: 'user.name', top: 5000 })).rejects.toThrow(
        'expected 1 to 1000',
      )
      await expect(ask({ kind: 'time', every: 'day', zone: 'Mars/North' })).rejects.toThrow(
        'is not a time zone',
      )
      await expect(ask({ kind: 'time', every: 60_000, zone: 'UTC' })).rejects.toThrow(
        'more than 10000 intervals',
      )
      await expect(store.aggregate({ query: all, by: [], sums: ['user.name'] })).rejects.toThrow('no numbers')
    })

    test('an event with more words than a search looks at is counted for those alone', async () => {
      const store = await open()
      const words = (from: number, to: number): string =>
        Array.from({ length: to - from }, (_, i) => `word${from + i}`).join(' ')
      const events = [
        eventAt(1, { message: words(0, 3000) }),
        eventAt(2, { message: words(2000, 2010) }),
        eventAt(3, { message: words(0, 600), user: { name: words(600, 700) } }),
        eventAt(4, { audit: { category: 'change', module: words(0, 800), component: words(800, 1300) } }),
      ]
      const stored = await filled(store, events)
      await ground.settled()
      for (const word of ['word5', 'word650', 'word1999', 'word2005', 'word2999']) {
        const asked: AggregateRequest = { query: { kind: 'words', words: [word], prefix: false }, by: [] }
        const { count } = await store.aggregate(asked)
        expect([word, count]).toEqual([word, plainAggregate(stored, asked).count])
      }
    })
  })
}
