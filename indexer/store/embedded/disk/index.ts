/**
 * What stands on the disk: SQLite databases and how they are opened, `control.db`, a partition's tables and files, and the chunks of lines in
 * them. It knows neither who writes nor who reads.
 */
export {
  CHUNK_BYTES,
  type Chunk,
  chunkOf,
  compressed,
  markedLine,
  type Renamed,
  renamedId,
  SELECT_CHUNK,
} from './chunks.ts'
export {
  Control,
  chainsOf,
  letterOf,
  type NewDeadLetter,
  type PartitionRow,
  partitionsOf,
  prepareControl,
} from './control.ts'
export {
  emptyLog,
  freeIn,
  heldIn,
  inTransaction,
  lockFolder,
  makeFolder,
  openDatabase,
  storeError,
  syncFolder,
} from './database.ts'
export { type GoneLeaves, goneLeaves } from './expired.ts'
export { isPacked, packPartition, SmallChunks } from './pack.ts'
export { PackedLines } from './packed/index.ts'
export {
  clearBeside,
  clearExpired,
  DIMENSIONS,
  EXPIRED,
  KEPT_TABLES,
  partitionFile,
  partitionOfFile,
  partitionOfSegment,
  preparePartition,
  RUN_END,
  segmentFile,
  setAside,
} from './partition-files.ts'
export type { KeptLeaves } from './waybills.ts'
export { categoryOf, partitionFor, withDefaults } from './windows.ts'
