import { useState } from 'react'
import { between, EVER, type Interval } from '../time/ranges.ts'

/** The acts that lead out of a selected time; null where there is nothing to do. */
export interface Zoom {
  readonly out: (() => void) | null
  readonly back: (() => void) | null
}

interface Zooming extends Zoom {
  readonly into: (interval: Interval) => void
}

interface Past {
  /** The range before the zoom, and the one after it. */
  readonly before: string
  readonly after: string
}

/** Selects a part of a time, and leads out again. A range that somebody chose elsewhere in the meantime ends the way back. */
export function useZoom(range: string, interval: Interval, onRange: (range: string) => void): Zooming {
  const [past, setPast] = useState<readonly Past[]>([])
  const change = (next: string): void => {
    setPast([...past.filter((_, index) => index >= past.length - MOST), { before: range, after: next }])
    onRange(next)
  }
  const last = past.at(-1)
  return {
    into: ({ from, to }) => change(between(from, to)),
    out: range === EVER ? null : () => change(between(...widened(interval, Date.now()))),
    back:
      last?.after !== range
        ? null
        : () => {
            setPast(past.slice(0, -1))
            onRange(last.before)
          },
  }
}

const MOST = 50

/** Twice as long a time around the same middle, but not beyond now. */
export function widened({ from, to }: Interval, now: number): [from: number, to: number] {
  const half = Math.max(1, (to - from) / 2)
  const end = Math.max(to, Math.min(to + half, now))
  return [Math.max(0, end - 4 * half), end]
}
