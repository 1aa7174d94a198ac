import { describe, expect, it } from 'vitest'
import { begun } from './ranges.ts'

const at = (text: string): number => Date.parse(text)

describe('a day, a week and a month as far as they have come', () => {
  const { day, week, month } = begun(at('2026-11-18T14:30:20Z'), 'UTC')

  it('begin where they begin for the reader, and end with this minute', () => {
    expect(day).toMatchObject({ from: at('2026-11-18T00:00Z'), to: at('2026-11-18T14:31Z') })
    expect(week.from).toBe(at('2026-11-16T00:00Z'))
    expect(month.from).toBe(at('2026-11-01T00:00Z'))
    expect(begun(at('2026-11-17T23:30Z'), 'Europe/Berlin').day.from).toBe(at('2026-11-17T23:00Z'))
  })

  it('are held against the same part of the one before', () => {
    expect(day.earlier).toEqual({ from: at('2026-11-17T00:00Z'), to: at('2026-11-17T14:31Z') })
    expect(week.earlier).toEqual({ from: at('2026-11-09T00:00Z'), to: at('2026-11-11T14:31Z') })
    expect(month.earlier).toEqual({ from: at('2026-10-01T00:00Z'), to: at('2026-10-18T14:31Z') })
  })

  it('are held against hours of the clock, where a night had one more', () => {
    const { earlier } = begun(at('2026-10-26T11:00Z'), 'Europe/Berlin').day
    expect(earlier).toEqual({ from: at('2026-10-24T22:00Z'), to: at('2026-10-25T11:00Z') })
  })
})
