/**
 * Stores batches: takes them apart, finds events that are known already, and writes the rest in one transaction for each partition. One
 * thread uses it.
 * In: groups of verified batches.
 * Out: rows and segments in partitions, waybills in `control.db`, and the outcome of each batch.
 */
export { lastMerge, nextMerge, TOO_MANY_SEGMENTS } from './merging.ts'
export type { Partition } from './partition.ts'
export { type Group, StoreWriter } from './store-writer.ts'
