/**
 * The times of a schedule, in words and as the next moment, while somebody writes them. The indexer decides what they mean; this shows it
 * before anything is saved.
 */
export interface Cron {
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly days: readonly number[]
  readonly months: readonly number[]
  /** 1 is Monday, 7 is Sunday. */
  readonly weekdays: readonly number[]
  /** With both a day of the month and a day of the week, either is enough. */
  readonly isEither: boolean
}

const MONTH_NAMES = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
]
export const DAY_NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const MONTHS = MONTH_NAMES.map((name) => name.slice(0, 3).toLowerCase())
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** Five fields: minute, hour, day of the month, month, day of the week. Null if that is not what it is. */
export function readCron(text: string): Cron | null {
  const fields = text.trim().split(/\s+/)
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields
  const minutes = valuesIn(minute, 0, 59)
  const hours = valuesIn(hour, 0, 23)
  const days = valuesIn(day, 1, 31)
  const months = valuesIn(month, 1, 12, (name) => MONTHS.indexOf(name) + 1)
  const weekdays = valuesIn(weekday, 0, 7, (name) => (WEEKDAYS.includes(name) ? WEEKDAYS.indexOf(name) : -1))
  if (fields.length !== 5 || !minutes || !hours || !days || !months || !weekdays) return null
  return {
    minutes,
    hours,
    days,
    months,
    weekdays: ascending(weekdays.map((one) => (one === 0 ? 7 : one))),
    isEither: !day.startsWith('*') && !weekday.startsWith('*'),
  }
}

const ascending = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b)

function valuesIn(
  field: string,
  least: number,
  most: number,
  named: (name: string) => number = () => -1,
): number[] | null {
  const oneOf = (text: string): number | null => {
    const value = /^\d{1,2}$/.test(text) ? Number(text) : named(text.toLowerCase())
    return value >= least && value <= most ? value : null
  }
  const values: number[] = []
  for (const item of field.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(item) ?? []
    const [first = '', last, ...more] = range.split('-')
    const from = range === '*' ? least : oneOf(first)
    const to = range === '*' ? most : last !== undefined ? oneOf(last) : step === undefined ? from : most
    if (from === null || to === null || from > to || more.length > 0 || Number(step ?? 1) === 0) return null
    for (let value = from; value <= to; value += Number(step ?? 1)) values.push(value)
  }
  return ascending(values)
}

