import { between, FIRST_RANGES, intervalOf, rangeOf } from '../time/ranges.ts'

interface Fixed {
  readonly address: string
  /** The period that it names; null if what it shows has none, or is all time. */
  readonly period: { readonly from: number; readonly to: number } | null
}

/** The address of what is shown now, with the columns that this browser keeps: a period that would move on, such as the last 24 hours, becomes the one between its two moments. */
export function fixedAddress(
  path: string,
  search: string,
  now: number,
  columns: readonly string[] | null = null,
): Fixed {
  const parameters = new URLSearchParams(search)
  if (path === '/events' && columns !== null && !parameters.has('columns'))
    parameters.set('columns', columns.join(','))
  const first = Object.entries(FIRST_RANGES).find(([one]) => one === path)?.[1]
  const range = parameters.get('range') ?? first
  if (range === undefined) return { address: path + search, period: null }
  const fix = (name: string, text: string): void => {
    const interval = intervalOf(text, now)
    if (interval !== null && rangeOf(text).to === undefined)
      parameters.set(name, between(interval.from, interval.to))
  }
  fix('range', range)
  const other = parameters.get('with-range')
  if (other !== null) fix('with-range', other)
  // New events are outside of a fixed period.
  parameters.delete('follow')
  return { address: `${path}?${parameters}`, period: intervalOf(parameters.get('range') ?? range, now) }
}
