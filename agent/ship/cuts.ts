/**
 * Some proxies cut the connection of a request that they find too large, where others answer 413. An indexer that goes away cuts connections,
 * too. What tells the two apart: whether smaller batches get through in between.
 */
export interface Cuts {
  /** So often the connection was cut under this batch, with none of its size or larger acknowledged since. */
  readonly count: number
  /** So often of these, once it waited by itself, smaller ones were acknowledged before the next cut. */
  readonly outrun: number
  /** A smaller one was acknowledged since the last cut. */
  readonly passed: boolean
}

export const NO_CUTS: Cuts = { count: 0, outrun: 0, passed: false }

/** After so many a batch waits by itself, and lets others pass. */
const IN_LINE = 3
/** Outrun so often, it is too large for the way. */
const OUTRUN = 5

export const cutAgain = (cuts: Cuts): Cuts => ({
  count: cuts.count + 1,
  outrun: cuts.outrun + (cuts.passed && waitsAlone(cuts) ? 1 : 0),
  passed: false,
})

/** Another batch was acknowledged: a smaller one says that the way is open, one as large that size is not the trouble. */
export function besideAcknowledged(cuts: Cuts, isSmaller: boolean): Cuts {
  if (cuts.count === 0) return cuts
  return isSmaller ? { ...cuts, passed: true } : NO_CUTS
}

export const waitsAlone = ({ count }: Cuts): boolean => count >= IN_LINE

export const isTooLarge = ({ outrun }: Cuts): boolean => outrun >= OUTRUN
