import { LIMITS } from '../../schema/index.ts'
import { JournaldScanner } from './framing-journald.ts'
import { ListScanner } from './framing-list.ts'
import { LONGEST_RECORD, recordEnd } from './journal/record.ts'
import { NextByte } from './next-byte.ts'

export { exportFields } from './framing-journald.ts'

/**
 * Defines where one record ends and the next begins. The tailer cuts slices of whole records with it, and the worker splits the slices
 * with it. There is one definition, so that both see the same records.
 */
export type Framing =
  /** A record per line. */
  | { readonly kind: 'lines' }
  /** A record begins at a line that matches; other lines belong to the previous record. */
  | { readonly kind: 'start'; readonly pattern: string }
  /** Consecutive lines belong to one record if the pattern's groups match the same text in them. */
  | { readonly kind: 'joined'; readonly pattern: string }
  /** Consecutive JSON values, each over one or many lines. */
  | { readonly kind: 'json' }
  /** Objects in a list of a JSON document, which is the document itself or has one of these names; and lines of JSON. */
  | { readonly kind: 'json-list'; readonly names: readonly string[] }
  /** CSV by RFC 4180: a quoted field may hold newlines. With `json`, records that begin with a brace are as in `json-list`. */
  | { readonly kind: 'csv'; readonly quote: string; readonly json?: readonly string[] }
  /** Entries of systemd's journal, as lines of JSON or in the export format. */
  | { readonly kind: 'journald' }
  /** The journal of messages received by syslog: each record contains its length. */
  | { readonly kind: 'journal' }

/** Whether a record ends only where the next begins: the last one is taken when its file has been quiet for a while. */
export const endsAtNext = (framing: Framing): boolean => framing.kind === 'start' || framing.kind === 'joined'

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09
const DOUBLE_QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const SEMICOLON = 0x3b
const PIPE = 0x7c

/** The number of bytes at the beginning of a line that a start pattern is tried on. */
const PATTERN_REACH = 1024

/**
 * Finds the end of one record; keeps its state from call to call, so that a record of any length can be followed
 * through a small buffer.
 */
export interface Scanner {
  /** Returns the end of the record (including its line ending), or -1 if the record continues after `to`. */
  next(bytes: Buffer, from: number, to: number): number
  /** After a -1: the bytes before this offset surely belong to the record; scanning continues from here. */
  readonly scanned: number
  /** Prepares for the next record. */
  reset(): void
  /** The place of the record itself, for scanners that skip the text around it. */
  readonly place?: ListPlace
}

export interface ListPlace {
  readonly start: number
  readonly end: number
  /** Whether the current record belongs to a list. */
  isList(): boolean
}

export interface WholeRecords {
  /** The end of the last whole record; `from` if there is none. */
  readonly end: number
  readonly records: number
}

/** The length up to which a record is kept whole; of a longer one only the first part is kept. */
export const longestRecord = (framing: Framing): number =>
  framing.kind === 'journal' ? LONGEST_RECORD : LIMITS.recordBytes

/** The end of the last whole record that begins at or after `from`; `from` itself if no record is whole. */
export function lastBoundary(
  framing: Framing,
  bytes: Buffer,
  from: number,
  to: number,
  limit = Number.POSITIVE_INFINITY,
): number {
  return wholeRecords(framing, bytes, from, to, limit).end
}

/**
 * Returns how many whole records begin at `from`, at most `limit`, and where the last of them ends. With `closed`, no bytes follow `to`:
 * an incomplete record at the end counts, too.
 */
export function wholeRecords(
  framing: Framing,
  bytes: Buffer,
  from: number,
  to: number,
  limit: number,
  closed = false,
): WholeRecords {
  // indexOf has no upper bound: without the view it would search the rest of an earlier task in the buffer.
  const view = to === bytes.length ? bytes : bytes.subarray(0, to)
  let end = from
  let records = 0
  if (framing.kind === 'lines') {
    // A hot loop: a memchr per line is all that the main thread does per record.
    while (records < limit) {
      const newline = view.indexOf(LF, end)
      if (newline === -1) break
      end = newline + 1
      records += 1
    }
  } else {
    const scanner = scannerFor(framing)
    while (records < limit && end < to) {
      scanner.reset()
      const next = scanner.next(view, end, to)
      if (next === -1) break
      end = next
      records += 1
    }
  }
  return closed && end < to && records < limit ? { end: to, records: records + 1 } : { end, records }
}

/**
 * Visits each record of a slice of whole records, without its line ending (LF or CR LF). An empty record is a blank line. A byte
 * order mark at the start of a file is left in: the slice with offset 0 begins with it.
 */
