import { hash } from 'node:crypto'
import { behindByteOrderMark, endsAtNext, forEachRecord, longestRecord, wholeRecords } from '../framing.ts'
import { HEAD_BYTES, hasHead, MARK_BYTES, type Mark, markOf } from './identify.ts'
import { Oversize } from './oversize.ts'
import type { Handed, Tail } from './source.ts'

/** The result of an attempt to cut a slice from a source. */
export type Cut =
  | { readonly kind: 'slice'; readonly handed: Handed; readonly end: number }
  /** There is no complete record; it waits until the file grows. */
  | { readonly kind: 'nothing' }
  /** The record needs more room than the buffer has left. */
  | { readonly kind: 'crowded' }
  /** A very long record is being followed; it needs more steps. */
  | { readonly kind: 'following' }
  /** The file no longer contains the bytes that were read from it. */
  | { readonly kind: 'changed' }

export interface Room {
  readonly buffer: Buffer
  readonly at: number
  /** Bytes that this source should take at most; one record may take more. */
  readonly quantum: number
  readonly records: number
  readonly now: number
  /** How long an incomplete last record waits before it counts as complete, if it may. */
  readonly flushAfter: number
}

const LF = 0x0a
export const NOTHING: Cut = { kind: 'nothing' }
const CROWDED: Cut = { kind: 'crowded' }
const FOLLOWING: Cut = { kind: 'following' }
const CHANGED: Cut = { kind: 'changed' }
/** The places within a slice, besides its end, where a mark is set. */
const MARKED_PARTS = [0.25, 0.5, 0.75]
/** The head of a file that begins with a KiB of NUL. */
const ZERO_HEAD = hash('sha256', Buffer.alloc(HEAD_BYTES))
const skipWindow = Buffer.allocUnsafe(256 * 1024)
const HEADER_BYTES = 64 * 1024
const recheck = Buffer.allocUnsafe(MARK_BYTES)

/** Takes the next whole records of a tail whose reader is open. */
export function cut(tail: Tail, room: Room): Cut {
  if (tail.oversize !== null) return followOversize(tail, room)
  if (tail.head.sha256 === ZERO_HEAD && tail.read === tail.position && skipHole(tail)) return FOLLOWING
  const { buffer, at } = room
  const available = tail.size - tail.read
  if (available <= 0) return NOTHING
  const most = buffer.length - at
  const longest = longestRecord(tail.framing)
  let got = 0
  for (let want = Math.min(room.quantum, most); ; want = Math.min(want * 4, most, longest)) {
    const length = Math.min(want, available)
    got += readMore(tail, buffer, at + got, length - got, tail.read + got)
    // The order matters: bytes are only handed out if the bytes before them are still there afterwards.
    if (got < length || !isIntact(tail)) return CHANGED
    const all = got === available
    let to = at + got
    let closed = all && isClosed(tail, room)
    if (all && !closed && isFlushed(tail, room)) {
      to = buffer.subarray(at, to).lastIndexOf(LF) + 1 + at
      closed = true
    }
    const { end, records } = wholeRecords(tail.framing, buffer, at, to, room.records, closed)
    if (records > 0) return slice(tail, room, end, records, null)
    if (all && got < longest) return NOTHING
    if (got >= longest || (at === 0 && got >= most)) {
      tail.oversize = new Oversize(tail)
      return followOversize(tail, room)
    }
    if (want >= most) return CROWDED
  }
}

/**
 * A writer that doesn't append continues at its old place after its file was truncated. It leaves a hole before that place, possibly
 * gigabytes of NUL. They are no data: they are skipped step by step. Returns true while there may be more of them.
 */
function skipHole(tail: Tail): boolean {
  const window = skipWindow
  for (let step = 0; step < 32; step += 1) {
    const got = readMore(tail, window, 0, Math.min(window.length, tail.size - tail.read), tail.read)
    if (got === 0) return false
    let zeros = 0
    while (zeros < got && window[zeros] === 0) zeros += 1
    tail.read += zeros
    tail.position = tail.read
    tail.last = null
    if (zeros < got) return false
  }
  return tail.read < tail.size
}

/** Reads again a slice that was handed out and given back. */
export function cutAgain(tail: Tail, given: Handed, room: Room): Cut {
  const { buffer, at } = room
  const whole = Math.min(
    given.to - given.offset,
    given.truncated === null ? Infinity : longestRecord(tail.framing),
  )
  const length = Math.min(whole, buffer.length - at)
  if (length < whole && at > 0) return CROWDED
  if (readMore(tail, buffer, at, length, given.offset) < length || !isIntact(tail)) return CHANGED
  if (given.truncated !== null) {
    const end = at + keptLength(buffer, at, length)
    return { kind: 'slice', handed: given, end }
  }
  const found = wholeRecords(tail.framing, buffer, at, at + length, room.records, length === whole)
  if (found.end === at + whole) return { kind: 'slice', handed: given, end: found.end }
  return {
    kind: 'slice',
    end: found.end,
    handed: {
      offset: given.offset,
      to: given.offset + (found.end - at),
      records: found.records,
      marks: marksOf(buffer, at, found.end, given.offset),
      truncated: null,
    },
  }
}

function readMore(tail: Tail, buffer: Buffer, at: number, length: number, offset: number): number {
  return length <= 0 || tail.reader === null ? 0 : tail.reader.read(buffer, at, length, offset)
}

