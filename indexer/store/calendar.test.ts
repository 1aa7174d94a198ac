import { describe, expect, test } from 'vitest'
import type { TimeSplit } from './calendar.ts'
import { axisOf, keysBetween } from './calendar.ts'

const at = (text: string): number => Date.parse(text)
const texts = (keys: readonly number[]): string[] => keys.map((key) => new Date(key).toISOString())
const every = (interval: 'day' | 'week' | 'month' | 'year' | number, zone: string): TimeSplit => ({
  kind: 'time',
  every: interval,
  zone,
})

describe('buckets of time', () => {
  test('days begin at midnight of the zone, on the days that have 23 or 25 hours, too', () => {
    const keys = keysBetween(
      every('day', 'Europe/Berlin'),
      at('2026-10-23T22:00Z'),
      at('2026-10-25T23:00Z'),
      10,
    )
    expect(texts(keys)).toEqual([
      '2026-10-23T22:00:00.000Z',
      '2026-10-24T22:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
    ])
    const spring = axisOf(every('day', 'Europe/Berlin'))(at('2026-03-29T12:00Z'))
    expect((spring.until - spring.key) / 3_600_000).toBe(23)
  })

  test('a day that begins at one o’clock begins there', () => {
    // A clock that goes forward at midnight skips midnight.
    const { key } = axisOf(every('day', 'America/Sao_Paulo'))(at('2018-11-04T12:00Z'))
    expect(new Date(key).toISOString()).toBe('2018-11-04T03:00:00.000Z')
  })

  test('a day that was left out is in no bucket', () => {
    const keys = keysBetween(
      every('day', 'Pacific/Apia'),
      at('2011-12-29T10:00Z'),
      at('2011-12-30T10:00Z'),
      10,
    )
    expect(texts(keys)).toEqual(['2011-12-29T10:00:00.000Z', '2011-12-30T10:00:00.000Z'])
  })

  test('weeks begin on Monday, months and years with their first day', () => {
    const time = at('2026-01-01T12:00Z')
    expect(new Date(axisOf(every('week', 'UTC'))(time).key).toISOString()).toBe('2025-12-29T00:00:00.000Z')
    expect(new Date(axisOf(every('month', 'UTC'))(time).key).toISOString()).toBe('2026-01-01T00:00:00.000Z')
    const year = axisOf(every('year', 'America/New_York'))(time)
    expect(texts([year.key, year.until])).toEqual(['2026-01-01T05:00:00.000Z', '2027-01-01T05:00:00.000Z'])
  })

  test('intervals are counted from 1970, before it too', () => {
    expect(axisOf(every(1000, 'UTC'))(-1)).toEqual({ key: -1000, until: 0 })
    expect(axisOf(every(1000, 'UTC'))(1999)).toEqual({ key: 1000, until: 2000 })
    expect(() => axisOf(every(0, 'UTC'))).toThrow('is not an interval')
  })

  test('hours of the day and days of the week are those of the zone, across a change of the clocks', () => {
    const hour = axisOf({ kind: 'hour-of-day', zone: 'Europe/Berlin' })
    const times = ['00:30', '01:30', '02:30'].map((time) => hour(at(`2026-10-25T${time}Z`)).key)
    expect(times).toEqual([2, 2, 3])
    expect(axisOf({ kind: 'hour-of-day', zone: 'Asia/Kathmandu' })(at('2026-01-01T00:00Z'))).toEqual({
      key: 5,
      until: at('2026-01-01T00:15Z'),
    })
    const day = axisOf({ kind: 'day-of-week', zone: 'Pacific/Auckland' })
    expect(day(at('2026-11-22T10:59Z')).key).toBe(7)
    expect(day(at('2026-11-22T11:00Z')).key).toBe(1)
    expect(day(at('1969-12-31T12:00Z')).key).toBe(4)
  })

  test('too many are refused', () => {
    expect(() => keysBetween(every(60_000, 'UTC'), 0, 10 * 60_000, 10)).toThrow('more than 10 intervals')
    expect(keysBetween({ kind: 'day-of-week', zone: 'UTC' }, 3, 3, 10)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })
})
