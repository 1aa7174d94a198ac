import { describe, expect, it } from 'vitest'
import { comparison } from './comparison.ts'

describe('a figure against an earlier time', () => {
  it('says how much more or less it is', () => {
    expect(comparison(150, 100, 'yesterday')).toBe('+50 % on yesterday')
    expect(comparison(50, 100, 'yesterday')).toBe('−50 % on yesterday')
    expect(comparison(100, 100, 'last week')).toBe('as last week')
  })

  it('says how many times, where percents would be no help', () => {
    expect(comparison(2123, 100, 'last week')).toBe('21 times that of last week')
  })

  it('divides by nothing', () => {
    expect(comparison(5, 0, 'last month')).toBe('none last month')
    expect(comparison(0, 0, 'yesterday')).toBe('none yesterday')
  })
})
