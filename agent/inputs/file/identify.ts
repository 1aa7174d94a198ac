import { hash } from 'node:crypto'
import { type BigIntStats, readSync } from 'node:fs'

/**
 * What tells one file from another. An inode says where a file is at present; only its content says that it is still the
 * same: the head (its first bytes) and marks (short samples before offsets that were read).
 */
export interface Inode {
  readonly dev: string
  readonly ino: string
  /** When the inode was made, in ns; '0' where the file system doesn't tell. It unmasks an inode that is used again. */
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

/** Of a file whose content is another: whether its inode's number was given to a new file since. */
export function isReused(before: Inode, now: Inode): boolean {
  return before.birth !== '0' && now.birth !== '0' && before.birth !== now.birth
}

/** Where bytes of a source are read from: a file, or what hold/ kept of it. */
export interface Reader {
  /** Fewer bytes than asked for only at the end. */
  read(into: Buffer, at: number, length: number, offset: number): number
  close(): void
}

/** Reads until `length` bytes are there or the file ends. */
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

/** The mark at `offset`, of a sample that ends there. */
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
 * Marks with one more at the end. A few are kept, closer together towards the end, so that a file that was cut short can
 * still be told from one that was written anew.
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

/** What was known of a file's content when it was last read. */
export interface Known {
  readonly head: Head
  readonly marks: readonly Mark[]
}

export type Likeness =
  /** All that was known is there as it was. */
  | 'same'
  /** Shorter than what was known, and as it was up to its present end. */
  | 'shortened'
  /** The content is another. */
  | 'other'

/** Compares a file of `size` bytes with what is known of a source that was read up to `read`. */
export function likeness(reader: Reader, size: number, known: Known, read: number): Likeness {
  let covered = 0
  // Cut within its head, and nothing of it was read: there is nothing to compare.
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
  // To skip what is left of a shortened file, it must be clear that it is what was read before.
  return covered > 0 && covered * 2 >= size ? 'shortened' : 'other'
}