export function forEachRecord(
  framing: Framing,
  bytes: Buffer,
  from: number,
  to: number,
  visit: (start: number, end: number) => void,
): void {
  const view = to === bytes.length ? bytes : bytes.subarray(0, to)
  if (framing.kind === 'lines') {
    let start = from
    while (start < to) {
      const newline = view.indexOf(LF, start)
      const next = newline === -1 ? to : newline + 1
      visit(start, contentEnd(view, start, next))
      start = next
    }
    return
  }
  const scanner = scannerFor(framing)
  let start = from
  while (start < to) {
    scanner.reset()
    const found = scanner.next(view, start, to)
    const next = found === -1 ? to : found
    if (framing.kind === 'json') {
      const first = skipBlank(view, start, next)
      const end = trimmedEnd(view, first, next)
      if (first < end) visit(first, end)
    } else if (framing.kind === 'journal') {
      visit(start, next)
    } else if (scanner.place?.isList()) {
      const { start: first, end } = scanner.place
      if (first !== -1) visit(first, found === -1 ? trimmedEnd(view, first, next) : end)
    } else {
      visit(start, contentEnd(view, start, next))
    }
    start = next
  }
}

function trimmedEnd(bytes: Buffer, start: number, to: number): number {
  let end = to
  while (end > start && isBlank(bytes[end - 1])) end -= 1
  return end
}

/** The place after a byte order mark, if the bytes begin with one. */
export function behindByteOrderMark(bytes: Uint8Array, start: number, end: number): number {
  return end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf
    ? start + 3
    : start
}

function contentEnd(bytes: Buffer, start: number, end: number): number {
  if (end === start || bytes[end - 1] !== LF) return end
  return end - 1 > start && bytes[end - 2] === CR ? end - 2 : end - 1
}

const isBlank = (byte: number | undefined): boolean =>
  byte === LF || byte === CR || byte === SPACE || byte === TAB

function skipBlank(bytes: Buffer, from: number, to: number): number {
  let at = behindByteOrderMark(bytes, from, to)
  while (at < to && isBlank(bytes[at])) at += 1
  return at
}

export function scannerFor(framing: Framing): Scanner {
  switch (framing.kind) {
    case 'lines':
      return new LineScanner()
    case 'start':
      return new StartScanner(framing.pattern)
    case 'joined':
      return new JoinScanner(framing.pattern)
    case 'json':
      return new JsonScanner()
    case 'json-list':
      return new ListScanner(framing.names)
    case 'csv':
      return framing.json === undefined
        ? new CsvScanner(framing.quote)
        : new EitherScanner(new CsvScanner(framing.quote), new ListScanner(framing.json))
    case 'journald':
      return new JournaldScanner()
    case 'journal':
      return new JournalScanner()
  }
}

/** Scans the journal. Bytes that are no record (after a damage of the disk) are skipped up to the next newline. */
class JournalScanner implements Scanner {
  scanned = 0

  next(bytes: Buffer, from: number, to: number): number {
    this.scanned = from
    const end = recordEnd(bytes, from, to)
    if (end !== -2) return end
    const newline = bytes.indexOf(LF, from)
    if (newline !== -1 && newline < to) return newline + 1
    this.scanned = to
    return -1
  }

  reset(): void {}
}

class LineScanner implements Scanner {
  scanned = 0

  next(bytes: Buffer, from: number, to: number): number {
    this.scanned = to
    const newline = bytes.indexOf(LF, from)
    return newline === -1 || newline >= to ? -1 : newline + 1
  }

  reset(): void {}
}

/** A record ends before a line that matches; only a complete line (or its first KiB) is tried. */
class StartScanner implements Scanner {
  scanned = 0
  readonly #pattern: RegExp
  /** Whether the current line is the record's first, or was tried already: then it belongs to the record. */
  #belongs = true

  constructor(pattern: string) {
    this.#pattern = new RegExp(pattern)
  }

  next(bytes: Buffer, from: number, to: number): number {
    let line = from
    while (line < to) {
      const found = bytes.indexOf(LF, line)
      const end = found === -1 || found >= to ? -1 : found
      if (!this.#belongs) {
        if (end === -1 && to - line < PATTERN_REACH) break
        const reach = Math.min(end === -1 ? to : end, line + PATTERN_REACH)
        if (this.#pattern.test(bytes.toString('utf8', line, reach))) return line
      }
      if (end === -1) {
        this.#belongs = true
        line = to
        break
      }
      this.#belongs = false
      line = end + 1
    }
    this.scanned = line
    return -1
  }

  reset(): void {
    this.#belongs = true
  }
}

/** A record continues while its lines have the same key; a line without a key is a record of its own. */
class JoinScanner implements Scanner {
  scanned = 0
  readonly #pattern: RegExp
  #key: string | null = null
  /** The end of the previous record: the line that begins there has this key and is the first line of the next record. */
  #ended: { readonly bytes: Buffer; readonly line: number; readonly key: string | null } | null = null

