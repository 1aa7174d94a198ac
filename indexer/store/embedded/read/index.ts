/** The way out: a partition as a reader sees it; searches, arrivals and counts over all of them. Nothing here writes. */
export { aggregate } from './aggregate/index.ts'
export { arrivalsPage, endOfArrivals } from './arrivals.ts'
export { searchPage } from './search.ts'
export { asStored, newShared, PartitionGoneError, PartitionView, SegmentGoneError } from './view.ts'
