import { readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { CATEGORIES, type Category, isCategory, OperatorError } from '../../../../schema/index.ts'
import { type Searchable, searchableOf, USUAL_TABLE, windowOf } from '../../../lifecycle/table.ts'
import type { CountDimension } from '../../port.ts'
import { inTransaction, syncFolder } from './database.ts'

/**
 * A partition: the events of one category and window of `event.ingested`, in a database of its own.
 *
 * - `batches`: the stored batches, with the outcomes of their events: written in the same transaction as the events, so that
 *   a batch interrupted between two partitions continues where it stopped
 * - `chunks`: the lines as shipped, compressed; or where they are in a block
 * - `blocks`: lines of many chunks packed together: small chunks once there are many, all once the partition is at rest
 * - `revisions`: the lines of a chunk whose id differs from the sealed one, and how it follows from the line (`Renamed`)
 * - `additions`: the enrichment's additions to the events of a chunk, compressed: one line an event; no row if there are none
 * - `runs`: the stored event ids. Ids of one file ascend, so a chunk's ids are one row (its first and last); an id that
 *   ascends from none before it is a run of its own. Runs never overlap. Measured over 3 million ids (CPU of each one):
 *   runs of 43 0.14 µs; a row an ascending id 2.9 µs, flat; a row a random id 20 µs in the first million, 37 µs in the third.
 * - `strays`: ids that lie within a run without being in it
 * - `fields`: lists of the fields as segments number them
 * - `segments`: the search index, each with its list of fields; great ones are files beside the partition (`content` is null)
 * - `counts`: hourly counts
 */
const TABLES = `
CREATE TABLE IF NOT EXISTS batches (
  n INTEGER PRIMARY KEY,
  agent TEXT NOT NULL, incarnation TEXT NOT NULL, sequence INTEGER NOT NULL,
  ingested INTEGER NOT NULL, outcome TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS chunks (
  id INTEGER PRIMARY KEY, batch INTEGER NOT NULL, first INTEGER NOT NULL, positions BLOB, bytes BLOB NOT NULL,
  block INTEGER, line INTEGER, lines INTEGER
);
CREATE TABLE IF NOT EXISTS blocks (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS revisions (chunk INTEGER PRIMARY KEY, lines BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS additions (chunk INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS runs (first BLOB PRIMARY KEY, last BLOB NOT NULL, chunk INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS strays (id BLOB PRIMARY KEY, chunk INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fields (n INTEGER PRIMARY KEY, list TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS segments (
  id INTEGER PRIMARY KEY, docs INTEGER NOT NULL, least REAL NOT NULL, greatest REAL NOT NULL,
  bytes INTEGER NOT NULL, content BLOB, fields INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS counts (
  hour INTEGER NOT NULL, dimension INTEGER NOT NULL, value TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (hour, dimension, value)
) WITHOUT ROWID;
`

/** The last id of a run: it is omitted if it is also the first. */
export const RUN_END = 'max(first, last)'

/** The tables that a partition at rest takes over unchanged. */
export const KEPT_TABLES = [
  'batches',
  'revisions',
  'additions',
  'runs',
  'strays',
  'fields',
  'segments',
  'counts',
] as const

/** The changes since layout 4. */
const SINCE_LAYOUT_4 = `
ALTER TABLE chunks ADD COLUMN block INTEGER;
ALTER TABLE chunks ADD COLUMN line INTEGER;
ALTER TABLE chunks ADD COLUMN lines INTEGER;
ALTER TABLE segments ADD COLUMN fields INTEGER NOT NULL DEFAULT 0;
`

/** The format of a partition's database (`user_version`; layout 4 had 0). */
export const PARTITION_FORMAT = 5

/** Makes a partition's tables, or brings those of an older format up to this one. What is stored in them stays as it is. */
export function preparePartition(database: DatabaseSync, file: string): void {
  const format = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (format > PARTITION_FORMAT)
    throw new OperatorError(
      'WB-STORE-FORMAT',
      `${file} has format ${format}, and this version of waybill reads formats up to ${PARTITION_FORMAT}; open the store with the version that wrote it`,
    )
  if (format === PARTITION_FORMAT) return
  const isOlder = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'chunks'").get() !== undefined
  inTransaction(database, () => {
    if (isOlder) database.exec(SINCE_LAYOUT_4)
    database.exec(TABLES)
    database.exec(`PRAGMA user_version = ${PARTITION_FORMAT}`)
  })
}

/**
 * The file of a partition's database. When the partition comes to rest, it is rewritten under the next generation's name. `control.db`
 * names the valid generation, so a crash leaves either the old or the new one.
 */
export const partitionFile = (partition: string, generation: number): string =>
  generation === 0 ? `${partition}.db` : `${partition}.${generation}.db`

/** Returns the partition and the generation of a database file, or undefined for another file. */
export function partitionOfFile(file: string): { name: string; generation: number } | undefined {
  const match = /^([^.]+)(?:\.(\d+))?\.db$/.exec(file)
  return match === null ? undefined : { name: match[1]!, generation: Number(match[2] ?? 0) }
}

/** Numbers of the dimensions in the tables: never reordered. */
export const DIMENSIONS: readonly CountDimension[] = ['category', 'action', 'user', 'entity', 'outcome']

/** A great segment is a file beside its partition. */
export const segmentFile = (partition: string, id: number): string => `${partition}.${id}.segment`

/** Returns the partition of a segment file, or undefined for another file. */
export const partitionOfSegment = (file: string): string | undefined =>
  /^([^.]+)\.\d+\.segment$/.exec(file)?.[1]

/**
 * The ending of an expired partition's database. The file is removed once the leaf hashes that proofs of other lines need are kept. A start
 * that finds such a file resumes that work.
 */
export const EXPIRED = '.expired'

/** Sets a partition aside in one step: before it, the whole partition is there; after it, nobody reads any of it. Its log must be empty. */
export function setAside(folder: string, partition: string, generation: number): void {
  renameSync(join(folder, partitionFile(partition, generation)), join(folder, `${partition}${EXPIRED}`))
  // Without this sync, a power failure could bring back the database without the segments that are removed next.
  syncFolder(folder)
}

/** Removes all files of a partition that was set aside, but its database. */
export function clearBeside(folder: string, partition: string): void {
  for (const file of readdirSync(folder))
    if (file.startsWith(`${partition}.`) && !file.endsWith(EXPIRED)) rmSync(join(folder, file))
}

/** Removes the database of a partition that was set aside. */
export function clearExpired(folder: string, partition: string): void {
  for (const end of ['-wal', '-shm', ''])
    rmSync(join(folder, `${partition}${EXPIRED}${end}`), { force: true })
}

const DAY = 86_400_000

export const withDefaults = (searchable: Partial<Searchable>): Searchable => ({
  ...searchableOf(USUAL_TABLE),
  ...searchable,
})

/** The partition that receives events now. */
export function partitionFor(category: Category, ingested: number, searchable: Searchable): string {
  const width = windowOf(searchable[category])
  const start = new Date(Math.floor(ingested / width) * width).toISOString()
  const day = start.slice(0, 10)
  return width >= DAY
    ? `${category}-${day}`
    : `${category}-${day}T${start.slice(11, 13)}${start.slice(14, 16)}`
}

export function categoryOf(partition: string): Category {
  const category = partition.slice(0, partition.indexOf('-'))
  if (!isCategory(category)) throw new Error(`${partition} begins with none of ${CATEGORIES.join(', ')}`)
  return category
}
