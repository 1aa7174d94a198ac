import { describe, expect, it } from 'vitest'
import { widened } from './use-zoom.ts'

describe('zooming out', () => {
  it('shows twice as long a time around the same middle', () => {
    expect(widened({ from: 1000, to: 2000 }, 9000)).toEqual([500, 2500])
  })

  it('does not go beyond now, and back further instead', () => {
    expect(widened({ from: 1000, to: 2000 }, 2100)).toEqual([100, 2100])
    expect(widened({ from: 1000, to: 2000 }, 2000)).toEqual([0, 2000])
  })

  it('keeps a time that is yet to come', () => {
    expect(widened({ from: 8000, to: 9000 }, 2000)).toEqual([7000, 9000])
  })
})
