import { DAYS, type ExceptTime, type Hours } from '../../../schema/rule.ts'

/** The clock and the calendar of the organisation. */
export interface Calendar {
  readonly zone: string
  /** Dates such as 2026-12-25. */
  readonly holidays?: ReadonlySet<string>
}

/** Whether a time lies in these hours, as a clock on the wall of that time zone shows it. A holiday counts as a Sunday. */
export function inHours({ from, to, days }: Hours, at: number, { zone, holidays }: Calendar): boolean {
  const there = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  const minute = there.hour * 60 + there.minute
  const overMidnight = from > to
  const within = overMidnight ? minute >= from || minute < to : minute >= from && minute < to
  if (!within) return false
  // A night belongs to the day on which it began.
  const began = overMidnight && minute < to ? there.subtract({ days: 1 }) : there
  const isHoliday = holidays?.has(began.toPlainDate().toString()) === true
  return days.includes(isHoliday ? 'sunday' : DAYS[began.dayOfWeek - 1]!)
}

export const isExcepted = (times: readonly ExceptTime[], at: number, calendar: Calendar): boolean =>
  times.some((time) => ('since' in time ? at >= time.since && at < time.until : inHours(time, at, calendar)))

/** The beginning of the hour, and of the same hour on the clock in each of these weeks before. */
export function sameHours(at: number, weeks: number, { zone }: Calendar): { hour: number; before: number[] } {
  const hour = Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(zone)
    .round({ smallestUnit: 'hour', roundingMode: 'floor' })
  const before = Array.from(
    { length: weeks },
    (_, week) => hour.subtract({ weeks: week + 1 }).epochMilliseconds,
  )
  return { hour: hour.epochMilliseconds, before }
}
