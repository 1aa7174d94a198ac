import { OperatorError } from '../../../schema/index.ts'

/** The times that a cron expression names: five fields, on the clock of a time zone. */
export interface Cron {
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly days: ReadonlySet<number>
  readonly months: ReadonlySet<number>
  /** 1 is Monday, 7 is Sunday. */
  readonly weekdays: ReadonlySet<number>
  /** With both a day of the month and a day of the week, either is enough. */
  readonly isEither: boolean
}

interface Field {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly names?: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const MINUTE: Field = { name: 'minute', from: 0, to: 59 }
const HOUR: Field = { name: 'hour', from: 0, to: 23 }
const DAY: Field = { name: 'day of the month', from: 1, to: 31 }
const MONTH: Field = { name: 'month', from: 1, to: 12, names: MONTHS }
/** 0 and 7 are Sunday. */
const WEEKDAY: Field = { name: 'day of the week', from: 0, to: 7, names: WEEKDAYS }

/** `0 6 * * mon-fri`: minute, hour, day of the month, month, day of the week. */
export function parseCron(text: string): Cron {
  const [minute, hour, day, month, weekday, ...more] = text.trim().split(/\s+/)
  if (weekday === undefined || more.length > 0)
    throw invalid(text, 'it has to have five fields: minute, hour, day of the month, month, day of the week')
  const of = (part: string | undefined, field: Field): number[] => valuesOf(part ?? '', field, text)
  const cron: Cron = {
    minutes: of(minute, MINUTE),
    hours: of(hour, HOUR),
    days: new Set(of(day, DAY)),
    months: new Set(of(month, MONTH)),
    weekdays: new Set(of(weekday, WEEKDAY).map((one) => (one === 0 ? 7 : one))),
    isEither: !day?.startsWith('*') && !weekday.startsWith('*'),
  }
  if (nextAfter(cron, 'UTC', 0) === null) throw invalid(text, 'no day of any year is like this')
  return cron
}

function valuesOf(part: string, field: Field, text: string): number[] {
  const values = new Set<number>()
  for (const item of part.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(item) ?? []
    const wrong = invalid(text, `"${item}" is no ${field.name} (${field.from} to ${field.to})`)
    if (range === '' || step === '0' || step === '00') throw wrong
    const [first, last, ...more] = range.split('-')
    if (more.length > 0) throw wrong
    const from = range === '*' ? field.from : oneOf(first ?? '', field)
    const to =
      range === '*'
        ? field.to
        : last !== undefined
          ? oneOf(last, field)
          : // `5/15`: from 5 on.
            step === undefined
            ? from
            : field.to
    if (from === null || to === null || from > to) throw wrong
    for (let value = from; value <= to; value += Number(step ?? 1)) values.add(value)
  }
  return [...values].sort((a, b) => a - b)
}

function oneOf(text: string, { names, from, to }: Field): number | null {
  const named = names?.indexOf(text.toLowerCase()) ?? -1
  if (named >= 0) return named + (names?.length === 12 ? 1 : 0)
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  return value >= from && value <= to ? value : null
}

const invalid = (text: string, why: string): OperatorError =>
  new OperatorError(
    'WB-REQUEST-INVALID',
    `The times "${text}" are not understood: ${why}; such as "0 6 * * mon-fri"`,
  )

/** Leap days are at most eight years apart. */
const MOST_DAYS = 9 * 366

/** The first time after this one, ms; null if there is none. */
export function nextAfter(cron: Cron, zone: string, time: number): number | null {
  let date = dateOf(zone, time).subtract({ days: 1 })
  for (let i = 0; i < MOST_DAYS; i++, date = date.add({ days: 1 })) {
    const at = isOn(cron, date) ? firstAfter(cron, zone, date, time) : null
    if (at !== null) return at
  }
  return null
}

/** The last time at this one or before, ms; null if there was none in the years before. */
export function lastUntil(cron: Cron, zone: string, time: number): number | null {
  let date = dateOf(zone, time).add({ days: 1 })
  for (let i = 0; i < MOST_DAYS; i++, date = date.subtract({ days: 1 })) {
    const at = isOn(cron, date) ? lastBefore(cron, zone, date, time) : null
    if (at !== null) return at
  }
  return null
}

const dateOf = (zone: string, time: number): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone).toPlainDate()

function isOn({ days, months, weekdays, isEither }: Cron, date: Temporal.PlainDate): boolean {
  if (!months.has(date.month)) return false
  const [isDay, isWeekday] = [days.has(date.day), weekdays.has(date.dayOfWeek)]
  return isEither ? isDay || isWeekday : isDay && isWeekday
}

function firstAfter(cron: Cron, zone: string, date: Temporal.PlainDate, time: number): number | null {
  const at = timesOf(cron, zone, date)
  const found = firstIndex(cron, (i) => at(i) > time)
  return found === null ? null : at(found)
}

function lastBefore(cron: Cron, zone: string, date: Temporal.PlainDate, time: number): number | null {
  const at = timesOf(cron, zone, date)
  const beyond = firstIndex(cron, (i) => at(i) > time) ?? cron.hours.length * cron.minutes.length
  return beyond === 0 ? null : at(beyond - 1)
}

/** The nth time of a day, ms; the times ascend. */
function timesOf(
  { hours, minutes }: Cron,
  zone: string,
  date: Temporal.PlainDate,
): (index: number) => number {
  return (index) => {
    const hour = hours[Math.floor(index / minutes.length)] ?? 0
    const minute = minutes[index % minutes.length] ?? 0
    return instantOf(date.toPlainDateTime({ hour, minute }), zone)
  }
}

/** By halves: a day may have 1,440 times. */
function firstIndex({ hours, minutes }: Cron, is: (index: number) => boolean): number | null {
  let [low, high] = [0, hours.length * minutes.length]
  const count = high
  while (low < high) {
    const middle = (low + high) >> 1
    if (is(middle)) high = middle
    else low = middle + 1
  }
  return low === count ? null : low
}

/** A time that the clock shows twice is meant once, the first time; one that it skips is the first moment after the gap. */
function instantOf(local: Temporal.PlainDateTime, zone: string): number {
  const first = local.toZonedDateTime(zone, { disambiguation: 'earlier' })
  if (first.toPlainDateTime().equals(local)) return first.epochMilliseconds
  const gap = first.getTimeZoneTransition('next')
  if (gap === null) throw new Error(`${zone} skips ${local.toString()} without a transition`)
  return gap.epochMilliseconds
}
