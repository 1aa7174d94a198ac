import { describe, expect, it } from 'vitest'
import { comparison } from './comparison.ts'

describe('a figure against an earlier time', () => {
  it('says how much more or less it is', () => {
    expect(comparison(150, 100, 'this time yesterday')).toBe('+50 % compared with this time yesterday')
    expect(comparison(50, 100, 'this time yesterday')).toBe('−50 % compared with this time yesterday')
    expect(comparison(100, 100, 'this time last week')).toBe('same as by this time last week')
  })

  it('says how many times, where percents would be no help', () => {
    expect(comparison(2123, 100, 'this time last week')).toBe('21 times as many as by this time last week')
  })

  it('divides by nothing', () => {
    expect(comparison(5, 0, 'this time last month')).toBe('no events by this time last month')
    expect(comparison(0, 0, 'this time yesterday')).toBe('no events by this time yesterday')
  })
})
