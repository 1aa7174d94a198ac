import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { codeOf, OperatorError, reasonOf } from '../../../../schema/index.ts'
import { StoreFullError, StoreUnavailableError } from '../../port.ts'

const FULL = 13
const CORRUPT = 11
const NOT_A_DATABASE = 26
const BUSY = 5
const LOCKED = 6
const IO_ERROR = 10
const CANT_OPEN = 14

/** Returns SQLite's result code of a thrown value; undefined if SQLite did not throw it. */
function resultOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('errcode' in thrown)) return undefined
  return typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : undefined
}

/**
 * Turns a failure into the store's error. A full disk often shows itself as an I/O error (a journal that can't grow, a shared map that
 * can't be extended), so `full` checks the disk itself.
 */
export function storeError(thrown: unknown, file: string, full: () => boolean): Error {
  const code = resultOf(thrown)
  if (thrown instanceof StoreFullError || thrown instanceof StoreUnavailableError) return thrown
  if (code === FULL || codeOf(thrown) === 'ENOSPC' || ((code === IO_ERROR || code === CANT_OPEN) && full())) {
    return new StoreFullError(`the disk that holds ${file} is full; free space or move the store`)
  }
  if (code === CORRUPT || code === NOT_A_DATABASE) {
    return new StoreUnavailableError(`${file} is damaged (${reasonOf(thrown)}); restore it from a backup`)
  }
  if (code === BUSY || code === LOCKED) {
    return new StoreUnavailableError(`${file} is locked by another program; close it`)
  }
  if (code === IO_ERROR || code === CANT_OPEN) {
    return new StoreUnavailableError(`${file} can't be read or written (${reasonOf(thrown)}); check the disk`)
  }
  return thrown instanceof Error ? thrown : new Error(reasonOf(thrown))
}

/** How long a statement waits for another connection, ms. */
const WAIT = 5000

/**
 * The page size of a new database, in bytes. The log takes a whole page for each row that a transaction touches. Where events come one at a
 * time, that is most of what is written: 71 KB an event with pages of 4 KiB, 30 KB with these. Larger pages take as much CPU where many
 * events come together. A packed row spans many pages, and only its last page is half empty.
 */
const PAGE_BYTES = 1024

/**
 * The size of a log, in bytes, at which it is moved into its database. Doing that at each commit would write everything twice and gain
 * nothing.
 */
const CHECKPOINT_BYTES = 32 * 1024 * 1024

export interface OpenOptions {
  /** KiB of page cache. */
  readonly cache: number
  readonly readOnly?: boolean
}

/** Write-ahead log, synced at each commit: what is committed is on the disk. */
export function openDatabase(file: string, options: OpenOptions): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: options.readOnly ?? false, timeout: WAIT })
  try {
    if (options.readOnly !== true) {
      database.exec(`PRAGMA page_size = ${PAGE_BYTES}`)
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      // An older database keeps the pages that it was made with.
      const pages = CHECKPOINT_BYTES / numberOf(database, 'page_size')
      database.exec(`PRAGMA wal_autocheckpoint = ${pages}; PRAGMA journal_size_limit = 67108864`)
      // By default a sync on macOS ends in the drive's cache.
      database.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON')
    }
    database.exec(`PRAGMA cache_size = -${options.cache}; PRAGMA temp_store = MEMORY`)
    return database
  } catch (thrown) {
    database.close()
    throw thrown
  }
}

/** Opens a database that counts only once its maker has synced it as a whole: before that it needs no journal. */
export function createDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA page_size = ${PAGE_BYTES}`)
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096')
  return database
}

/**
 * Moves the content of the write-ahead log into the database and truncates the log. Returns false if a reader uses the log: nobody waits
 * for it, and the caller tries again.
 */
export function emptyLog(database: DatabaseSync): boolean {
  database.exec('PRAGMA busy_timeout = 0')
  try {
    return Number(database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy) === 0
  } finally {
    database.exec(`PRAGMA busy_timeout = ${WAIT}`)
  }
}

const numberOf = (database: DatabaseSync, pragma: string): number =>
  Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0])

/** Bytes of what a database holds, also of what lies in its log still. */
export const heldIn = (database: DatabaseSync): number =>
  numberOf(database, 'page_count') * numberOf(database, 'page_size')

/** Bytes of a database's pages that hold nothing. */
export const freeIn = (database: DatabaseSync): number =>
  numberOf(database, 'freelist_count') * numberOf(database, 'page_size')

/** Runs `work` in a transaction; any failure undoes all of it. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (thrown) {
    // A full disk may have rolled back already.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw thrown
  }
}

/** A file's name is on the disk only when its folder is. */
export function syncFolder(folder: string): void {
  const open = openSync(folder, 'r')
  fsyncSync(open)
  closeSync(open)
}

/** Makes a folder and those above it that are missing: all are found after power loss. SQLite syncs only the folder that a file lies in. */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = resolve(folder); ; made = dirname(made)) {
    syncFolder(dirname(made))
    if (made === resolve(first)) return
  }
}

/**
 * Holds the store's folder for this process. The lock is the operating system's, on an open transaction: it ends with the
 * process, however that ends.
 */
export function lockFolder(folder: string, file: string): { release(): void } {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { timeout: 0 })
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch (thrown) {
    database?.close()
    const code = resultOf(thrown)
    if (code === BUSY || code === LOCKED) {
      throw new OperatorError(
        'WB-STORE-IN-USE',
        `the store in ${folder} is in use by another process; stop it, or give this one a folder of its own`,
      )
    }
    throw new OperatorError(
      'WB-STORE-UNUSABLE',
      `the store in ${folder} can't be opened (${reasonOf(thrown)}); check the folder and its rights`,
      {
        cause: thrown,
      },
    )
  }
  const held = database
  return { release: () => held.close() }
}
