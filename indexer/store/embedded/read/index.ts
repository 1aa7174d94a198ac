/**
 * Answers questions over all partitions. Nothing here writes.
 * In: a query or an aggregate, and the folder of the store.
 * Out: pages of events, pages of arrivals, counts; and a partition as a reader sees it (`PartitionView`).
 */
export { aggregate } from './aggregate/index.ts'
export { arrivalsPage, endOfArrivals } from './arrivals.ts'
export { consignmentsPage, headersPage, partitionPage, sealedEvent } from './consignments.ts'
export { nextSpan, type ProvedSpan, placeAt, provedSpan, type Span } from './proofs.ts'
export { searchPage } from './search.ts'
export { asStored, newShared, PartitionGoneError, PartitionView, SegmentGoneError } from './view.ts'
