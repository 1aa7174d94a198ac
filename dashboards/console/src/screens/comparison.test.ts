import { describe, expect, it } from 'vitest'
import { comparison } from './comparison.ts'

describe('a figure against the time before', () => {
  it('says how much more or less it is', () => {
    expect(comparison(150, 100)).toBe('+50 % to the time before')
    expect(comparison(50, 100)).toBe('−50 % to the time before')
    expect(comparison(100, 100)).toBe('as in the time before')
  })

  it('divides by nothing', () => {
    expect(comparison(5, 0)).toBe('none in the time before')
    expect(comparison(0, 0)).toBe('as before')
  })
})
