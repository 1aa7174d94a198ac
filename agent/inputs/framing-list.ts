import type { ListPlace, Scanner } from './framing.ts'
import { NextByte } from './next-byte.ts'

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** The state of the scanner. */
const LEAD = 0
const ITEM = 1
const TRAILER = 2
const GARBAGE = 3
/** Used in place of a depth: the record is a complete line. */
const WHOLE_LINE = -1
/** Bytes that have a meaning within a string. */
const ENDS_TEXT = new Uint8Array(256)
for (const byte of [LF, QUOTE, BACKSLASH]) ENDS_TEXT[byte] = 1
/** Bytes that change the depth outside of strings. */
const IS_STRUCTURE = new Uint8Array(256)
for (const byte of [QUOTE, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET]) IS_STRUCTURE[byte] = 1

/**
 * Records in lists of a JSON document: `[{...}, {...}]`, `{"data": [{...}], "total": 2}`, and also lines of JSON. Each object of the list
 * is a separate record, found at its place; so a document of any length is read in pieces. The state is reset for each record: brackets,
 * commas and members around the list are skipped, before any record.
 */
export class ListScanner implements Scanner, ListPlace {
  scanned = 0
  readonly place: ListPlace = this
  /** The range of the record's own bytes; -1 if there was only text around a list. */
  start = -1
  end = -1
  readonly #names: readonly Buffer[]
  #state = LEAD
  #depth = 0
  #inString = false
  #escaped = false
  #lineStart = false
  /** The last byte that was not white space. */
  #last = 0
  /** The last text at the object's own level, with its quotes, up to the length of a name. */
  readonly #text: Buffer
  #textLength = 0
  readonly #brackets = new NextByte(OPEN_BRACKET)

  constructor(names: readonly string[]) {
    this.#names = names.map((name) => Buffer.from(JSON.stringify(name)))
    this.#text = Buffer.alloc(Math.max(2, ...this.#names.map((name) => name.length + 1)))
  }

  isList(): boolean {
    return true
  }

  reset(): void {
    this.start = -1
    this.end = -1
    this.#state = LEAD
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
    this.#lineStart = false
    this.#last = 0
    this.#textLength = 0
  }

  next(bytes: Buffer, from: number, to: number): number {
    this.scanned = to
    let at = from
    if (this.#state === LEAD) {
      const passed = this.#lead(bytes, at, to)
      if (this.#state === LEAD) return passed
      at = passed
    }
    switch (this.#state) {
      case ITEM:
        return this.#item(bytes, at, to)
      case TRAILER:
        return this.#trailer(bytes, at, to)
      default:
        return this.#garbage(bytes, at, to)
    }
  }

  /** Skips the bytes that may precede a record. In the state LEAD, the record is over (it had nothing else), or continues (-1). */
  #lead(bytes: Buffer, from: number, to: number): number {
    for (let at = from; at < to; at++) {
      const byte = bytes[at] as number
      switch (byte) {
        case LF:
          return at + 1
        case SPACE:
        case TAB:
        case CR:
        case COMMA:
        case OPEN_BRACKET:
        case CLOSE_BRACKET:
        case CLOSE_BRACE:
          continue
        case OPEN_BRACE: {
          const line = this.#wholeLine(bytes, at, to)
          if (line !== -1) {
            this.start = at
            this.#state = ITEM
            this.#depth = WHOLE_LINE
            this.scanned = line
            return line
          }
          this.#state = ITEM
          this.start = at
          return at
        }
        case QUOTE:
          this.#state = TRAILER
          return at
        default:
          // A byte order mark precedes the first record.
          if (byte === 0xef || byte === 0xbb || byte === 0xbf) continue
          this.#state = GARBAGE
          this.start = at
          return at
      }
    }
    return -1
  }

  /** Lines of JSON are the most common input: returns the end of a line that is a record, without checking each byte for lists. */
  #wholeLine(bytes: Buffer, from: number, to: number): number {
    const newline = bytes.indexOf(LF, from)
    if (newline === -1 || newline >= to) return -1
    let end = newline
    while (end > from && isBlankOrComma(bytes[end - 1] as number)) end--
    if (bytes[end - 1] !== CLOSE_BRACE || this.#mayHoldList(bytes, from, end)) return -1
    // If a brace closes before its end, the line may be several objects, or one with text after its list.
    if (bytes.indexOf(CLOSE_BRACE, from) !== end - 1 && behindObject(bytes, from, end) !== end) return -1
    this.end = end
    return newline + 1
  }

  /** Whether a bracket opens after the name of a list and a colon, anywhere in the line. */
  #mayHoldList(bytes: Buffer, from: number, to: number): boolean {
    for (let at = this.#brackets.from(bytes, from); at < to; at = this.#brackets.from(bytes, at + 1)) {
      const colon = beforeBlanks(bytes, from, at)
      if (bytes[colon] !== COLON) continue
      const quote = beforeBlanks(bytes, from, colon)
      if (bytes[quote] !== QUOTE || this.#names.some((name) => endsAt(name, bytes, quote))) return true
    }
    return false
  }

