import type { Interval } from './ranges.ts'

export interface Begun extends Interval {
  /** The same part of the one before: of a day until 15:00, the day before until 15:00. */
  readonly earlier: Interval
}

/** The day, the week and the month as far as they have come for a reader, up to the end of this minute: so the same question is asked again. */
export function begun(now: number, zone: string): Record<'day' | 'week' | 'month', Begun> {
  const end = Temporal.Instant.fromEpochMilliseconds(now)
    .toZonedDateTimeISO(zone)
    .round({ smallestUnit: 'minute', roundingMode: 'ceil' })
  const today = end.startOfDay()
  const since = (start: Temporal.ZonedDateTime, length: Temporal.DurationLike): Begun => {
    const before = start.subtract(length)
    // A month that is shorter than the day of this one ends where this one began.
    const until = Math.min(end.subtract(length).epochMilliseconds, start.epochMilliseconds)
    return {
      from: start.epochMilliseconds,
      to: end.epochMilliseconds,
      earlier: { from: before.epochMilliseconds, to: until },
    }
  }
  return {
    day: since(today, { days: 1 }),
    week: since(today.subtract({ days: today.dayOfWeek - 1 }), { weeks: 1 }),
    month: since(today.with({ day: 1 }), { months: 1 }),
  }
}
