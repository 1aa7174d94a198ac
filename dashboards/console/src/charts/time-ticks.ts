import type { Interval } from '../time/ranges.ts'

export interface TimeTick {
  readonly at: number
  /** The form of its label: the time of the day, the day, the month, or the year. */
  readonly shows: 'time' | 'day' | 'month' | 'year'
}

interface Step {
  readonly unit: 'minute' | 'hour' | 'day' | 'month' | 'year'
  readonly count: number
  /** ms, about. */
  readonly length: number
}

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
const stepsOf = (unit: Step['unit'], length: number, counts: readonly number[]): Step[] =>
  counts.map((count) => ({ unit, count, length: count * length }))
const STEPS: readonly Step[] = [
  ...stepsOf('minute', MINUTE, [1, 2, 5, 10, 15, 30]),
  ...stepsOf('hour', HOUR, [1, 2, 3, 6, 12]),
  ...stepsOf('day', DAY, [1, 2, 7, 14]),
  ...stepsOf('month', 30.5 * DAY, [1, 3, 6]),
  ...stepsOf('year', 365 * DAY, [1, 2, 5, 10, 20, 50]),
]

/** Round times of a zone within an interval, at most about `most`, and no nearer than `least` ms: whole hours, midnights, Mondays, firsts of months and years. */
export function timeTicks(interval: Interval, zone: string, most: number, least = 0): TimeTick[] {
  // A month is shorter than its average now and then.
  const steps = STEPS.filter(({ length }) => length >= least * 0.9)
  const step = steps.find(({ length }) => (interval.to - interval.from) / length <= most) ?? STEPS.at(-1)
  if (step === undefined || interval.to <= interval.from) return []
  const ticks: TimeTick[] = []
  let next = beginOf(interval.from, zone, step)
  // A zone that sets its clock back shows an hour twice, so the number of ticks is bounded by more than `most`.
  while (next.epochMilliseconds <= interval.to && ticks.length <= 2 * most + 2) {
    if (next.epochMilliseconds >= interval.from)
      ticks.push({ at: next.epochMilliseconds, shows: formOf(next, step) })
    next = after(next, step)
  }
  return ticks
}

function formOf(time: Temporal.ZonedDateTime, { unit }: Step): TimeTick['shows'] {
  const isMidnight = time.hour === 0 && time.minute === 0
  if (unit === 'minute' || unit === 'hour') return isMidnight ? 'day' : 'time'
  if (unit === 'day') return 'day'
  return unit === 'year' || time.month === 1 ? 'year' : 'month'
}

/** The last round time at or before a moment. */
function beginOf(at: number, zone: string, { unit, count }: Step): Temporal.ZonedDateTime {
  const time = Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(zone)
  const day = time.startOfDay()
  switch (unit) {
    case 'minute':
    case 'hour': {
      const each = count * (unit === 'hour' ? 60 : 1)
      const minutes = time.hour * 60 + time.minute
      return atMinutes(day, minutes - (minutes % each))
    }
    case 'day':
      return count >= 7
        ? day.subtract({ days: day.dayOfWeek - 1 })
        : day.subtract({ days: (day.day - 1) % count })
    case 'month':
      return day.with({ day: 1, month: day.month - ((day.month - 1) % count) })
    case 'year':
      return day.with({ day: 1, month: 1, year: day.year - (day.year % count) })
  }
}

function after(time: Temporal.ZonedDateTime, { unit, count }: Step): Temporal.ZonedDateTime {
  if (unit === 'month') return time.add({ months: count })
  if (unit === 'year') return time.add({ years: count })
  if (unit === 'day') {
    const next = time.add({ days: count })
    // Every other day begins anew with each month, so that its days are the same ones.
    return count < 7 && next.month !== time.month && count > 1 ? next.with({ day: 1 }) : next
  }
  const minutes = time.hour * 60 + time.minute + count * (unit === 'hour' ? 60 : 1)
  if (minutes >= 24 * 60) return time.startOfDay().add({ days: 1 })
  const next = atMinutes(time.startOfDay(), minutes)
  return next.epochMilliseconds > time.epochMilliseconds ? next : time.add({ minutes: minutes % 60 || 60 })
}

/** A time on the clock; where the clock is set forward over it, the next that there is. */
const atMinutes = (day: Temporal.ZonedDateTime, minutes: number): Temporal.ZonedDateTime =>
  day.with({ hour: Math.floor(minutes / 60), minute: minutes % 60 })
