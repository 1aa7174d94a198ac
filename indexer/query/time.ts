import { OperatorError } from '../../schema/index.ts'

/**
 * Times as people write them: ISO dates and date-times, `now` with arithmetic (`now-15m`, `now-7d/d`), the short `-24h`, and
 * milliseconds since 1970. Without a zone it is UTC. A day, an hour or a rounded `now` is a span; which end of it is meant
 * depends on the question: "since the 15th" begins with it, "after the 15th" behind it.
 */
export type SpanEnd = 'first' | 'last'

/** The time in ms for `--from` and `--to`: the first ms of what the text names. */
export function parseTime(text: string, now: number): number {
  const time = timeOf(text, now, 'first')
  if (time === undefined) {
    throw new OperatorError(
      'WB-TIME-INVALID',
      `"${text}" is not a time: write a date (2026-01-15), a date-time (2026-01-15T10:30:00Z, UTC without a zone), a span back from now (now-15m, now-7d/d, -24h) or milliseconds since 1970`,
      { exitCode: 2 },
    )
  }
  return time
}

/** The first or the last ms of what the text names; undefined if it names no time. */
export function timeOf(text: string, now: number, end: SpanEnd): number | undefined {
  const trimmed = text.trim()
  if (trimmed.startsWith('now')) return calculated(now, trimmed.slice(3), end)
  if (/^[-+]\d+[a-zA-Z]/.test(trimmed)) return calculated(now, trimmed, end)
  const bars = trimmed.indexOf('||')
  if (bars === -1) return isoOrEpoch(trimmed, end)
  const start = isoOrEpoch(trimmed.slice(0, bars), 'first')
  return start === undefined ? undefined : calculated(start, trimmed.slice(bars + 2), end)
}

const ISO =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?)?)?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?$/

function isoOrEpoch(text: string, end: SpanEnd): number | undefined {
  // Four digits are a year, as in Elasticsearch; milliseconds of 1970's first ten seconds can't be meant.
  if (/^-?\d{5,16}$/.test(text)) return within(Number(text))
  const match = ISO.exec(text)
  if (match === null) return undefined
  const [, year = '', month, day, hour, minute, second, fraction, zone] = match
  if (zone !== undefined && hour === undefined) return undefined
  const parts = [year, month ?? '1', day ?? '1', hour ?? '0', minute ?? '0', second ?? '0'].map(Number)
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = parts
  const ms = fraction === undefined ? 0 : Number(fraction.padEnd(3, '0').slice(0, 3))
  const date = new Date(0)
  date.setUTCFullYear(y, mo - 1, d)
  date.setUTCHours(h, mi, s, ms)
  // The 30th of February or 25 o'clock would silently be another time.
  const asWritten =
    date.getUTCMonth() === mo - 1 &&
    date.getUTCDate() === d &&
    date.getUTCHours() === h &&
    date.getUTCMinutes() === mi &&
    date.getUTCSeconds() === s
  const offset = zoneOffset(zone)
  if (!asWritten || offset === undefined) return undefined
  const start = date.getTime()
  if (end === 'first' || fraction !== undefined) return start - offset
  const unit =
    second !== undefined
      ? 's'
      : minute !== undefined
        ? 'm'
        : hour !== undefined
          ? 'h'
          : day !== undefined
            ? 'd'
            : month !== undefined
              ? 'M'
              : 'y'
  return added(start, 1, unit) - 1 - offset
}

/** Minutes and hours east of UTC, in ms. */
function zoneOffset(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  const hours = Number(digits.slice(0, 2))
  const minutes = Number(digits.slice(2))
  if (hours > 18 || minutes > 59) return undefined
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

type Unit = 'y' | 'M' | 'w' | 'd' | 'h' | 'm' | 's'
const FIXED = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const

const unitOf = (letter: string): Unit | undefined =>
  letter === 'H' ? 'h' : letter.length === 1 && 'yMwdhms'.includes(letter) ? (letter as Unit) : undefined

/** `+1M-2d/d`: each step in turn; rounding goes to the first or last ms of the unit. */
function calculated(start: number, math: string, end: SpanEnd): number | undefined {
  let time: number | undefined = start
  let rest = math
  while (rest !== '') {
    const step = /^\s*(?:([+-])\s*(\d{1,9})\s*|(\/))([a-zA-Z])\s*/.exec(rest)
    if (step === null) return undefined
    const [whole, sign, count, , letter = ''] = step
    const unit = unitOf(letter)
    if (unit === undefined) return undefined
    const next: number =
      count === undefined
        ? rounded(time, unit, end)
        : added(time, sign === '-' ? -Number(count) : Number(count), unit)
    time = within(next)
    if (time === undefined) return undefined
    rest = rest.slice(whole.length)
  }
  return time
}

function added(time: number, count: number, unit: Unit): number {
  if (unit !== 'M' && unit !== 'y') return time + count * FIXED[unit]
  const date = new Date(time)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + (unit === 'y' ? 12 * count : count))
  // A month after the 31st of January is the last day of February.
  const daysInMonth = new Date(new Date(date).setUTCMonth(date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, daysInMonth))
  return date.getTime()
}

function rounded(time: number, unit: Unit, end: SpanEnd): number {
  const date = new Date(time)
  let start: number
  if (unit === 'y' || unit === 'M') {
    date.setUTCHours(0, 0, 0, 0)
    date.setUTCMonth(unit === 'y' ? 0 : date.getUTCMonth(), 1)
    start = date.getTime()
  } else if (unit === 'w') {
    // Weeks begin on Monday; 1970-01-01 was a Thursday.
    const monday = 4 * FIXED.d
    start = Math.floor((time - monday) / FIXED.w) * FIXED.w + monday
  } else {
    start = Math.floor(time / FIXED[unit]) * FIXED[unit]
  }
  return end === 'first' ? start : added(start, 1, unit) - 1
}

/** Returns the time if a `Date` can hold it. */
const within = (time: number): number | undefined => (Math.abs(time) <= 8.64e15 ? time : undefined)

/** The text of a time that reads back as the same millisecond. */
export function timeText(time: number): string {
  const date = new Date(time)
  const year = date.getUTCFullYear()
  return year >= 0 && year <= 9999 ? date.toISOString() : String(time)
}
