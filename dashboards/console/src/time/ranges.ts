/** Which time a screen looks at: back from now, or between two moments. */
export interface Range {
  readonly from: string | undefined
  readonly to: string | undefined
}

export const PRESETS = [
  { id: 'now-15m', name: 'Last 15 minutes', length: 900_000 },
  { id: 'now-1h', name: 'Last hour', length: 3_600_000 },
  { id: 'now-24h', name: 'Last 24 hours', length: 86_400_000 },
  { id: 'now-7d', name: 'Last 7 days', length: 7 * 86_400_000 },
  { id: 'now-30d', name: 'Last 30 days', length: 30 * 86_400_000 },
  { id: 'now-90d', name: 'Last 90 days', length: 90 * 86_400_000 },
  { id: 'now-365d', name: 'Last year', length: 365 * 86_400_000 },
  { id: 'all', name: 'All time', length: null },
] as const

export const EVER = 'all'

/** `now-24h`, `all`, or `FROM..TO` in milliseconds. */
export function rangeOf(text: string): Range {
  if (text === EVER) return { from: undefined, to: undefined }
  const between = /^(\d{1,15})\.\.(\d{1,15})$/.exec(text)
  if (between !== null) return { from: between[1], to: between[2] }
  return { from: PRESETS.some(({ id }) => id === text) ? text : 'now-24h', to: undefined }
}

export const between = (from: number, to: number): string => `${Math.round(from)}..${Math.round(to)}`

export interface Interval {
  readonly from: number
  readonly to: number
}

/** The moments of a range; null for all time. */
export function intervalOf(text: string, now: number): Interval | null {
  const preset = PRESETS.find(({ id }) => id === text)
  if (preset !== undefined) return preset.length === null ? null : { from: now - preset.length, to: now }
  const { from, to } = rangeOf(text)
  return to === undefined ? { from: now - 86_400_000, to: now } : { from: Number(from), to: Number(to) }
}

const MINUTE = 60_000
const WIDTHS = [1, 2, 5, 10, 30, 60, 180, 360, 720, 1440, 7 * 1440, 30 * 1440].map(
  (minutes) => minutes * MINUTE,
)

/** How wide the bars of a time line are, for at most so many. */
export function barWidth({ from, to }: Interval, most: number): number {
  return WIDTHS.find((width) => (to - from) / width <= most) ?? 365 * 1440 * MINUTE
}
