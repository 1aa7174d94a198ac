import * as z from 'zod'

const DURATION: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

const SIZE: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

function measured(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text)
  const unit = units[match?.[2] ?? '']
  return match === null || unit === undefined ? undefined : Math.round(Number(match[1]) * unit)
}

/** A time such as `15s` or `1.5h`, in milliseconds. */
export const duration = (limits: { min?: number; max?: number } = {}) =>
  inUnits(DURATION, 'a time such as 500ms, 15s, 5m, 2h or 30d', limits)

/** A time that may be long, such as `30d` or `2y`, in milliseconds; a year is 365 days. */
export const age = (limits: { min?: number; max?: number } = {}) =>
  inUnits({ ...DURATION, y: 365 * 86_400_000 }, 'a time such as 12h, 30d or 2y', limits)

/** A size such as `64MiB` or `2GB`, in bytes. */
export const size = (limits: { min?: number; max?: number } = {}) =>
  inUnits(SIZE, 'a size such as 512KiB, 64MiB or 2GB', limits)

function inUnits(
  units: Readonly<Record<string, number>>,
  what: string,
  limits: { min?: number; max?: number },
) {
  return z.string().transform((text, context) => {
    const value = measured(text, units)
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = limits
    if (value !== undefined && value >= min && value <= max) return value
    const range = rangeText(limits, units)
    context.addIssue({ code: 'custom', message: `expected ${what}${range}`, input: text })
    return z.NEVER
  })
}

/** The allowed range, shown for any error: nobody should have to find it by trial. */
function rangeText(
  { min, max }: { min?: number; max?: number },
  units: Readonly<Record<string, number>>,
): string {
  if (min !== undefined && max !== undefined) return `, from ${written(min, units)} to ${written(max, units)}`
  if (min !== undefined) return `, at least ${written(min, units)}`
  return max === undefined ? '' : `, at most ${written(max, units)}`
}

/** Writes a value in the largest unit that gives a whole number. */
function written(value: number, units: Readonly<Record<string, number>>): string {
  const fitting = Object.entries(units).filter(([, factor]) => value % factor === 0 && value >= factor)
  const [unit, factor] = fitting.toSorted((a, b) => b[1] - a[1])[0] ?? Object.entries(units)[0]!
  return `${value / factor}${unit}`
}

/** Formats a number of bytes for people. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
