import { englishOf, READER } from '../time/habits.ts'

/** The periods that a report covers, as days: both ends are part of it. */
export interface Days {
  readonly from: string
  readonly to: string
}

export const PERIODS = {
  day: 'Last day',
  week: 'Last week',
  month: 'Last month',
  quarter: 'Last quarter',
  year: 'Last year',
} as const
export type Period = keyof typeof PERIODS

export const isPeriod = (text: string): text is Period => Object.hasOwn(PERIODS, text)

const LENGTHS: Readonly<Record<Period, Temporal.DurationLike>> = {
  day: { days: 1 },
  week: { weeks: 1 },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { years: 1 },
}

function startOf(day: Temporal.PlainDate, period: Period): Temporal.PlainDate {
  switch (period) {
    case 'day':
      return day
    case 'week':
      return day.subtract({ days: day.dayOfWeek - 1 })
    case 'month':
      return day.with({ day: 1 })
    case 'quarter':
      return day.with({ day: 1, month: Math.floor((day.month - 1) / 3) * 3 + 1 })
    case 'year':
      return day.with({ day: 1, month: 1 })
  }
}

const today = (now: number, zone: string): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate()

/** The last period of a kind that is over. Weeks begin on Monday. */
export function lastPeriod(period: Period, now: number, zone: string): Days {
  const start = startOf(today(now, zone), period)
  return {
    from: start.subtract(LENGTHS[period]).toString(),
    to: start.subtract({ days: 1 }).toString(),
  }
}

const DATE = new Intl.DateTimeFormat(englishOf(READER), {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
})
const dayText = (day: string): string => DATE.format(new Date(`${day}T00:00Z`))

/** Days in words: 1 Oct 2026 – 31 Oct 2026. */
export const daysText = ({ from, to }: Days): string =>
  from === to ? dayText(from) : `${dayText(from)} – ${dayText(to)}`

const two = (part: number): string => String(part).padStart(2, '0')

/** A period between moments in words, with its zone: as days where it has whole days. */
export function periodText(period: { from: number | null; to: number | null }, zone: string): string {
  const at = (time: number): Temporal.ZonedDateTime =>
    Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone)
  const isMidnight = (time: number | null): time is number =>
    time !== null && at(time).startOfDay().epochMilliseconds === time
  const { from, to } = period
  if (isMidnight(from) && isMidnight(to) && from < to)
    return `${daysText({
      from: at(from).toPlainDate().toString(),
      to: at(to).toPlainDate().subtract({ days: 1 }).toString(),
    })}, ${zone}`
  const text = (time: number): string => {
    const moment = at(time)
    return `${dayText(moment.toPlainDate().toString())}, ${two(moment.hour)}:${two(moment.minute)}`
  }
  if (from === null || from === 0) return to === null ? 'all time' : `until ${text(to)}, ${zone}`
  return to === null ? `since ${text(from)}, ${zone}` : `${text(from)} – ${text(to)}, ${zone}`
}

const QUARTER = /^(\d{4})-Q([1-4])$/
const YEAR = /^\d{4}$/

/** `2026-Q4` or `2026` as days; null if it is neither. */
export function namedPeriod(name: string): Days | null {
  const quarter = QUARTER.exec(name)
  if (quarter === null) return YEAR.test(name) ? { from: `${name}-01-01`, to: `${name}-12-31` } : null
  const from = Temporal.PlainDate.from({
    year: Number(quarter[1]),
    month: Number(quarter[2]) * 3 - 2,
    day: 1,
  })
  return { from: from.toString(), to: from.add({ months: 3 }).subtract({ days: 1 }).toString() }
}

const QUARTERS = 8

/** The quarters and years to choose from: the present ones first. */
export function namedPeriods(now: number, zone: string): { readonly name: string; readonly text: string }[] {
  const day = today(now, zone)
  const current = startOf(day, 'quarter')
  const quarters = Array.from({ length: QUARTERS }, (_, back) => {
    const { year, month } = current.subtract({ months: 3 * back })
    const quarter = Math.ceil(month / 3)
    return {
      name: `${year}-Q${quarter}`,
      text: `Quarter ${quarter} of ${year}${back === 0 ? ' (so far)' : ''}`,
    }
  })
  const years = [day.year, day.year - 1].map((year) => ({
    name: String(year),
    text: `The year ${year}${year === day.year ? ' (so far)' : ''}`,
  }))
  return [...quarters, ...years]
}
