/**
 * What stands on the disk: SQLite databases and how they are opened, `control.db`, a partition's tables and files, and the chunks of lines in
 * them. It knows neither who writes nor who reads.
 */
export { CHUNK_BYTES, Chunk, compressed, markedLine, type Renamed, renamedId } from './chunks.ts'
export {
  Control,
  chainsOf,
  letterOf,
  type NewDeadLetter,
  type PartitionRow,
  partitionsOf,
} from './control.ts'
export { inTransaction, lockFolder, openDatabase, storeError } from './database.ts'
export {
  clearExpired,
  DIMENSIONS,
  EXPIRED,
  PARTITION_TABLES,
  segmentFile,
  setAside,
} from './partition-files.ts'
export { categoryOf, partitionFor, withDefaults } from './windows.ts'
