import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Range, reachOf, withRange } from './ranges.ts'

const range = fc
  .tuple(fc.nat(30), fc.integer({ min: 1, max: 8 }))
  .map(([from, length]): Range => [from, from + length])
const placesIn = (ranges: readonly Range[]): Set<number> =>
  new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)))

describe('ranges', () => {
  it('put together hold what each held, in order, and do not touch', () => {
    fc.assert(
      fc.property(fc.array(range), (all) => {
        const joined = all.reduce<readonly Range[]>(withRange, [])
        expect(placesIn(joined)).toEqual(new Set([...placesIn(all)].sort((a, b) => a - b)))
        for (let i = 1; i < joined.length; i++) expect(joined[i]![0]).toBeGreaterThan(joined[i - 1]![1])
      }),
    )
  })

  it('reach to the first place that none of them holds', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.array(range), (place, all) => {
        const held = placesIn(all)
        let at = place
        while (held.has(at)) at++
        expect(reachOf(place, all)).toBe(at)
      }),
    )
  })
})
