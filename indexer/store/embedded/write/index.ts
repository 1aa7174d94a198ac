/** The way in: batches are taken apart, known events are sifted out, and the rest is written in one transaction a partition. One thread uses it. */
export { lastMerge, nextMerge, TOO_MANY_SEGMENTS } from './merging.ts'
export type { Partition } from './partition.ts'
export { type Group, StoreWriter } from './store-writer.ts'
