import fc from 'fast-check'
import { expect, it } from 'vitest'
import { anEvent, aQuery } from '../store/testing/arbitraries.ts'
import { matches } from './evaluate.ts'
import { matcherOf, QueryIndex } from './query-index.ts'

it('finds each rule whose query an event matches, and each only once', () => {
  fc.assert(
    fc.property(fc.array(aQuery, { maxLength: 12 }), fc.integer({ min: 0, max: 999 }), (queries, n) => {
      const routes = new QueryIndex(queries.map((query) => [query, query] as const))
      const event = fc.sample(anEvent(n), { numRuns: 1, seed: n })[0]!
      const found = routes.of(event)
      expect(new Set(found).size).toBe(found.length)
      const any = { kind: 'or', of: queries } as const
      expect(matcherOf(any)(event)).toBe(matches(any, event))
      for (const query of queries) if (matches(query, event)) expect(found).toContain(query)
    }),
    { numRuns: process.env.WAYBILL_FULL === undefined ? 300 : 20_000 },
  )
})

it('looks at few rules for an event', () => {
  const rules = Array.from({ length: 1000 }, (_, i) => i)
  const routes = new QueryIndex(
    rules.map((i) => [i, { kind: 'equals', field: 'event.action', value: `Action-${i}` }] as const),
  )
  expect(routes.of({ event: { action: 'action-17' } })).toEqual([17])
  expect(routes.of({ event: { action: ['ACTION-3', 'action-4'] } })).toEqual([3, 4])
  expect(routes.of({ message: 'none' })).toEqual([])
})
