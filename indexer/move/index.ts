/**
 * Moves a store into another one: from the embedded store to a cluster, or back.
 * In: two stores, and the folders of their indexers.
 * Out: the same waybills, lines, dead letters and records in the target, a statement of what was compared, and marks in both stores, so
 * that an indexer starts on the right one.
 */
export { type Copied, copyAll } from './copy.ts'
export { finishedAt, finishMove, type Side, type Statement } from './finish.ts'
export { announceMove, demandAtHome, type Here } from './marks.ts'
