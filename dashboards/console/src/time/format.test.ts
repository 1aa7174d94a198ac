import { describe, expect, it } from 'vitest'
import { counted, dayOf, keptFor } from './format.ts'

const at = (text: string): number => Date.parse(text)

describe('how times and figures are written', () => {
  it('a day says its year where that is another than now', () => {
    const now = at('2026-11-18T10:00Z')
    expect(dayOf(at('2026-01-02T10:00Z'), 'UTC', now)).toBe('2 Jan')
    expect(dayOf(at('2025-12-31T23:59Z'), 'UTC', now)).toBe('31 Dec 2025')
    expect(dayOf(at('2025-12-31T23:59Z'), 'Europe/Berlin', now)).toBe('1 Jan')
    expect(dayOf(at('2026-01-01T00:20Z'), 'Asia/Kolkata', now)).toBe('1 Jan')
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
})
