/**
 * How many bulk requests may be in flight, learnt from how they fare: one more after each round in which none was slow, half
 * after one that was turned away. A cluster that takes more gets more; one that is busy is left alone.
 */
export interface Pace {
  readonly limit: number
  /** What a request took when the cluster had nothing else to do, as far as is known, ms for each of its bytes. */
  readonly best: number
  /** Requests that went well since the limit last changed. */
  readonly well: number
}

export interface Trip {
  readonly ms: number
  readonly bytes: number
  /** Turned away (429, 503), or never answered. */
  readonly refused: boolean
}

export const MOST_IN_FLIGHT = 16
export const FIRST_PACE: Pace = { limit: 2, best: Number.POSITIVE_INFINITY, well: 0 }

/** A request that takes this many times as long as the best one waited in a queue. */
const SLOW = 3
/** Small requests say more about the way than about the cluster. */
const LEAST_BYTES = 64 * 1024

export function nextPace(pace: Pace, { ms, bytes, refused }: Trip): Pace {
  const { limit, best, well } = pace
  if (refused) return { limit: Math.max(1, Math.floor(limit / 2)), best, well: 0 }
  const each = ms / Math.max(bytes, LEAST_BYTES)
  // The best fades: what was possible an hour ago may not be now.
  const next = Math.min(each, best * 1.01)
  if (each > SLOW * best) return { limit: Math.max(1, limit - 1), best: next, well: 0 }
  if (well + 1 >= limit) return { limit: Math.min(MOST_IN_FLIGHT, limit + 1), best: next, well: 0 }
  return { limit, best: next, well: well + 1 }
}
