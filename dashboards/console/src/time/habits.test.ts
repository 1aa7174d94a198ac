import { describe, expect, it } from 'vitest'
import { habitsOf, readTyped, typed } from './habits.ts'

const AFTERNOON = Temporal.PlainDateTime.from('2026-11-05T14:30')

describe('a time as a reader types it', () => {
  it.each([
    ['en-GB', '05/11/2026, 14:30'],
    ['en-US', '11/05/2026, 2:30 PM'],
    ['de-DE', '05.11.2026, 14:30'],
    ['fr-FR', '05/11/2026, 14:30'],
    ['sv-SE', '2026-11-05, 14:30'],
    ['ja-JP', '2026/11/05, 14:30'],
    ['en-AU', '05/11/2026, 2:30 PM'],
    ['ko-KR', '2026.11.05, 2:30 PM'],
    ['ar-EG', '05/11/2026, 2:30 PM'],
    ['fa-IR', '2026/11/05, 14:30'],
  ])('in %s is %s, and is read back as the same', (locale, text) => {
    const habits = habitsOf(locale)
    expect(typed(AFTERNOON, habits)).toBe(text)
    expect(readTyped(text, habits)?.toString()).toBe('2026-11-05T14:30:00')
  })

  it('is midnight and noon where a clock has 12 hours', () => {
    const american = habitsOf('en-US')
    for (const [hour, text] of [
      [0, '12:05 AM'],
      [12, '12:05 PM'],
    ] as const) {
      const at = AFTERNOON.with({ hour, minute: 5 })
      expect(typed(at, american)).toBe(`11/05/2026, ${text}`)
      expect(readTyped(typed(at, american), american)?.toString()).toBe(at.toString())
    }
  })

  it('may be written as ISO has it, with other signs, and without a time', () => {
    const german = habitsOf('de-DE')
    for (const [text, read] of [
      ['2026-11-05T14:30', '2026-11-05T14:30:00'],
      ['2026-11-05 14:30:59', '2026-11-05T14:30:00'],
      ['5.11.2026', '2026-11-05T00:00:00'],
      ['5/11/2026 2:30 pm', '2026-11-05T14:30:00'],
    ] as const)
      expect(readTyped(text, german)?.toString()).toBe(read)
  })

  it.each(['', 'yesterday', '31.02.2026', '5.11.26', '5.13.2026', '5.11.2026, 25:00', '5.11.2026, 14:30 PM'])(
    'is none where it is none: %s',
    (text) => expect(readTyped(text, habitsOf('de-DE'))).toBeNull(),
  )
})