  constructor(pattern: string) {
    this.#pattern = new RegExp(pattern)
  }

  next(bytes: Buffer, from: number, to: number): number {
    const ended = this.#ended
    this.#ended = null
    let line = from
    while (line < to) {
      const found = bytes.indexOf(LF, line)
      if (found === -1 || found >= to) break
      const key =
        ended !== null && ended.line === line && ended.bytes === bytes
          ? ended.key
          : this.#keyOf(bytes.toString('utf8', line, Math.min(found, line + PATTERN_REACH)))
      if (this.#key !== null && key !== this.#key) {
        this.#ended = { bytes, line, key }
        return line
      }
      if (key === null) return found + 1
      this.#key = key
      line = found + 1
    }
    this.scanned = line
    return -1
  }

  reset(): void {
    this.#key = null
  }

  #keyOf(line: string): string | null {
    const found = this.#pattern.exec(line)
    if (found === null) return null
    return found.length === 2 ? (found[1] ?? '') : found.slice(1).join('\n')
  }
}

/** Rows of CSV and records of JSON in one input: a record's first character decides. */
class EitherScanner implements Scanner {
  readonly #csv: CsvScanner
  readonly #list: ListScanner
  #chosen: Scanner | null = null
  readonly place: ListPlace

  constructor(csv: CsvScanner, list: ListScanner) {
    this.#csv = csv
    this.#list = list
    const isList = (): boolean => this.#chosen === list
    this.place = {
      get start() {
        return list.start
      },
      get end() {
        return list.end
      },
      isList,
    }
  }

  get scanned(): number {
    return this.#chosen === null ? 0 : this.#chosen.scanned
  }

  next(bytes: Buffer, from: number, to: number): number {
    this.#chosen ??= isJsonAt(bytes, from, to) ? this.#list : this.#csv
    return this.#chosen.next(bytes, from, to)
  }

  reset(): void {
    this.#chosen = null
    this.#csv.reset()
    this.#list.reset()
  }
}

const LONGEST_NAME = 256

/** Whether a name in quotes and a colon are here: a member of the document around a list. No colon follows a cell of CSV. */
function isMemberAt(bytes: Buffer, from: number, to: number): boolean {
  let at = from + 1
  const most = Math.min(to, from + LONGEST_NAME)
  while (at < most && bytes[at] !== DOUBLE_QUOTE && bytes[at] !== LF) at += bytes[at] === BACKSLASH ? 2 : 1
  at += 1
  while (at < most && bytes[at] === SPACE) at += 1
  return at < most && bytes[at] === COLON
}

function isJsonAt(bytes: Buffer, from: number, to: number): boolean {
  let at = skipBlank(bytes, from, to)
  const first = at
  while (at < to && (bytes[at] === COMMA || bytes[at] === SPACE)) at += 1
  const byte = bytes[at]
  if (at > first) return byte === OPEN_BRACE
  if (byte === DOUBLE_QUOTE) return isMemberAt(bytes, at, to)
  return byte === OPEN_BRACE || byte === OPEN_BRACKET || byte === CLOSE_BRACE || byte === CLOSE_BRACKET
}

/**
 * A JSON value ends with its closing bracket; a value without brackets, or garbage, ends with its line. Two signs show that a value is
 * incomplete, so that it doesn't swallow later ones: a raw newline in a string, and a line that begins with a brace where no value is
 * allowed.
 */
class JsonScanner implements Scanner {
  scanned = 0
  #depth = 0
  #started = false
  #inString = false
  #escaped = false
  #lineStart = false
  /** The last byte that was not white space. */
  #last = 0
  #plain = false

