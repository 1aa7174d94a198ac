/**
 * Some proxies cut the connection of a request that they consider too large, while others answer 413. An indexer that stops cuts
 * connections, too. The difference: whether smaller batches get through in between.
 */
export interface Cuts {
  /** How often the connection was cut under this batch since a batch of its size or larger was last acknowledged. */
  readonly count: number
  /** How often, while this batch waited alone, smaller ones were acknowledged before the next cut. */
  readonly outrun: number
  /** Whether a smaller one was acknowledged since the last cut. */
  readonly passed: boolean
}

export const NO_CUTS: Cuts = { count: 0, outrun: 0, passed: false }

/** After this number of cuts a batch waits alone, and lets others pass. */
const IN_LINE = 3
/** After being outrun this often, a batch is too large for the path to the indexer. */
const OUTRUN = 5

export const cutAgain = (cuts: Cuts): Cuts => ({
  count: cuts.count + 1,
  outrun: cuts.outrun + (cuts.passed && waitsAlone(cuts) ? 1 : 0),
  passed: false,
})

/**
 * Takes into account another acknowledged batch: a smaller one shows that the path works, one as large shows that size is not the problem.
 */
export function besideAcknowledged(cuts: Cuts, isSmaller: boolean): Cuts {
  if (cuts.count === 0) return cuts
  return isSmaller ? { ...cuts, passed: true } : NO_CUTS
}

export const waitsAlone = ({ count }: Cuts): boolean => count >= IN_LINE

export const isTooLarge = ({ outrun }: Cuts): boolean => outrun >= OUTRUN
