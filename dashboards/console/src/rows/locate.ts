import type { Interval } from '../time/ranges.ts'
import type { Place } from './results.ts'

/** The number of rows in each part of a time, in its order. */
export type Bars = readonly { readonly at: number; readonly count: number }[]

export interface Timed {
  readonly within: Interval
  /** The number of rows before this time. */
  readonly before: number
  readonly newestFirst: boolean
  count(within: Interval, width: number): Promise<Bars>
}

/** The ends of all time that a query can name. */
const FIRST = 0
const LAST = 253_402_300_799_999

/** Into this many parts a time is divided, again and again, until a part holds few enough. */
const PARTS = 500

/** A moment at or before a row, with how many rows come before it: nearer than `near`, unless more than that have the same millisecond. */
export async function locate(row: number, near: number, timed: Timed): Promise<Place> {
  const { newestFirst } = timed
  let { within, before } = timed
  if (row < before) return { row: 0, moment: newestFirst ? LAST : FIRST }
  const begin = (): number => (newestFirst ? within.to : within.from)
  while (row - before >= near) {
    const width = Math.max(1, Math.ceil((within.to - within.from) / PARTS))
    const bars = await timed.count(within, width)
    const found = barOf(newestFirst ? bars.toReversed() : bars, row - before)
    // Fewer than that are there now.
    if (found === null) break
    before += found.before
    const { at } = found
    within = { from: Math.max(at, within.from), to: Math.min(at + width, within.to) }
    if (width === 1) break
  }
  return { row: before, moment: begin() }
}

/** The bar in which a row is, and how many rows are in those before. */
function barOf(bars: Bars, row: number): { at: number; before: number } | null {
  let before = 0
  for (const { at, count } of bars) {
    if (row < before + count) return { at, before }
    before += count
  }
  return null
}
