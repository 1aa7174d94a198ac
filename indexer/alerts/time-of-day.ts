import { type Condition, DAYS } from './rule.ts'

type Schedule = Extract<Condition, { readonly kind: 'schedule' }>

/** Whether a time lies in the hours of a schedule, as a clock on the wall of that time zone shows it. */
export function inHours({ from, to, days }: Schedule, at: number, zone: string): boolean {
  const there = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  const minute = there.hour * 60 + there.minute
  const overMidnight = from > to
  const within = overMidnight ? minute >= from || minute < to : minute >= from && minute < to
  if (!within) return false
  // A night belongs to the day on which it began.
  const began = overMidnight && minute < to ? there.subtract({ days: 1 }) : there
  return days.includes(DAYS[began.dayOfWeek - 1]!)
}
