/**
 * The files of the store: databases, `control.db`, a partition's tables and files, chunks, packed lines. It depends on neither writers nor
 * readers.
 *
 * In: lines, rows, and the time at which something arrived. Out: open databases, file names, compressed bytes.
 *
 * In: bytes of a chunk or a block. Out: its lines, positions, ids and additions.
 */
export {
  CHUNK_BYTES,
  type Chunk,
  chunkOf,
  compressed,
  markedLine,
  type Renamed,
  SELECT_CHUNK,
} from './chunks.ts'
export {
  Control,
  chainsOf,
  demandCurrent,
  letterOf,
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
  categoryOf,
  clearBeside,
  clearExpired,
  DIMENSIONS,
  EXPIRED,
  KEPT_TABLES,
  partitionFile,
  partitionFor,
  partitionOfFile,
  partitionOfSegment,
  preparePartition,
  RUN_END,
  segmentFile,
  setAside,
  withDefaults,
} from './partition-files.ts'
export { fatesOf, type KeptLeaves, type ListedWaybill, WaybillList } from './waybills.ts'
