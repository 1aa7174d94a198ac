/** The time that a screen shows: back from now, or between two moments. */
export interface Range {
  readonly from: string | undefined
  readonly to: string | undefined
}

export const PRESETS = [
  { id: 'now-15m', name: 'Last 15 minutes' },
  { id: 'now-1h', name: 'Last hour' },
  { id: 'now-24h', name: 'Last 24 hours' },
  { id: 'now-7d', name: 'Last 7 days' },
  { id: 'now-30d', name: 'Last 30 days' },
  { id: 'now-90d', name: 'Last 90 days' },
  { id: 'now-365d', name: 'Last year' },
  { id: 'all', name: 'All time' },
] as const

export const EVER = 'all'

/** The time that a screen shows if the address names none. */
export const FIRST_RANGES = {
  '/': 'now-7d',
  '/events': 'now-7d',
  '/security': 'now-7d',
  '/people': 'now-30d',
  '/system': 'now-30d',
  '/auditor': 'now-7d',
} as const

export const LENGTHS = {
  m: { name: 'minute', length: 60_000 },
  h: { name: 'hour', length: 3_600_000 },
  d: { name: 'day', length: 86_400_000 },
  w: { name: 'week', length: 604_800_000 },
} as const

/** `now-3h`: this many of a unit back from now; null for another range. */
export function lengthOf(
  text: string,
): { readonly count: number; readonly unit: keyof typeof LENGTHS } | null {
  const match = /^now-([1-9]\d{0,4})([mhdw])$/.exec(text)
  const unit = match?.[2]
  return unit === 'm' || unit === 'h' || unit === 'd' || unit === 'w'
    ? { count: Number(match?.[1]), unit }
    : null
}

const BETWEEN = /^(\d{5,15})\.\.(\d{5,15})$/

export function isRange(text: string): boolean {
  const match = BETWEEN.exec(text)
  return match === null ? text === EVER || lengthOf(text) !== null : Number(match[1]) < Number(match[2])
}

/** `now-24h`, `all`, or `FROM..TO` in milliseconds. */
export function rangeOf(text: string): Range {
  if (text === EVER) return { from: undefined, to: undefined }
  const match = BETWEEN.exec(text)
  return match === null ? { from: text, to: undefined } : { from: match[1], to: match[2] }
}

export const between = (from: number, to: number): string => `${Math.round(from)}..${Math.round(to)}`

export interface Interval {
  readonly from: number
  readonly to: number
}

/** The moments of a range; null for all time. */
export function intervalOf(text: string, now: number): Interval | null {
  const { from, to } = rangeOf(text)
  if (from === undefined) return null
  if (to !== undefined) return { from: Number(from), to: Number(to) }
  const { count, unit } = lengthOf(text) ?? { count: 1, unit: 'd' }
  return { from: now - count * LENGTHS[unit].length, to: now }
}

const MINUTE = 60_000
const WIDTHS = [1, 2, 5, 10, 30, 60, 180, 360, 720, 1440, 7 * 1440, 30 * 1440].map(
  (minutes) => minutes * MINUTE,
)

/** The width of the bars of a time line, for at most this many. */
export function barWidth({ from, to }: Interval, most: number): number {
  return WIDTHS.find((width) => (to - from) / width <= most) ?? 365 * 1440 * MINUTE
}

export interface Begun extends Interval {
  /** The same part of the one before: of a day until 15:00, the day before until 15:00. */
  readonly earlier: Interval
}

/**
 * The day, the week and the month as far as they have come for a reader, up to the end of this minute: so the same question is asked again.
 */
export function begun(now: number, zone: string): Record<'day' | 'week' | 'month', Begun> {
  const end = Temporal.Instant.fromEpochMilliseconds(now)
    .toZonedDateTimeISO(zone)
    .round({ smallestUnit: 'minute', roundingMode: 'ceil' })
  const today = end.startOfDay()
  const since = (start: Temporal.ZonedDateTime, length: Temporal.DurationLike): Begun => {
    const before = start.subtract(length)
    // A month that is shorter than the day of this one ends where this one began.
    const until = Math.min(end.subtract(length).epochMilliseconds, start.epochMilliseconds)
    return {
      from: start.epochMilliseconds,
      to: end.epochMilliseconds,
      earlier: { from: before.epochMilliseconds, to: until },
    }
  }
  return {
    day: since(today, { days: 1 }),
    week: since(today.subtract({ days: today.dayOfWeek - 1 }), { weeks: 1 }),
    month: since(today.with({ day: 1 }), { months: 1 }),
  }
}
