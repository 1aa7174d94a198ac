import { describe, expect, it } from 'vitest'
import { greatestToMedian, isFlattened, linearTicks, scaleOf } from './scale.ts'

describe('the ticks of counts', () => {
  it('are whole numbers at equal, round steps', () => {
    expect(linearTicks(9, 3)).toEqual([0, 5])
    expect(linearTicks(243, 3)).toEqual([0, 100, 200])
    expect(linearTicks(1_000_000, 4)).toEqual([0, 500_000, 1_000_000])
  })

  it('never name half an event', () => {
    expect(linearTicks(1, 4)).toEqual([0, 1])
    expect(linearTicks(3, 8)).toEqual([0, 1, 2, 3])
  })

  it('are at most one more than asked for, whatever the greatest count is', () => {
    for (let greatest = 1; greatest < 100_000; greatest = Math.ceil(greatest * 1.13))
      for (const most of [2, 3, 4]) {
        const ticks = linearTicks(greatest, most)
        expect(ticks.length).toBeLessThanOrEqual(most + 1)
        expect(ticks.at(-1)).toBeGreaterThan(0)
      }
  })

  it('are powers of ten on a logarithmic scale, thinned out where there are many', () => {
    expect(scaleOf([1, 7, 5000], 'log', 4).ticks).toEqual([1, 10, 100, 1000])
    expect(scaleOf([3_000_000], 'log', 3).ticks).toEqual([1, 1000, 1_000_000])
  })
})

describe('the heights of bars', () => {
  it('are in proportion to counts on a linear scale', () => {
    const { share } = scaleOf([10, 20, 40], 'linear', 3)
    expect(share(0)).toBe(0)
    expect(share(20)).toBeCloseTo(share(40) / 2)
    expect(share(40)).toBeLessThanOrEqual(1)
  })

  it('are to the top for the greatest count on a logarithmic scale, and one event has a height', () => {
    const { share } = scaleOf([1, 30, 10_000], 'log', 3)
    expect(share(10_000)).toBeCloseTo(1)
    expect(share(1)).toBeGreaterThan(0.05)
    expect(share(0)).toBe(0)
    // Each power of ten is as high as the one before.
    expect(share(100) - share(10)).toBeCloseTo(share(1000) - share(100))
  })

  it('exist for a chart without events, or with one', () => {
    expect(scaleOf([], 'linear', 3).ticks).toEqual([0, 1])
    expect(scaleOf([], 'log', 3).share(1)).toBe(1)
    expect(scaleOf([1], 'log', 3).share(1)).toBe(1)
  })
})

describe('a chart whose greatest bar flattens the rest', () => {
  it('is one in which that bar is 50 times the median', () => {
    expect(isFlattened([10, 10, 10, 499])).toBe(false)
    expect(isFlattened([10, 10, 10, 500])).toBe(true)
    expect(greatestToMedian([10, 20, 3000])).toBe(150)
  })

  it('is told by the bars that have events', () => {
    expect(isFlattened([0, 0, 0, 0, 40])).toBe(false)
    expect(isFlattened([])).toBe(false)
    expect(greatestToMedian([1, 0, 3, 0])).toBe(1.5)
  })
})