  next(bytes: Buffer, from: number, to: number): number {
    this.scanned = to
    let at = this.#started ? from : skipBlank(bytes, from, to)
    if (!this.#started && at < to) {
      this.#started = true
      const first = bytes[at]
      this.#plain = first !== OPEN_BRACE && first !== OPEN_BRACKET
    }
    if (this.#plain) {
      const newline = bytes.indexOf(LF, at)
      return newline === -1 || newline >= to ? -1 : newline + 1
    }
    // The state is in locals meanwhile: fields cost three times as much per byte (measured).
    let depth = this.#depth
    let inString = this.#inString
    let escaped = this.#escaped
    let lineStart = this.#lineStart
    let last = this.#last
    let end = -1
    scan: while (at < to) {
      if (inString) {
        if (escaped && bytes[at] !== LF) {
          escaped = false
          at += 1
          continue
        }
        while (at < to && ENDS_TEXT[bytes[at] as number] === 0) at += 1
        if (at === to) break
        const byte = bytes[at]
        at += 1
        if (byte === BACKSLASH) escaped = true
        else if (byte === DOUBLE_QUOTE) inString = false
        else {
          end = at
          break
        }
        continue
      }
      const byte = bytes[at] as number
      switch (SIGNIFICANT[byte]) {
        case ORDINARY:
          lineStart = false
          last = byte
          break
        case BLANK:
          lineStart = byte === LF
          break
        case QUOTE:
          inString = true
          lineStart = false
          last = byte
          break
        case OPENS:
          if (byte === OPEN_BRACE && lineStart && !mayPrecedeValue(last)) {
            end = at
            break scan
          }
          depth += 1
          lineStart = false
          last = byte
          break
        case CLOSES:
          depth -= 1
          if (depth === 0) {
            end = behindLine(bytes, at + 1, to)
            break scan
          }
          lineStart = false
          last = byte
          break
      }
      at += 1
    }
    this.#depth = depth
    this.#inString = inString
    this.#escaped = escaped
    this.#lineStart = lineStart
    this.#last = last
    return end
  }

  reset(): void {
    this.#depth = 0
    this.#started = false
    this.#inString = false
    this.#escaped = false
    this.#lineStart = false
    this.#last = 0
    this.#plain = false
  }
}

const ORDINARY = 0
const BLANK = 1
const QUOTE = 2
const OPENS = 3
const CLOSES = 4
/** The meaning of each byte to the scanner outside of strings. */
const SIGNIFICANT = new Uint8Array(256)
for (const byte of [LF, CR, SPACE, TAB]) SIGNIFICANT[byte] = BLANK
SIGNIFICANT[DOUBLE_QUOTE] = QUOTE
SIGNIFICANT[OPEN_BRACE] = OPENS
SIGNIFICANT[OPEN_BRACKET] = OPENS
SIGNIFICANT[CLOSE_BRACE] = CLOSES
SIGNIFICANT[CLOSE_BRACKET] = CLOSES
/** Bytes that have a meaning within a string. */
const ENDS_TEXT = new Uint8Array(256)
for (const byte of [LF, DOUBLE_QUOTE, BACKSLASH]) ENDS_TEXT[byte] = 1

const mayPrecedeValue = (byte: number): boolean =>
  byte === OPEN_BRACKET || byte === COMMA || byte === COLON || byte === 0

/** The end of the line, if only blanks precede the line ending. */
function behindLine(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === CR)) at += 1
  return at < to && bytes[at] === LF ? at + 1 : from
}

/** The bytes that end a field: separators and the newline. */
const ENDS_FIELD = new Uint8Array(256)
for (const byte of [LF, COMMA, SEMICOLON, TAB, PIPE]) ENDS_FIELD[byte] = 1

/** A quote opens a field only at the field's start; elsewhere it is a character like any other. */
class CsvScanner implements Scanner {
  scanned = 0
  readonly #quote: number
  #fieldStart = true
  #quoted = false
  /** A quote inside a quoted field: its end, or the first half of a doubled quote. */
  #pending = false
  #fresh = true
  readonly #quotes: NextByte

  constructor(quote: string) {
    this.#quote = quote.charCodeAt(0)
    this.#quotes = new NextByte(this.#quote)
  }

  next(bytes: Buffer, from: number, to: number): number {
    this.scanned = to
    const quote = this.#quote
    if (this.#fresh) {
      this.#fresh = false
      // Most rows contain no quote: then the next newline ends them.
      const newline = bytes.indexOf(LF, from)
      if (newline !== -1 && newline < to && this.#quotes.from(bytes, from) > newline) return newline + 1
    }
    let fieldStart = this.#fieldStart
    let quoted = this.#quoted
    let pending = this.#pending
    let end = -1
    let at = from
    while (at < to) {
      if (quoted) {
        if (!pending) {
          // A native search skips long texts.
          const closing = bytes.indexOf(quote, at)
          if (closing === -1 || closing >= to) break
          pending = true
          at = closing + 1
          continue
        }
        pending = false
        if (bytes[at] === quote) {
          at += 1
          continue
        }
        quoted = false
        fieldStart = false
      }
      if (fieldStart && bytes[at] === quote) {
        quoted = true
        fieldStart = false
        at += 1
        continue
      }
      while (at < to && ENDS_FIELD[bytes[at] as number] === 0) at += 1
      if (at === to) {
        fieldStart = false
        break
      }
      at += 1
      if (bytes[at - 1] === LF) {
        end = at
        break
      }
      fieldStart = true
    }
    this.#fieldStart = fieldStart
    this.#quoted = quoted
    this.#pending = pending
    return end
  }

  reset(): void {
    this.#fieldStart = true
    this.#quoted = false
    this.#pending = false
    this.#fresh = true
  }
}
