import { civil, inLatestYear, type LocalTime } from '../../integration/time.ts'

/** Reads the times that syslog headers hold. */
export interface TimeContext {
  /** The time of receipt: missing parts are guessed from it. */
  readonly received: number
  /** The zone of times without one. */
  readonly zone: LocalTime
}

export interface HeaderTime {
  /** Milliseconds since 1970; NaN if the text has the form of a time but is no valid one (`0000-00-00`, `Feb 30`). */
  readonly time: number
  /** The place after it in the text. */
  readonly end: number
}

const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?([Zz]|[+-]\d\d:?\d\d))?(?=$|[\s:,])/

/**
 * The date of RFC 3164 in the forms that occur: `Jan 5 10:00:00`, unpadded, with the year before or after the time, with fractions, with a
 * zone after it, with the `*` or `.` of a Cisco clock that is not synchronised.
 */
const TRADITIONAL =
  /^[*.]?(?:(\d{4}) )?([A-Z][a-z]{2}) {1,2}(\d{1,2})(?: (\d{4}))?,? (\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: (\d{4})(?= |: |$))?(?: ([AaPp][Mm])(?=[ :]|$))?(?: ?(Z|UTC|GMT|[A-Z]{3,5}(?=:)|[+-]\d\d:?\d\d))?(?=$|[\s:,])/

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'

/** The time at the beginning of the text; null if there is none. */
export function headerTime(text: string, context: TimeContext): HeaderTime | null {
  const first = text.charCodeAt(0)
  return first >= 0x30 && first <= 0x39 && text[4] === '-' ? iso(text, context) : traditional(text, context)
}

function iso(text: string, { zone }: TimeContext): HeaderTime | null {
  const found = RFC3339.exec(text)
  if (found === null) return null
  const [all, year, month, day, hour, minute, second, fraction, offset] = found
  const local = civil(+year!, +month!, +day!, +hour!, +minute!, +second!, fraction)
  return { time: offset === undefined ? zone.toUtc(local) : local - offsetOf(offset), end: all.length }
}

/**
 * Reads only the form `Jan 5 10:00:00 web-1`, with which nearly every line of a log begins. A regular expression for all forms takes five
 * times as long.
 */
function usual(text: string, { received, zone }: TimeContext): HeaderTime | null {
  for (let i = 0; i < USUAL.length; i++) {
    const code = text.charCodeAt(i)
    switch (USUAL.charCodeAt(i)) {
      case DIGIT:
        if (!isDigit(code)) return null
        break
      case SMALL:
        if (code < 0x61 || code > 0x7a) return null
        break
      case CAPITAL:
        if (code < 0x41 || code > 0x5a) return null
        break
      case PADDED:
        if (code !== 0x20 && !isDigit(code)) return null
        break
      default:
        if (code !== USUAL.charCodeAt(i)) return null
    }
  }
  const at = MONTHS.indexOf(text.slice(0, 3))
  if (at === -1 || at % 3 !== 0) return null
  const day = Number(text.slice(4, 6))
  const hour = Number(text.slice(7, 9))
  const minute = Number(text.slice(10, 12))
  const second = Number(text.slice(13, 15))
  const time = inLatestYear(received, (year) =>
    zone.toUtc(civil(year, at / 3 + 1, day, hour, minute, second, undefined)),
  )
  return Number.isNaN(time) ? null : { time, end: 15 }
}

/** `A` is a capital, `a` a small letter, `0` a digit, `_` a digit or a blank. A year, an AM or PM, or a zone may follow the time. */
const USUAL = 'Aaa _0 00:00:00 a'
const CAPITAL = 0x41
const SMALL = 0x61
const DIGIT = 0x30
const PADDED = 0x5f
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

function traditional(text: string, context: TimeContext): HeaderTime | null {
  return usual(text, context) ?? anyTraditional(text, context)
}

function anyTraditional(text: string, { received, zone }: TimeContext): HeaderTime | null {
  const found = TRADITIONAL.exec(text)
  if (found === null) return null
  const [
    all,
    before,
    monthName,
    day,
    behindDay,
    hours,
    minute,
    second,
    fraction,
    behindTime,
    half,
    zoneName,
  ] = found
  const at = MONTHS.indexOf(monthName!)
  if (at === -1 || at % 3 !== 0) return null
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (/^p/i.test(half) ? 12 : 0)
  const timeIn = (year: number): number => {
    const local = civil(year, at / 3 + 1, Number(day), hour, Number(minute), Number(second), fraction)
    return isKnownZone(zoneName) ? local - offsetOf(zoneName) : zone.toUtc(local)
  }
  const written = before ?? behindDay ?? behindTime
  const time = written === undefined ? inLatestYear(received, timeIn) : timeIn(Number(written))
  return { time, end: all.length }
}

/** A zone name such as CEST is not sufficient: such names are not unique. The zone of the settings applies. */
const isKnownZone = (zone: string | undefined): zone is string =>
  zone !== undefined && (/^[+-]/.test(zone) || zone === 'Z' || zone === 'UTC' || zone === 'GMT')

function offsetOf(zone: string): number {
  if (!/^[+-]/.test(zone)) return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  if (hours > 23 || minutes > 59) return Number.NaN
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000
}
