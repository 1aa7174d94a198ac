/**
 * Where the values of a JSON record stand in its bytes: one pass, nothing copied or decoded, one row of numbers a value. The scan gives up
 * (false) wherever the bytes of a value are not already what RFC 8785 writes, or where it is unsure: the plain way by
 * JSON.parse then decides. So what it accepts needs no second look: strings have no escape but those of RFC 8785's own, numbers
 * are as ECMAScript prints them.
 */
export const KIND = {
  string: 1,
  number: 2,
  true: 3,
  false: 4,
  null: 5,
  object: 6,
  array: 7,
} as const

/** A row: kind, start and end of the value (a string's without its quotes), start, end and hash of its key, row behind it, remark. */
export const ROW = 8
export const FROM = 1
export const TO = 2
export const KEY_FROM = 3
export const KEY_TO = 4
export const KEY_HASH = 5
export const NEXT = 6
/** A string has an escape; of a member that the integration knows, its name's node. */
export const ESCAPED = 7

const MOST_VALUES = 256
const DEEPEST = 8
const MOST_ESCAPES = 8192
/** UTF-8 lead bytes from here on may sort otherwise than UTF-16 does. */
const UNSORTED = 0xee
const LONGEST_KEY = 256

export class Tape {
  readonly rows = new Int32Array((MOST_VALUES + 1) * ROW)
  /** Rows in use, as an index into `rows`. */
  end = 0
  /** Where the bytes stand that a JSON text must escape when it holds the record: quotes, backslashes, line ends, tabs. */
  readonly escapes = new Int32Array(MOST_ESCAPES)
  escapeCount = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #to = 0

  /** Reads one record, a JSON object with nothing but white space around it. */
  scan(bytes: Uint8Array, from: number, to: number): boolean {
    this.#bytes = bytes
    this.#to = to
    this.end = 0
    this.escapeCount = 0
    let at = this.#skip(from)
    if (at >= to || bytes[at] !== 0x7b) return false
    at = this.#value(at, 0, 0, 0, 0)
    if (at === -1) return false
    // A write behind the end of the list is lost: that many are too many.
    return this.#skip(at) === to && this.escapeCount <= MOST_ESCAPES
  }

  /** Behind white space. */
  #skip(from: number): number {
    const bytes = this.#bytes
    const to = this.#to
    let at = from
    for (; at < to; at++) {
      const byte = bytes[at]!
      if (byte === 0x20) continue
      if (byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
      this.escapes[this.escapeCount++] = at
    }
    return at
  }

