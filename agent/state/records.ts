import { crc32 } from 'node:zlib'
import type { Change } from './index.ts'

/**
 * The format of journals and snapshots: one line that names the file's kind, then records, each with its length and checksum (four bytes
 * each, big-endian) before it. A record is one write: a JSON list of `[key, value]`, or `[key]` for a deletion.
 */
export const VERSION = 1
const HEADER_BYTES = 8
const MAX_RECORD_BYTES = 256 * 1024 * 1024

export type FileKind = 'journal' | 'snapshot'

export function titleOf(kind: FileKind, generation: number): Buffer {
  return Buffer.from(`waybill-state ${VERSION} ${kind} ${generation}\n`)
}

export type Title =
  | { readonly kind: 'good'; readonly end: number }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'bad' }

const TITLE = /^waybill-state (\d+) (journal|snapshot) (\d+)\n/

export function readTitle(bytes: Buffer, kind: FileKind, generation: number): Title {
  const found = TITLE.exec(bytes.toString('latin1', 0, 80))
  if (found === null) return { kind: 'bad' }
  const version = Number(found[1])
  if (version > VERSION) return { kind: 'newer', version }
  if (version !== VERSION || found[2] !== kind || Number(found[3]) !== generation) return { kind: 'bad' }
  return { kind: 'good', end: found[0].length }
}

export function encodeRecord(changes: readonly Change[]): Buffer {
  const entries = changes.map(({ key, value }) => (value === undefined ? [key] : [key, value]))
  const content = Buffer.from(JSON.stringify(entries))
  const record = Buffer.allocUnsafe(HEADER_BYTES + content.length)
  record.writeUInt32BE(content.length, 0)
  record.writeUInt32BE(crc32(content), 4)
  content.copy(record, HEADER_BYTES)
  return record
}

/** A change in the form of a record: a reader sees now what it would see after a restart. */
export type Entry = readonly [key: string] | readonly [key: string, value: unknown]

/** Hand-written for speed: a start reads every record of the journal, and any of the agent's tables may be large. */
function isEntries(value: unknown): value is Entry[] {
  return (
    Array.isArray(value) &&
    value.every(
      (entry) =>
        Array.isArray(entry) && (entry.length === 1 || entry.length === 2) && typeof entry[0] === 'string',
    )
  )
}

export function entriesOf(record: Buffer): Entry[] {
  const entries: unknown = JSON.parse(record.toString('utf8', HEADER_BYTES))
  if (!isEntries(entries)) throw new TypeError('a record of the state holds something else than entries')
  return entries
}

/** Reads the complete records from `start` on, and returns where the last of them ends; the rest is incomplete or damaged. */
export function readRecords(bytes: Buffer, start: number): { records: Entry[][]; end: number } {
  const records: Entry[][] = []
  let at = start
  while (bytes.length - at > HEADER_BYTES) {
    const length = bytes.readUInt32BE(at)
    // After a power loss a file may end in zeros, and the checksum of nothing is zero: so no record is empty.
    if (length === 0 || length > MAX_RECORD_BYTES || bytes.length - at - HEADER_BYTES < length) break
    const end = at + HEADER_BYTES + length
    if (crc32(bytes.subarray(at + HEADER_BYTES, end)) !== bytes.readUInt32BE(at + 4)) break
    records.push(entriesOf(bytes.subarray(at, end)))
    at = end
  }
  return { records, end: at }
}

export function apply(table: Map<string, unknown>, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (entry.length === 1) table.delete(entry[0])
    else table.set(entry[0], entry[1])
  }
}

/** Encodes a snapshot: the table in records of a limited size, and a last record with the number of keys. */
export function encodeSnapshot(table: ReadonlyMap<string, unknown>, generation: number): Buffer[] {
  const parts: Buffer[] = [titleOf('snapshot', generation)]
  let changes: Change[] = []
  for (const [key, value] of table) {
    changes.push({ key, value })
    if (changes.length === 256) {
      parts.push(encodeRecord(changes))
      changes = []
    }
  }
  if (changes.length > 0) parts.push(encodeRecord(changes))
  parts.push(encodeRecord([{ key: '', value: { keys: table.size } }]))
  return parts
}

/** Returns the table of a snapshot; null if it is incomplete. */
export function decodeSnapshot(bytes: Buffer, start: number): Map<string, unknown> | null {
  const { records, end } = readRecords(bytes, start)
  if (end !== bytes.length) return null
  const last = records.pop()?.[0]
  if (last === undefined || last[0] !== '' || last.length !== 2) return null
  const table = new Map<string, unknown>()
  for (const entries of records) apply(table, entries)
  const said = last[1]
  const keys = typeof said === 'object' && said !== null && 'keys' in said ? said.keys : undefined
  return keys === table.size ? table : null
}
