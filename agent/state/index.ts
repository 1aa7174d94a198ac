/**
 * The data that the agent needs after kill -9, in one small durable table: keys to JSON values, kept in memory, written to a checksummed
 * journal with grouped syncs, and compacted to a snapshot. The owners of the keys:
 *   agent                     enrolment: id, key id, namespace (ship)
 *   chain                     incarnation, last sealed and last acknowledged waybill (ship)
 *   source/<SourceId>         identity, generation, position of a source (inputs)
 *   ledger/<SourceId>         the ledger of a source (ship)
 *   quarantine/<batch>        a batch that was rejected permanently, and its treatment (ship)
 *   heartbeat                 the beats that may have been sent (ship)
 *   fetch/<name>              the place of a fetcher (inputs)
 */
export interface State {
  /** Returns the value on the disk: a write is visible here once it has resolved. The value belongs to the table; don't change it. */
  get<Value>(key: string): Value | undefined
  /** Keys with this prefix, in no order. */
  entries<Value>(prefix: string): IterableIterator<[string, Value]>
  /** Writes all of these changes or none; resolves when they are on the disk. `undefined` deletes. */
  write(changes: readonly Change[]): Promise<void>
  close(): Promise<void>
}

export interface Change {
  readonly key: string
  readonly value: unknown
}

export { makeFolder, syncFolder, writeFileDurably } from './durable.ts'
export { type FolderLock, lockFolder } from './lock.ts'
export type { Log } from './log.ts'
export { openState, type StateOptions } from './table.ts'
