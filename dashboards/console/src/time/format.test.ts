import { describe, expect, it } from 'vitest'
import { clockTime, counted, dayOf, keptFor, moreValues } from './format.ts'
import { habitsOf } from './habits.ts'

const at = (text: string): number => Date.parse(text)

describe('how times and figures are written', () => {
  it('a day says its year where that is another than now', () => {
    const now = at('2026-11-18T10:00Z')
    const day = (text: string, zone: string): string => dayOf(at(text), zone, now, habitsOf('en-GB'))
    expect(day('2026-01-02T10:00Z', 'UTC')).toBe('2 Jan')
    expect(day('2025-12-31T23:59Z', 'UTC')).toBe('31 Dec 2025')
    expect(day('2025-12-31T23:59Z', 'Europe/Berlin')).toBe('1 Jan')
    expect(day('2026-01-01T00:20Z', 'Asia/Kolkata')).toBe('1 Jan')
  })

  it('day and clock are those of the reader', () => {
    const noon = at('2025-11-05T14:03:09Z')
    const written = (locale: string): string[] => {
      const habits = habitsOf(locale)
      return [dayOf(noon, 'UTC', at('2026-11-18T10:00Z'), habits), clockTime(noon, 'UTC', habits)]
    }
    expect(written('de-DE')).toEqual(['5 Nov 2025', '14:03:09'])
    expect(written('en-US')).toEqual(['Nov 5, 2025', '02:03:09 PM'])
    expect(written('en-AU')).toEqual(['5 Nov 2025', '02:03:09 pm'])
  })

  it('one is one, and several are several', () => {
    expect([counted(1, 'event'), counted(2000, 'event')]).toEqual(['1 event', '2,000 events'])
  })

  it('what is kept is kept for days, or for years', () => {
    const DAY = 86_400_000
    expect([30, 90, 365, 730, 2555].map((days) => keptFor(days * DAY))).toEqual([
      '30 days',
      '90 days',
      '1 year',
      '2 years',
      '7 years',
    ])
  })

  it('singular and plural are right, also of words that do not end in s', () => {
    expect([counted(0, 'event'), counted(1, 'event'), counted(1200, 'event')]).toEqual([
      '0 events',
      '1 event',
      '1,200 events',
    ])
    expect([counted(1, 'entry', 'entries'), counted(2, 'entry', 'entries')]).toEqual(['1 entry', '2 entries'])
    expect(moreValues(1, 1)).toBe('1 more value with 1 event')
    expect(moreValues(3, 1)).toBe('3 more values with 1 event')
  })
})
