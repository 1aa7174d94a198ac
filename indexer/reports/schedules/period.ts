import type { Period } from '../../../schema/api/index.ts'

/** A stretch of time, ms: at or after, and before. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The last such period of the calendar that is over at this time. Weeks begin on Monday. */
export function periodBefore(period: Period, zone: string, time: number): Span {
  const here = startOf(period, Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone))
  const before = startOf(period, here.subtract(LENGTHS[period]))
  return { from: before.epochMilliseconds, to: here.epochMilliseconds }
}

const LENGTHS = {
  day: { days: 1 },
  week: { weeks: 1 },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { years: 1 },
} as const satisfies Record<Period, Temporal.DurationLike>

function startOf(period: Period, time: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  const date = time.toPlainDate()
  switch (period) {
    case 'day':
      return date.toZonedDateTime(time.timeZoneId)
    case 'week':
      return date.subtract({ days: date.dayOfWeek - 1 }).toZonedDateTime(time.timeZoneId)
    case 'month':
      return date.with({ day: 1 }).toZonedDateTime(time.timeZoneId)
    case 'quarter':
      return date
        .with({ day: 1, month: date.month - ((date.month - 1) % 3) })
        .toZonedDateTime(time.timeZoneId)
    case 'year':
      return date.with({ day: 1, month: 1 }).toZonedDateTime(time.timeZoneId)
  }
}