/** Whether the bytes before `read` are unchanged: this detects a file that was truncated and has grown again. */
export function isIntact(tail: Tail): boolean {
  if (tail.held || tail.reader === null) return true
  if (tail.read < tail.head.bytes && !hasHead(tail.reader, tail.head)) return false
  if (tail.read === 0) return true
  const length = Math.min(MARK_BYTES, tail.read)
  const got = tail.reader.read(recheck, 0, length, tail.read - length)
  if (got < length) return false
  if (tail.last === null) {
    // This is the first reading since the start: the marks already served for the comparison.
    tail.last = Buffer.from(recheck.subarray(0, length))
    return true
  }
  return recheck.compare(tail.last, 0, tail.last.length, length - tail.last.length, length) === 0
}

function isClosed(tail: Tail, room: Room): boolean {
  if (tail.ended) return true
  return tail.source.config?.finalLine === 'take' && isQuiet(tail, room)
}

const isFlushed = (tail: Tail, room: Room): boolean => endsAtNext(tail.framing) && isQuiet(tail, room)

const isQuiet = (tail: Tail, room: Room): boolean => room.now - tail.changedAt >= room.flushAfter

function followOversize(tail: Tail, room: Room): Cut {
  const oversize = tail.oversize
  if (oversize === null) return NOTHING
  const keep = Math.min(longestRecord(tail.framing), tail.size - oversize.start)
  if (room.buffer.length - room.at < keep && room.at > 0) return CROWDED
  let end = oversize.follow(tail)
  if (!isIntact(tail)) return CHANGED
  if (end === null && oversize.isExhausted(tail.size)) {
    if (!isClosed(tail, room) && !isFlushed(tail, room)) return NOTHING
    end = oversize.followRest(tail)
  }
  if (end === null) return FOLLOWING
  const length = Math.min(keep, room.buffer.length - room.at, end - oversize.start)
  if (readMore(tail, room.buffer, room.at, length, oversize.start) < length) return CHANGED
  tail.oversize = null
  const kept = keptLength(room.buffer, room.at, length)
  return slice(tail, room, room.at + kept, 1, { to: end, ...oversize.measured() })
}

/** The length without the first bytes of a character that is cut off at the end. */
function keptLength(buffer: Buffer, at: number, length: number): number {
  let start = length - 1
  while (start > 0 && length - start < 4 && ((buffer[at + start] ?? 0) & 0xc0) === 0x80) start -= 1
  const lead = buffer[at + start] ?? 0
  const needs = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
  return start > 0 && needs > length - start ? start : length
}

function slice(
  tail: Tail,
  room: Room,
  end: number,
  records: number,
  long: { to: number; bytes: number; sha256: string } | null,
): Cut {
  const { buffer, at } = room
  const offset = tail.read
  const to = long?.to ?? offset + (end - at)
  const marks = long === null ? marksOf(buffer, at, end, offset) : []
  tail.last = long === null ? lastOf(tail.last, buffer, at, end) : readLast(tail, to)
  if (tail.last !== null && tail.last.length === Math.min(MARK_BYTES, to)) marks.push(markOf(tail.last, to))
  if (offset === 0 && tail.header === null && tail.framing.kind === 'csv')
    tail.header = headerOf(tail, buffer, at, end)
  tail.read = to
  tail.lastRead = room.now
  const truncated = long === null ? null : { bytes: long.bytes, sha256: long.sha256 }
  const handed: Handed = { offset, to, records, marks, truncated }
  return { kind: 'slice', handed, end }
}

/** Takes samples within a slice, so that a truncated file can be compared up to its new end. */
function marksOf(buffer: Buffer, at: number, end: number, offset: number): Mark[] {
  const length = end - at
  if (length < 8 * MARK_BYTES) return []
  return MARKED_PARTS.map((part) => {
    const to = Math.floor(length * part)
    return markOf(buffer.subarray(at + to - MARK_BYTES, at + to), offset + to)
  })
}

/** The last bytes before the next reading: for a short slice, together with the bytes before it. */
function lastOf(before: Buffer | null, buffer: Buffer, at: number, end: number): Buffer {
  const taken = Math.min(MARK_BYTES, end - at)
  const tail = buffer.subarray(end - taken, end)
  const missing = MARK_BYTES - taken
  if (missing === 0 || before === null || before.length === 0) return Buffer.from(tail)
  return Buffer.concat([before.subarray(Math.max(0, before.length - missing)), tail])
}

function readLast(tail: Tail, to: number): Buffer | null {
  const length = Math.min(MARK_BYTES, to)
  const last = Buffer.allocUnsafe(length)
  return readMore(tail, last, 0, length, to - length) === length ? last : null
}

/** The header record of a CSV file, from a buffer that begins with it. */
function headerOf(tail: Tail, buffer: Buffer, at: number, end: number): string | null {
  const from = behindByteOrderMark(buffer, at, end)
  const first = wholeRecords(tail.framing, buffer, from, end, 1, true)
  let header: string | null = null
  forEachRecord(tail.framing, buffer, from, Math.min(first.end, from + HEADER_BYTES), (start, stop) => {
    header ??= buffer.toString('utf8', start, stop)
  })
  return header
}