  #item(bytes: Buffer, from: number, to: number): number {
    if (this.#depth === WHOLE_LINE) return from
    // The state is in locals meanwhile: fields cost three times as much per byte (measured).
    let depth = this.#depth
    let inString = this.#inString
    let escaped = this.#escaped
    let lineStart = this.#lineStart
    let last = this.#last
    let at = from
    scan: while (at < to) {
      if (inString) {
        const isKept = depth === 1 && this.#textLength < this.#text.length
        if (!isKept && !escaped) while (at < to && ENDS_TEXT[bytes[at] as number] === 0) at++
        if (at === to) break
        const byte = bytes[at] as number
        if (isKept) this.#text[this.#textLength++] = byte
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inString = false
        if (byte === LF) return this.#over(at, at + 1)
        at++
        continue
      }
      const byte = bytes[at] as number
      switch (byte) {
        case LF:
          lineStart = true
          at++
          continue
        case SPACE:
        case TAB:
        case CR:
          at++
          continue
        case QUOTE:
          inString = true
          if (depth === 1) {
            this.#text[0] = byte
            this.#textLength = 1
          }
          break
        case OPEN_BRACE:
          if (lineStart && !mayPrecedeValue(last)) return this.#over(at, at)
          depth++
          break
        case OPEN_BRACKET:
          if (depth === 1 && last === COLON && this.#namesList()) {
            // The object surrounds a list: its records follow.
            this.start = -1
            this.end = -1
            return at + 1
          }
          depth++
          break
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          depth--
          if (depth === 0) break scan
          break
      }
      last = byte
      lineStart = false
      at++
    }
    if (at < to) return this.#over(at + 1, behindLine(bytes, at + 1, to))
    this.#depth = depth
    this.#inString = inString
    this.#escaped = escaped
    this.#lineStart = lineStart
    this.#last = last
    return -1
  }

  #over(end: number, next: number): number {
    this.end = end
    return next
  }

  /** Whether the last text of the object names a list of records. */
  #namesList(): boolean {
    const text = this.#text.subarray(0, this.#textLength)
    return this.#names.some((name) => name.equals(text))
  }

  /** Skips the text after a list in its document, up to the closing brace. */
  #trailer(bytes: Buffer, from: number, to: number): number {
    for (let at = from; at < to; at++) {
      const byte = bytes[at] as number
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (byte === BACKSLASH) this.#escaped = true
        else if (byte === QUOTE || byte === LF) this.#inString = false
        continue
      }
      if (byte === QUOTE) this.#inString = true
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (byte === OPEN_BRACKET && this.#depth === 0 && this.#last === COLON) return at + 1
        this.#depth++
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (this.#depth === 0) return behindLine(bytes, at + 1, to)
        this.#depth--
      }
      if (byte !== SPACE && byte !== LF && byte !== CR && byte !== TAB) this.#last = byte
    }
    return -1
  }

  #garbage(bytes: Buffer, from: number, to: number): number {
    const newline = bytes.indexOf(LF, from)
    if (newline === -1 || newline >= to) return -1
    let end = newline
    while (end > from && (bytes[end - 1] === CR || bytes[end - 1] === SPACE)) end--
    return this.#over(end, newline + 1)
  }
}

const isBlank = (byte: number): boolean => byte === CR || byte === SPACE || byte === TAB

const isBlankOrComma = (byte: number): boolean => isBlank(byte) || byte === COMMA

/** The last place before this one that is not blank. */
function beforeBlanks(bytes: Buffer, from: number, place: number): number {
  let at = place - 1
  while (at > from && isBlank(bytes[at] as number)) at--
  return at
}

function endsAt(name: Buffer, bytes: Buffer, last: number): boolean {
  const first = last + 1 - name.length
  return first >= 0 && bytes.compare(name, 0, name.length, first, last + 1) === 0
}

/** The end of the object that begins here, if it ends on its line; else -1. */
function behindObject(bytes: Buffer, from: number, to: number): number {
  let depth = 0
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number
    if (IS_STRUCTURE[byte] === 0) continue
    if (byte === QUOTE) {
      for (at++; at < to && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if (--depth === 0) return at + 1
  }
  return -1
}

const mayPrecedeValue = (byte: number): boolean =>
  byte === OPEN_BRACKET || byte === COMMA || byte === COLON || byte === 0

/** The end of commas, blanks and a line ending. */
function behindLine(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && isBlankOrComma(bytes[at] as number)) at++
  return at < to && bytes[at] === LF ? at + 1 : at
}
