import { describe, expect, it } from 'vitest'
import { lastPeriod, namedPeriod, namedPeriods, periodText } from './periods.ts'

const NOW = Date.UTC(2026, 10, 30, 23, 30)

describe('the last period that is over', () => {
  it.each([
    ['day', '2026-11-29', '2026-11-29'],
    ['week', '2026-11-23', '2026-11-29'],
    ['month', '2026-10-01', '2026-10-31'],
    ['quarter', '2026-07-01', '2026-09-30'],
    ['year', '2025-01-01', '2025-12-31'],
  ] as const)('a %s has all its days, on the calendar', (period, from, to) => {
    expect(lastPeriod(period, NOW, 'UTC')).toEqual({ from, to })
  })

  it('is that of the time zone: in Berlin, December has begun', () => {
    expect(lastPeriod('day', NOW, 'Europe/Berlin')).toEqual({ from: '2026-11-30', to: '2026-11-30' })
    expect(lastPeriod('month', NOW, 'Europe/Berlin')).toEqual({ from: '2026-11-01', to: '2026-11-30' })
  })
})

describe('a period in words', () => {
  const berlin = (text: string): number =>
    Temporal.PlainDateTime.from(text).toZonedDateTime('Europe/Berlin').epochMilliseconds

  it('is its days where it has whole days of the zone, also over a change of the clock', () => {
    const period = { from: berlin('2026-10-01T00:00'), to: berlin('2026-11-01T00:00') }
    expect(periodText(period, 'Europe/Berlin')).toMatch(/^\D*1\D+2026 – \D*31\D+2026, Europe\/Berlin$/)
    expect(periodText(period, 'UTC')).toContain('22:00')
  })

  it('without an end or a beginning says so', () => {
    expect(periodText({ from: null, to: null }, 'UTC')).toBe('all time')
    expect(periodText({ from: 0, to: NOW }, 'UTC')).toMatch(/^until .*23:30, UTC$/)
    expect(periodText({ from: NOW, to: null }, 'UTC')).toMatch(/^since .*23:30, UTC$/)
  })
})

describe('a named period', () => {
  it('is a quarter or a year', () => {
    expect(namedPeriod('2026-Q1')).toEqual({ from: '2026-01-01', to: '2026-03-31' })
    expect(namedPeriod('2026-Q4')).toEqual({ from: '2026-10-01', to: '2026-12-31' })
    expect(namedPeriod('2024')).toEqual({ from: '2024-01-01', to: '2024-12-31' })
    for (const wrong of ['2026-Q5', '26', '', 'Q1']) expect(namedPeriod(wrong)).toBeNull()
  })

  it('is offered from the present one back', () => {
    const names = namedPeriods(NOW, 'UTC').map(({ name }) => name)
    expect(names.slice(0, 5)).toEqual(['2026-Q4', '2026-Q3', '2026-Q2', '2026-Q1', '2025-Q4'])
    expect(names.slice(-2)).toEqual(['2026', '2025'])
    for (const name of names) expect(namedPeriod(name)).not.toBeNull()
  })
})