const two = (part: number): string => String(part).padStart(2, '0')
const list = (words: readonly (string | number)[], word = 'and'): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${word} ${words.at(-1)}`

const SUFFIXES = ['th', 'st', 'nd', 'rd']
export const ordinal = (day: number): string =>
  `${day}${(day > 3 && day < 21 ? undefined : SUFFIXES[day % 10]) ?? 'th'}`

/** A text names each time of the day up to this number of times. */
const MOST_NAMED = 4

/** On the 1st of each month at 06:00. */
export function cronInWords(cron: Cron): string {
  const text = `${daysInWords(cron)} ${timesInWords(cron)}`
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function daysInWords({ days, months, weekdays, isEither }: Cron): string {
  const isEachMonth = months.length === 12
  const inMonths = list(months.map((month) => MONTH_NAMES[month - 1] ?? ''))
  const isEachDay = days.length === 31
  const isEachWeekday = weekdays.length === 7
  const ofMonth = `on the ${list(days.map(ordinal))} of ${isEachMonth ? 'each month' : inMonths}`
  const first = weekdays[0] ?? 1
  const last = weekdays.at(-1) ?? 1
  const isRow = weekdays.length > 2 && last - first === weekdays.length - 1
  const names = weekdays.map((day) => DAY_NAMES[day - 1] ?? '')
  const ofWeek = isRow ? `every day from ${names[0]} to ${names.at(-1)}` : `every ${list(names)}`
  const within = isEachMonth ? '' : ` in ${inMonths}`
  if (isEither && !isEachDay && !isEachWeekday) return `${ofMonth}, and ${ofWeek}${within},`
  if (isEither || (isEachDay && isEachWeekday)) return `every day${within}`
  if (isEachDay) return `${ofWeek}${within}`
  return isEachWeekday ? ofMonth : `${ofMonth} if it is ${list(names, 'or')},`
}

function timesInWords({ hours, minutes }: Cron): string {
  if (hours.length * minutes.length <= MOST_NAMED)
    return `at ${list(hours.flatMap((hour) => minutes.map((minute) => `${two(hour)}:${two(minute)}`)))}`
  const ofHour =
    minutes.length === 60
      ? 'each minute'
      : minutes.length === 1 && minutes[0] === 0
        ? 'on the hour'
        : `at minute ${list(minutes)}`
  const isRow = hours.length > 2 && (hours.at(-1) ?? 0) - (hours[0] ?? 0) === hours.length - 1
  const which =
    hours.length === 24
      ? 'each hour'
      : isRow
        ? `each hour from ${two(hours[0] ?? 0)} to ${two(hours.at(-1) ?? 0)}`
        : `each of the hours ${list(hours.map(two))}`
  return ofHour === 'on the hour' ? `${which}, on the hour` : `${ofHour} of ${which}`
}

/** Leap days are at most eight years apart. */
const MOST_DAYS = 9 * 366

/** The first moment after another, on the clock of a zone; null if there is none. */
export function nextTime(cron: Cron, zone: string, now: number): number | null {
  const { days, months, weekdays, isEither, hours, minutes } = cron
  let date = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate()
  date = date.subtract({ days: 1 })
  for (let i = 0; i < MOST_DAYS; i++, date = date.add({ days: 1 })) {
    const [isDay, isWeekday] = [days.includes(date.day), weekdays.includes(date.dayOfWeek)]
    if (!months.includes(date.month) || !(isEither ? isDay || isWeekday : isDay && isWeekday)) continue
    for (const hour of hours)
      for (const minute of minutes) {
        const at = momentOf(date.toPlainDateTime({ hour, minute }), zone)
        if (at > now) return at
      }
  }
  return null
}

/** A time that the clock skips is the first moment after the gap; one that it shows twice is the first. */
function momentOf(local: Temporal.PlainDateTime, zone: string): number {
  const first = local.toZonedDateTime(zone, { disambiguation: 'earlier' })
  if (first.toPlainDateTime().equals(local)) return first.epochMilliseconds
  return first.getTimeZoneTransition('next')?.epochMilliseconds ?? first.epochMilliseconds
}

/** The times that a form has controls for. */
export interface Simple {
  readonly every: 'day' | 'week' | 'month'
  /** The day of the week from 1, or of the month. */
  readonly day: number
  /** 06:00 */
  readonly time: string
}

/** Null for other times, which are written as text. */
export function simpleOf({ days, months, weekdays, hours, minutes }: Cron): Simple | null {
  const [hour, minute] = [hours[0] ?? 0, minutes[0] ?? 0]
  if (hours.length !== 1 || minutes.length !== 1 || months.length !== 12) return null
  const time = `${two(hour)}:${two(minute)}`
  if (days.length === 31 && weekdays.length === 7) return { every: 'day', day: 1, time }
  if (days.length === 31 && weekdays.length === 1) return { every: 'week', day: weekdays[0] ?? 1, time }
  if (weekdays.length === 7 && days.length === 1) return { every: 'month', day: days[0] ?? 1, time }
  return null
}

export function cronOf({ every, day, time }: Simple): string {
  const [hour, minute] = time.split(':').map(Number)
  const at = `${minute ?? 0} ${hour ?? 0}`
  if (every === 'day') return `${at} * * *`
  return every === 'week' ? `${at} * * ${WEEKDAYS[day % 7]}` : `${at} ${day} * *`
}
