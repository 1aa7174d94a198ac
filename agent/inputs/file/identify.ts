import { hash } from 'node:crypto'
import { type BigIntStats, readSync } from 'node:fs'

/**
 * Tells files apart. An inode says where a file is at present. Only its content shows that it is still the same file: the head (its first
 * bytes) and marks (short samples before offsets that were read).
 */
export interface Inode {
  readonly dev: string
  readonly ino: string
  /** The time when the inode was made, in ns; '0' if the file system doesn't report it. It detects a reused inode. */
  readonly birth: string
}

export interface Head {
  readonly bytes: number
  readonly sha256: string
}

/** The hash of up to `MARK_BYTES` bytes before the offset. */
export type Mark = readonly [offset: number, hash: string]

export const HEAD_BYTES = 1024
export const MARK_BYTES = 256
const MARKS = 8

export const NO_HEAD: Head = { bytes: 0, sha256: '' }

export function inodeOf(stat: BigIntStats): Inode {
  return { dev: String(stat.dev), ino: String(stat.ino), birth: String(stat.birthtimeNs) }
}

export const inodeKey = (inode: Inode): string => `${inode.dev}:${inode.ino}`
export const statKey = (stat: BigIntStats): string => `${stat.dev}:${stat.ino}`

/** Whether an inode number now belongs to a new file. Asked of a file whose content has changed. */
export function isReused(before: Inode, now: Inode): boolean {
  return before.birth !== '0' && now.birth !== '0' && before.birth !== now.birth
}

/** A source of bytes: a file, or its copy in hold/. */
export interface Reader {
  /** Returns fewer bytes than requested only at the end. */
  read(into: Buffer, at: number, length: number, offset: number): number
  close(): void
}

/** Reads until `length` bytes are read or the file ends. */
export function readFully(fd: number, into: Buffer, at: number, length: number, offset: number): number {
  let got = 0
  while (got < length) {
    const read = readSync(fd, into, at + got, length - got, offset + got)
    if (read === 0) break
    got += read
  }
  return got
}

const scratch = Buffer.allocUnsafe(HEAD_BYTES)

export function headOf(reader: Reader, size: number): Head {
  const bytes = reader.read(scratch, 0, Math.min(HEAD_BYTES, size), 0)
  return bytes === 0 ? NO_HEAD : { bytes, sha256: hash('sha256', scratch.subarray(0, bytes)) }
}

export function hasHead(reader: Reader, head: Head): boolean {
  if (head.bytes === 0) return true
  const bytes = reader.read(scratch, 0, head.bytes, 0)
  return bytes === head.bytes && hash('sha256', scratch.subarray(0, bytes)) === head.sha256
}

export const headKey = (head: Head): string => `${head.bytes}:${head.sha256}`

/** The mark at `offset`, from a sample that ends there. */
export function markOf(sample: Buffer, offset: number): Mark {
  return [offset, hash('sha256', sample, 'base64url').slice(0, 12)]
}

export function readMark(reader: Reader, offset: number): Mark | null {
  const length = Math.min(MARK_BYTES, offset)
  const sample = Buffer.allocUnsafe(length)
  return reader.read(sample, 0, length, offset - length) === length ? markOf(sample, offset) : null
}

export const hasMark = (reader: Reader, mark: Mark): boolean => readMark(reader, mark[0])?.[1] === mark[1]

/**
 * Adds a mark at the end. A few are kept, closer together towards the end, so that a truncated file can still be distinguished from one
 * that was written anew.
 */
export function withMark(marks: readonly Mark[], mark: Mark): Mark[] {
  const kept = marks.filter((known) => known[0] < mark[0])
  kept.push(mark)
  while (kept.length > MARKS) {
    let drop = 1
    let least = Number.POSITIVE_INFINITY
    for (let i = 1; i < kept.length - 1; i += 1) {
      const gap = kept[i + 1]![0] - kept[i - 1]![0]
      const worth = gap / (mark[0] - kept[i]![0])
      if (worth < least) {
        least = worth
        drop = i
      }
    }
    kept.splice(drop, 1)
  }
  return kept
}

/** The known content of a file when it was last read. */
export interface Known {
  readonly head: Head
  readonly marks: readonly Mark[]
}

export type Likeness =
  /** All known content is unchanged. */
  | 'same'
  /** Shorter than the known content, and unchanged up to its present end. */
  | 'shortened'
  /** Other content. */
  | 'other'

/** Compares a file of `size` bytes with what is known of a source that was read up to `read`. */
export function likeness(reader: Reader, size: number, known: Known, read: number): Likeness {
  let covered = 0
  // The file was truncated within its head, and nothing of it was read: there is nothing to compare.
  if (size < known.head.bytes && size >= read) return 'other'
  if (size >= known.head.bytes) {
    if (!hasHead(reader, known.head)) return 'other'
    covered = known.head.bytes
  }
  for (const mark of known.marks) {
    if (mark[0] > size) continue
    if (!hasMark(reader, mark)) return 'other'
    covered = Math.max(covered, mark[0])
  }
  if (size >= read) return 'same'
  // To skip the rest of a shortened file, it must be certain that it was read before.
  return covered > 0 && covered * 2 >= size ? 'shortened' : 'other'
}
