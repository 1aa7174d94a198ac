/** How counts become heights. */
export interface Scale {
  readonly kind: 'linear' | 'log'
  /** The height of a count as a share of the chart, from 0 to 1. */
  readonly share: (count: number) => number
  /** The counts that the axis names, the least first. */
  readonly ticks: readonly number[]
}

/** From this multiple of the median on, one bar flattens the rest. */
export const FLATTENS = 50

/** How many times the median the greatest count is: of the counts that are not zero. 1 if there are none. */
export function greatestToMedian(counts: readonly number[]): number {
  const sorted = counts.filter((count) => count > 0).sort((a, b) => a - b)
  const greatest = sorted.at(-1)
  if (greatest === undefined) return 1
  const [below, above] = [sorted[(sorted.length - 1) >> 1] ?? 1, sorted[sorted.length >> 1] ?? 1]
  return greatest / ((below + above) / 2)
}

export const isFlattened = (counts: readonly number[]): boolean => greatestToMedian(counts) >= FLATTENS

/** A scale for these counts, with about this many ticks. */
export function scaleOf(counts: readonly number[], kind: Scale['kind'], most: number): Scale {
  const greatest = Math.max(1, ...counts)
  return kind === 'log' ? logScale(greatest, most) : linearScale(greatest, most)
}

function linearScale(greatest: number, most: number): Scale {
  const ticks = linearTicks(greatest, most)
  const top = Math.max(greatest, ticks.at(-1) ?? 0)
  return { kind: 'linear', ticks, share: (count) => count / top }
}

/** Below 1, so that a bar of one event has a height. */
const LOG_BASE = 0.5

function logScale(greatest: number, most: number): Scale {
  const whole = Math.log(greatest / LOG_BASE)
  const powers = Array.from({ length: Math.floor(Math.log10(greatest)) + 1 }, (_, power) => 10 ** power)
  const every = Math.ceil(powers.length / Math.max(1, most))
  return {
    kind: 'log',
    ticks: powers.filter((_, power) => power % every === 0),
    share: (count) => (count < 1 ? 0 : Math.log(count / LOG_BASE) / whole),
  }
}

/** Whole numbers at equal steps of 1, 2 or 5 and a power of ten: from 0 to the last at or below the greatest count, which is above 0. */
export function linearTicks(greatest: number, most: number): number[] {
  const raw = greatest / Math.max(1, most)
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)))
  const steps = [1, 2, 5, 10].map((factor) => factor * power)
  const wanted = steps.find((one) => one >= raw) ?? 10 * power
  const step = wanted <= greatest ? wanted : (steps.findLast((one) => one <= greatest) ?? 1)
  return Array.from({ length: Math.floor(greatest / step) + 1 }, (_, index) => index * step)
}
