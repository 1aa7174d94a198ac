import { describe, expect, it } from 'vitest'
import { timeTicks } from './time-ticks.ts'

const BERLIN = 'Europe/Berlin'
const at = (text: string, zone = BERLIN): number =>
  Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds

function ticks(from: string, to: string, most = 8, zone = BERLIN): string[] {
  return timeTicks({ from: at(from, zone), to: at(to, zone) }, zone, most).map(
    (tick) =>
      `${Temporal.Instant.fromEpochMilliseconds(tick.at).toZonedDateTimeISO(zone).toPlainDateTime().toString({ smallestUnit: 'minute' })} ${tick.shows}`,
  )
}

describe('the ticks of time', () => {
  it('are round times of the clock of the zone', () => {
    expect(ticks('2026-11-18T14:07', '2026-11-18T15:07', 4)).toEqual([
      '2026-11-18T14:15 time',
      '2026-11-18T14:30 time',
      '2026-11-18T14:45 time',
      '2026-11-18T15:00 time',
    ])
    expect(ticks('2026-11-18T09:10', '2026-11-19T09:10', 4, 'Asia/Kolkata')).toEqual([
      '2026-11-18T12:00 time',
      '2026-11-18T18:00 time',
      '2026-11-19T00:00 day',
      '2026-11-19T06:00 time',
    ])
  })

  it('are midnights over days, Mondays over weeks, firsts over months and years', () => {
    expect(ticks('2026-11-11T15:00', '2026-11-14T15:00', 3)).toEqual([
      '2026-11-12T00:00 day',
      '2026-11-13T00:00 day',
      '2026-11-14T00:00 day',
    ])
    expect(ticks('2026-11-01T12:00', '2026-11-29T12:00', 4)).toEqual([
      '2026-11-02T00:00 day',
      '2026-11-09T00:00 day',
      '2026-11-16T00:00 day',
      '2026-11-23T00:00 day',
    ])
    expect(ticks('2025-11-20T00:00', '2026-04-20T00:00', 6)).toEqual([
      '2025-12-01T00:00 month',
      '2026-01-01T00:00 year',
      '2026-02-01T00:00 month',
      '2026-03-01T00:00 month',
      '2026-04-01T00:00 month',
    ])
    expect(ticks('1970-01-01T00:00', '2026-04-20T00:00', 6).map((tick) => tick.slice(0, 4))).toEqual([
      '1970',
      '1980',
      '1990',
      '2000',
      '2010',
      '2020',
    ])
  })

  it('keep to the clock where it is set forward and back', () => {
    expect(ticks('2026-03-28T18:00', '2026-03-29T12:00', 6)).toEqual([
      '2026-03-28T18:00 time',
      '2026-03-28T21:00 time',
      '2026-03-29T00:00 day',
      '2026-03-29T03:00 time',
      '2026-03-29T06:00 time',
      '2026-03-29T09:00 time',
      '2026-03-29T12:00 time',
    ])
    const back = ticks('2026-10-25T00:00', '2026-10-25T06:00', 7)
    expect(back.at(-1)).toBe('2026-10-25T06:00 time')
    expect(new Set(back).size).toBeGreaterThanOrEqual(7)
  })

  it('are ascending, within the interval, and few, for any length', () => {
    const to = at('2026-11-18T15:31')
    for (let length = 120_000; length < 40 * 365 * 86_400_000; length *= 1.9) {
      const found = timeTicks({ from: to - length, to }, BERLIN, 7)
      expect(found.length).toBeLessThanOrEqual(9)
      const times = found.map((tick) => tick.at)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(times.every((one) => one >= to - length && one <= to)).toBe(true)
    }
  })

  it('are no nearer than the bars are wide', () => {
    const week = { from: at('2026-11-11T00:00'), to: at('2026-11-18T00:00') }
    expect(timeTicks(week, BERLIN, 14).some(({ shows }) => shows === 'time')).toBe(true)
    expect(timeTicks(week, BERLIN, 14, 86_400_000).every(({ shows }) => shows === 'day')).toBe(true)
  })

  it('are none for an interval without a length', () => {
    expect(timeTicks({ from: 5, to: 5 }, 'UTC', 5)).toEqual([])
  })
})
