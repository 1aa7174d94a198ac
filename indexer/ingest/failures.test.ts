import { describe, expect, it } from 'vitest'
import { Delays } from './failures.ts'

const PACE = { free: 2, first: 1000, longest: 5000, forgiven: 60_000 }

describe('delays', () => {
  it('grow with each failure up to the longest, and end with a success', () => {
    let now = 0
    const delays = new Delays(PACE, () => now)
    const waits = Array.from({ length: 6 }, () => {
      delays.failed('one')
      const left = delays.left('one')
      now += left
      return left
    })
    expect(waits).toEqual([0, 0, 1000, 2000, 4000, 5000])
    expect(delays.left('another')).toBe(0)
    delays.succeeded('one')
    expect(delays.failed('one')).toBe(1)
  })

  it('are forgiven one by one, by time in which nothing failed and nobody waited', () => {
    let now = 0
    const delays = new Delays(PACE, () => now)
    for (let i = 0; i < 4; i++) delays.failed('one')
    now += delays.left('one') + 2 * 60_000
    expect(delays.failed('one')).toBe(3)
  })

  it('are kept of no more than 10,000 keys: the one that failed longest ago is forgotten', () => {
    const delays = new Delays(PACE, () => 0)
    delays.failed('oldest')
    for (let i = 0; i < 9_999; i++) delays.failed(`key ${i}`)
    expect(delays.failed('oldest')).toBe(2)
    delays.failed('one more')
    expect(delays.failed('key 0')).toBe(1)
  })
})
