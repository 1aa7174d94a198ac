import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from '../../../schema/index.ts'
import { FLAG } from './flags.ts'

/** Reads times as a source writes them. */
export interface TimeReader {
  /** Returns milliseconds since 1970, or NaN; `now` serves to guess a missing year. */
  read(text: string, now: number): number
  /** Whether it reads ISO 8601, alone or among other formats. */
  readonly knowsIso: boolean
  readonly zoneIsUtc: boolean
}

const DAY = 86_400_000
const DATE_TIME =
  /^(\d{4})([-/]?)(\d\d)\2(\d\d)(?:(?:T|t| {1,2})(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,12}))?)?)? ?(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$/
const EPOCH = /^-?\d{1,20}(?:\.\d{1,12})?$/

/** Whether a time is plausible: not before 1990, not more than a day ahead. */
export function isPlausible(time: number, now: number): boolean {
  return time >= EARLIEST_TIMESTAMP && time <= latestPlausible(now)
}

export const latestPlausible = (now: number): number => Math.min(LATEST_TIMESTAMP - 1, now + DAY)

/**
 * Returns the flags of an event that has its receipt time, by the time in its record: null if the record has none, NaN if it is
 * unreadable.
 */
export function timeFlags(said: number | null, now: number): number {
  if (said === null) return FLAG.timestamp_missing
  return said > now + DAY ? FLAG.timestamp_invalid | FLAG.timestamp_future : FLAG.timestamp_invalid
}

/** Around a year such as 2100, two 29 Februaries are eight years apart. */
const MOST_YEARS_BACK = 8

/**
 * Completes a time without a year, in headers and in records. The rule: take the latest year in which the time is at most a day ahead. So
 * a record of December that is read in January belongs to last year. NaN if no year has such a day.
 */
export function inLatestYear(now: number, timeIn: (year: number) => number): number {
  // In zones east of Greenwich a year begins up to 14 hours before it does in UTC.
  const last = yearOf(now + 2 * DAY)
  for (let year = last; year >= last - MOST_YEARS_BACK; year--) {
    const time = timeIn(year)
    if (time <= now + DAY) return time
  }
  return Number.NaN
}

/** Records are ordered by time: the year is mostly that of the previous one. */
let knownYear = { from: 0, to: 0, year: 1970 }
function yearOf(time: number): number {
  if (time < knownYear.from || time >= knownYear.to) {
    const year = new Date(time).getUTCFullYear()
    knownYear = { from: Date.UTC(year), to: Date.UTC(year + 1), year }
  }
  return knownYear.year
}

export function timeReader(formats: readonly string[], zone: LocalTime): TimeReader {
  const readers = formats.map((format) => readerOf(format, zone))
  return {
    read(text, now) {
      for (const read of readers) {
        const time = read(text, now)
        if (!Number.isNaN(time)) return time
      }
      return Number.NaN
    },
    knowsIso: formats[0] === 'auto' || formats[0] === 'iso',
    zoneIsUtc: zone.isUtc,
  }
}

function readerOf(format: string, zone: LocalTime): (text: string, now: number) => number {
  switch (format) {
    case 'auto':
      return (text) => {
        const iso = readIso(text, zone)
        return Number.isNaN(iso) ? readEpoch(text, 'auto') : iso
      }
    case 'iso':
      return (text) => readIso(text, zone)
    case 'epoch_s':
    case 'epoch_ms':
    case 'epoch_us':
    case 'epoch_ns':
      return (text) => readEpoch(text, format)
    default:
      return patternReader(format, zone)
  }
}

function readIso(text: string, zone: LocalTime): number {
  const found = DATE_TIME.exec(text)
  if (found === null) return Number.NaN
  const [, year, , month, day, hour, minute, second, fraction, offset] = found
  const local = civil(+year!, +month!, +day!, +(hour ?? 0), +(minute ?? 0), +(second ?? 0), fraction)
  return offset === undefined ? zone.toUtc(local) : local - offsetOf(offset)
}

/**
 * Returns the milliseconds of a date and time in UTC; NaN if there is no such day or time. A leap second is the next second, and 24:00 is
 * midnight of the next day.
 */
export function civil(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  fraction: string | undefined,
): number {
  // `Date` treats years before 100 as years of the 20th century.
  if (year < 100 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN
  if (hour > 23 && !(hour === 24 && minute === 0 && second === 0 && thousandths(fraction) === 0))
    return Number.NaN
  if (minute > 59 || second > 60) return Number.NaN
  return midnight(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000 + thousandths(fraction)
}

/** Records are close in time: the beginning of a day is computed once. */
let today = { year: 1970, month: 1, day: 1, at: 0 }
function midnight(year: number, month: number, day: number): number {
  if (today.day !== day || today.month !== month || today.year !== year)
    today = { year, month, day, at: Date.UTC(year, month - 1, day) }
  return today.at
}

export function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

const thousandths = (fraction: string | undefined): number =>
  fraction === undefined ? 0 : +fraction.slice(0, 3).padEnd(3, '0')

/** The zones that RFC 822 names; other abbreviations are ambiguous. */
const NAMED_HOURS: Readonly<Record<string, number>> = { E: -5, C: -6, M: -7, P: -8 }

function offsetOf(text: string): number {
  if (/^[ECMP][SD]T$/.test(text)) return (NAMED_HOURS[text[0]!]! + (text[1] === 'D' ? 1 : 0)) * 3_600_000
  const first = text[0]
  if (first !== '+' && first !== '-') return 0
  const digits = text.slice(1).replace(':', '')
  const minutes = +digits.slice(0, 2) * 60 + +(digits.slice(2) || 0)
  return (first === '-' ? -minutes : minutes) * 60_000
}

const MINUTE = 60_000
const padded = (length: number, digits: number): readonly string[] =>
  Array.from({ length }, (_, number) => String(number).padStart(digits, '0'))
const SECONDS = padded(60, 2)
const MILLISECONDS = padded(1000, 3)
let known = { minute: Number.NaN, text: '' }

/** Formats a time like `Date`. Records are close in time: the date is computed once a minute (`Date` takes three times as long). */
export function isoOf(time: number): string {
  const minute = Math.floor(time / MINUTE)
  if (minute !== known.minute) {
    known = { minute, text: new Date(minute * MINUTE).toISOString().slice(0, -'00.000Z'.length) }
  }
  const rest = time - minute * MINUTE
  return `${known.text}${SECONDS[Math.floor(rest / 1000)]}.${MILLISECONDS[rest % 1000]}Z`
}

const EPOCH_DIVISORS: Readonly<Record<string, number>> = {
  epoch_s: 0.001,
  epoch_ms: 1,
  epoch_us: 1e3,
  epoch_ns: 1e6,
}

function readEpoch(text: string, unit: string): number {
  if (!EPOCH.test(text)) return Number.NaN
  const value = Number(text)
  const size = Math.abs(value)
  // Seconds have 10 digits for all dates from 2001 to 2286, milliseconds 13, microseconds 16, nanoseconds 19.
  const guessed = size < 1e11 ? 0.001 : size < 1e14 ? 1 : size < 1e17 ? 1e3 : 1e6
  // This rounds to microseconds first: 1769078732.123 * 1000 is 1769078732122.9999.
  const time = Math.floor(Math.round((value / (EPOCH_DIVISORS[unit] ?? guessed)) * 1000) / 1000)
  return Math.abs(time) <= 8.64e15 ? time : Number.NaN
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const TOKENS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  MMM: '(?<monthName>[A-Za-z]{3})[a-z]*\\.?',
  MM: '(?<month>\\d{1,2})',
  DD: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{1,2})',
  hh: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d\\d)',
  ss: '(?<second>\\d\\d)',
  SSS: '(?<fraction>\\d{1,9})',
  A: '(?<half>[AaPp]\\.?[Mm]\\.?)',
  Z: '(?<offset>Z|UTC|GMT|[ECMP][SD]T|[+-]\\d\\d(?::?\\d\\d)?)',
}
const TOKEN = /YYYY|MMM|MM|DD|HH|hh|mm|ss|SSS|A|Z/g

/** Returns the problem of an operator's format, as a sentence with the remedy; null if there is none. */
export function formatProblem(format: string): string | null {
  const problem = patternProblem(format)
  return problem === null
    ? null
    : `the pattern ${problem}; expected auto, iso, epoch_s, epoch_ms, epoch_us, epoch_ns or a pattern such as "DD.MM.YYYY HH:mm:ss"`
}

/** Returns the problem of an operator's pattern; null if there is none. */
export function patternProblem(pattern: string): string | null {
  if (/^(auto|iso|epoch_(s|ms|us|ns))$/.test(pattern)) return null
  const tokens: readonly string[] = pattern.match(TOKEN) ?? []
  if (new Set(tokens).size !== tokens.length) return 'names a part twice'
  if (tokens.includes('HH') && tokens.includes('hh')) return 'has both HH and hh'
  if (tokens.includes('MM') && tokens.includes('MMM')) return 'has both MM and MMM'
  if (!tokens.includes('DD') || !(tokens.includes('MM') || tokens.includes('MMM')))
    return 'needs MM (or MMM) and DD; without YYYY the year is inferred'
  return null
}

function patternReader(pattern: string, zone: LocalTime): (text: string, now: number) => number {
  let source = ''
  let last = 0
  for (const match of pattern.matchAll(TOKEN)) {
    source += escaped(pattern.slice(last, match.index)) + TOKENS[match[0]]!
    last = match.index + match[0].length
  }
  const expression = new RegExp(`^${source}${escaped(pattern.slice(last))}$`)
  const read = (parts: Readonly<Record<string, string | undefined>>, year: number): number => {
    const month =
      parts.monthName === undefined ? +parts.month! : MONTHS.indexOf(parts.monthName.toLowerCase()) + 1
    let hour = +(parts.hour ?? 0)
    const half = parts.half?.[0]?.toLowerCase()
    if (half !== undefined) {
      if (hour < 1 || hour > 12) return Number.NaN
      hour = (hour % 12) + (half === 'p' ? 12 : 0)
    }
    const local = civil(
      year,
      month,
      +parts.day!,
      hour,
      +(parts.minute ?? 0),
      +(parts.second ?? 0),
      parts.fraction,
    )
    return parts.offset === undefined ? zone.toUtc(local) : local - offsetOf(parts.offset)
  }
  return (text, now) => {
    const parts = expression.exec(text)?.groups
    if (parts === undefined) return Number.NaN
    if (parts.year !== undefined) return read(parts, +parts.year)
    return inLatestYear(now, (year) => read(parts, year))
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, ' +')

const isUtc = (timeZone: string): boolean => /^(etc\/)?(utc|gmt|z|zulu)$/i.test(timeZone)

const formatOf = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })

/** The local time of a zone, for times without a zone. */
export class LocalTime {
  readonly isUtc: boolean
  readonly #timeZone: string
  /** Created on demand: most records contain their zone, and the tables for this take 14 MB. */
  #format: Intl.DateTimeFormat | null = null
  /** Offsets by quarter of an hour: zones only change at such times. */
  readonly #offsets = new Map<number, number>()

  constructor(timeZone: string) {
    this.isUtc = isUtc(timeZone)
    this.#timeZone = timeZone
  }

  /** Converts local time. An hour that occurs twice means the first one; an hour that does not occur is read with the previous offset. */
  toUtc(local: number): number {
    if (this.isUtc || Number.isNaN(local)) return local
    const before = this.#offsetAt(local - DAY)
    const early = local - before
    if (this.#offsetAt(early) === before) return early
    const after = this.#offsetAt(local + DAY)
    const late = local - after
    return this.#offsetAt(late) === after ? late : early
  }

  #offsetAt(utc: number): number {
    const quarter = Math.floor(utc / 900_000)
    const known = this.#offsets.get(quarter)
    if (known !== undefined) return known
    const parts: Record<string, number> = {}
    this.#format ??= formatOf(this.#timeZone)
    for (const { type, value } of this.#format.formatToParts(quarter * 900_000)) parts[type] = Number(value)
    const wall = Date.UTC(
      parts.year!,
      parts.month! - 1,
      parts.day!,
      parts.hour!,
      parts.minute!,
      parts.second!,
    )
    const offset = wall - quarter * 900_000
    if (this.#offsets.size > 10_000) this.#offsets.clear()
    this.#offsets.set(quarter, offset)
    return offset
  }
}
