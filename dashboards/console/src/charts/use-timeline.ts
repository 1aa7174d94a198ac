import { useAsk } from '../api/use-ask.ts'
import { useZone } from '../frame/preferences.ts'
import { useNarrow } from '../frame/use-narrow.ts'
import { barWidth, type Interval, intervalOf, rangeOf } from '../time/ranges.ts'
import type { Bar } from './timeline.tsx'

/** A phone has room for fewer. */
const BARS = { wide: 120, narrow: 45 }

export interface Counted {
  readonly count: number | null
  /** Why the count is not complete. */
  readonly partial: { readonly reason: string } | null
  /** Whether this is the answer to the previous question, while the current one is pending. */
  readonly isOld: boolean
  readonly bars: readonly Bar[]
  readonly width: number
  readonly interval: Interval
}

/** Counts the events of a query over time, and those that failed. */
export function useTimeline(q: string, range: string, own = false): Counted {
  const zone = useZone()
  const now = Math.floor(Date.now() / 60_000) * 60_000
  const ever = useAsk(
    'postAggregate',
    {
      body: { q, own, ...rangeOf(range), by: [{ kind: 'time', every: 'month', zone }] },
    },
    { enabled: intervalOf(range, now) === null },
  )
  const first = ever.data?.split?.buckets[0]?.key
  const interval = intervalOf(range, now + 60_000) ?? {
    from: typeof first === 'number' ? first : now - 30 * 86_400_000,
    to: now + 60_000,
  }
  const width = barWidth(interval, useNarrow() ? BARS.narrow : BARS.wide)
  const { data, isPlaceholderData } = useAsk('postAggregate', {
    body: {
      q,
      own,
      ...rangeOf(range),
      by: [
        { kind: 'time', every: width },
        { kind: 'values', field: 'event.outcome', top: 5 },
      ],
    },
  })
  const bars = (data?.split?.buckets ?? []).map(({ key, count, split }) => ({
    at: Number(key),
    count,
    marked: split?.buckets.find((bucket) => bucket.key === 'failure')?.count ?? 0,
  }))
  return {
    count: data?.count ?? null,
    partial: data?.partial ?? null,
    isOld: isPlaceholderData,
    bars,
    width,
    interval,
  }
}
