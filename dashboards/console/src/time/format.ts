import { englishOf, type Habits, READER } from './habits.ts'

/** The forms of times and figures, in the reader's zone and with the reader's habits. */
export const LOCAL_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

const formats = new Map<string, Intl.DateTimeFormat>()

function format(
  zone: string,
  options: Intl.DateTimeFormatOptions,
  habits: Habits = READER,
): Intl.DateTimeFormat {
  const locale = englishOf(habits)
  const key = `${zone} ${locale} ${JSON.stringify(options)}`
  const known = formats.get(key)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat(locale, { timeZone: zone, ...options })
  formats.set(key, made)
  return made
}

const minuteOf = ({ hour12 }: Habits) =>
  ({ hour: '2-digit', minute: '2-digit', hourCycle: hour12 ? 'h12' : 'h23' }) as const
const clockOf = (habits: Habits) => ({ ...minuteOf(habits), second: '2-digit' }) as const
const DAY = { day: 'numeric', month: 'short' } as const

export const clockTime = (at: number, zone: string, habits = READER): string =>
  format(zone, clockOf(habits), habits).format(at)
export const minuteTime = (at: number, zone: string, habits = READER): string =>
  format(zone, minuteOf(habits), habits).format(at)
export const monthOf = (at: number, zone: string): string => format(zone, { month: 'short' }).format(at)
export const yearOf = (at: number, zone: string): string => format(zone, { year: 'numeric' }).format(at)

/** Zones change their days at quarters of an hour at the finest; the days of a list are mostly the same few. */
const QUARTER = 900_000
const MOST_DAYS = 10_000
const days = new Map<string, string>()

/** The day of a time, with the year unless it is the present one. */
export function dayOf(at: number, zone: string, now = Date.now(), habits = READER): string {
  const key = `${zone} ${habits.order[0]} ${Math.floor(at / QUARTER)} ${Math.floor(now / QUARTER)}`
  let day = days.get(key)
  if (day === undefined) {
    const isThisYear = yearOf(at, zone) === yearOf(now, zone)
    day = format(zone, isThisYear ? DAY : { ...DAY, year: 'numeric' }, habits).format(at)
    if (days.size >= MOST_DAYS) days.clear()
    days.set(key, day)
  }
  return day
}
export const longDay = (at: number, zone: string): string =>
  format(zone, { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' }).format(at)
export const fullTime = (at: number, zone: string): string =>
  format(zone, { ...DAY, year: 'numeric', ...clockOf(READER), timeZoneName: 'short' }).format(at)

const STEPS: readonly [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
]

/** A length of time in its largest unit: 5 s, 12 min, 3 h, 4 d. */
export function span(milliseconds: number): string {
  for (const [length, unit] of STEPS)
    if (milliseconds >= length) return `${Math.round(milliseconds / length)} ${unit}`
  return `${Math.max(0, Math.round(milliseconds))} ms`
}

export const ago = (at: number, now: number): string =>
  now - at < 1000 ? 'just now' : `${span(now - at)} ago`

const YEAR = 365 * 86_400_000

/** A retention time in the units of its rule: 90 days, 2 years. */
export function keptFor(milliseconds: number): string {
  const years = milliseconds / YEAR
  return years >= 1 && Number.isInteger(years)
    ? counted(years, 'year')
    : counted(Math.round(milliseconds / 86_400_000), 'day')
}

const whole = new Intl.NumberFormat('en-US')
export const figure = (count: number): string => whole.format(count)
/** A count; an incomplete one is marked as such. */
export const atLeast = (count: number, partial: { readonly reason: string } | null): string =>
  `${partial?.reason === 'time' ? 'more than ' : ''}${figure(count)}`
/** A figure with what it counts: 1 event, 2 events. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${figure(count)} ${count === 1 ? noun : plural}`
/** The values that a list has no room for, and their events: 1 more value with 1 event, 3 more values with 12 events. */
export const moreValues = (values: number, events: number): string =>
  `${counted(values, 'more value')} with ${counted(events, 'event')}`

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB']
export function bytes(count: number): string {
  let left = count
  let unit = 0
  while (left >= 1000 && unit < UNITS.length - 1) {
    left /= 1000
    unit++
  }
  return `${unit === 0 ? left : left.toFixed(1)} ${UNITS[unit]}`
}