  /** Behind the value that begins at `at`, or -1. */
  #value(at: number, depth: number, keyFrom: number, keyTo: number, keyHash: number): number {
    const bytes = this.#bytes
    const to = this.#to
    const rows = this.rows
    const row = this.end
    if (row >= MOST_VALUES * ROW || at >= to) return -1
    this.end = row + ROW
    rows[row + KEY_FROM] = keyFrom
    rows[row + KEY_TO] = keyTo
    rows[row + KEY_HASH] = keyHash
    rows[row + NEXT] = row + ROW
    rows[row + ESCAPED] = 0
    const first = bytes[at]!
    if (first === 0x22) {
      const { escapes } = this
      let count = this.escapeCount
      escapes[count++] = at
      let end = at + 1
      for (;;) {
        if (end >= to) return -1
        const byte = bytes[end]!
        if (byte === 0x22) break
        if (byte < 0x20) return -1
        if (byte === 0x5c) {
          const sign = bytes[end + 1]!
          // \" \\ \b \f \n \r \t stand in RFC 8785 as they do here; \/ and \u don't.
          if (
            sign !== 0x22 &&
            sign !== 0x5c &&
            sign !== 0x6e &&
            sign !== 0x74 &&
            sign !== 0x72 &&
            sign !== 0x62 &&
            sign !== 0x66
          )
            return -1
          rows[row + ESCAPED] = 1
          escapes[count++] = end++
          if (sign === 0x22 || sign === 0x5c) escapes[count++] = end
        }
        end++
      }
      escapes[count++] = end
      this.escapeCount = count
      rows[row] = KIND.string
      rows[row + FROM] = at + 1
      rows[row + TO] = end
      return end + 1
    }
    rows[row + FROM] = at
    let end: number
    if (first === 0x7b) {
      rows[row] = KIND.object
      end = this.#members(at + 1, depth + 1)
      rows[row + NEXT] = this.end
    } else if (first === 0x5b) {
      rows[row] = KIND.array
      end = this.#items(at + 1, depth + 1)
      rows[row + NEXT] = this.end
    } else if (first === 0x74) {
      rows[row] = KIND.true
      end = bytes[at + 1] === 0x72 && bytes[at + 2] === 0x75 && bytes[at + 3] === 0x65 ? at + 4 : -1
    } else if (first === 0x66) {
      rows[row] = KIND.false
      end =
        bytes[at + 1] === 0x61 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x73 && bytes[at + 4] === 0x65
          ? at + 5
          : -1
    } else if (first === 0x6e) {
      rows[row] = KIND.null
      end = bytes[at + 1] === 0x75 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x6c ? at + 4 : -1
    } else {
      rows[row] = KIND.number
      end = this.#number(at)
    }
    rows[row + TO] = end
    return end > to ? -1 : end
  }

  #members(from: number, depth: number): number {
    if (depth > DEEPEST) return -1
    const bytes = this.#bytes
    const to = this.#to
    let at = this.#skip(from)
    if (bytes[at] === 0x7d) return at + 1
    for (;;) {
      if (at >= to || bytes[at] !== 0x22) return -1
      this.escapes[this.escapeCount++] = at
      const keyFrom = ++at
      let hash = 0
      for (;;) {
        if (at >= to) return -1
        const byte = bytes[at]!
        if (byte === 0x22) break
        if (byte < 0x20 || byte === 0x5c || byte >= UNSORTED) return -1
        if (byte !== 0x5f && byte !== 0x2d && byte !== 0x20) hash = (Math.imul(hash, 31) + (byte | 0x20)) | 0
        at++
      }
      this.escapes[this.escapeCount++] = at
      const keyTo = at++
      if (keyTo === keyFrom || keyTo - keyFrom > LONGEST_KEY) return -1
      if (bytes[at]! <= 0x20) at = this.#skip(at)
      if (at >= to || bytes[at] !== 0x3a) return -1
      at++
      if (bytes[at]! <= 0x20) at = this.#skip(at)
      at = this.#value(at, depth, keyFrom, keyTo, hash)
      if (at === -1) return -1
      if (bytes[at]! <= 0x20) at = this.#skip(at)
      if (at >= to) return -1
      if (bytes[at] === 0x7d) return at + 1
      if (bytes[at] !== 0x2c) return -1
      at++
      if (bytes[at]! <= 0x20) at = this.#skip(at)
    }
  }

  #items(from: number, depth: number): number {
    if (depth > DEEPEST) return -1
    const bytes = this.#bytes
    const to = this.#to
    let at = this.#skip(from)
    if (bytes[at] === 0x5d) return at + 1
    for (;;) {
      at = this.#value(at, depth, 0, 0, 0)
      if (at === -1) return -1
      if (bytes[at]! <= 0x20) at = this.#skip(at)
      if (at >= to) return -1
      if (bytes[at] === 0x5d) return at + 1
      if (bytes[at] !== 0x2c) return -1
      at++
      if (bytes[at]! <= 0x20) at = this.#skip(at)
    }
  }

  /** Only numbers that ECMAScript prints as they stand: at most 15 digits, no exponent, no zero too many, not -0. */
  #number(from: number): number {
    const bytes = this.#bytes
    const to = this.#to
    let at = from
    const negative = bytes[at] === 0x2d
    if (negative) at++
    const whole = at
    while (at < to && isDigit(bytes[at]!)) at++
    const wholeDigits = at - whole
    if (wholeDigits === 0 || wholeDigits > 15) return -1
    const isZero = bytes[whole] === 0x30
    if (isZero && wholeDigits > 1) return -1
    if (at >= to) return -1
    let byte = bytes[at]!
    if (byte === 0x2e) {
      const fraction = ++at
      while (at < to && isDigit(bytes[at]!)) at++
      const digits = at - fraction
      if (digits === 0 || digits > 6 || wholeDigits + digits > 15 || bytes[at - 1] === 0x30) return -1
      if (at >= to) return -1
      byte = bytes[at]!
    } else if (isZero && negative) return -1
    return byte === 0x65 || byte === 0x45 ? -1 : at
  }
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39
