import type { Scanner } from './framing.ts'

const LF = 0x0a
const EQUALS = 0x3d
const OPEN_BRACE = 0x7b
const LONGEST_NAME = 64
const LENGTH_BYTES = 8
/** The longest field that journald itself accepts. The limit prevents that an invalid length swallows a file. */
const LONGEST_FIELD = 768 * 1024 * 1024

/** Returns the end of the name of the field that begins at `from`; UNKNOWN if more bytes are needed, NONE if no field begins there. */
function nameEndAt(bytes: Buffer, from: number, to: number): number {
  let at = from
  const most = Math.min(to, from + LONGEST_NAME + 1)
  while (at < most && isOfName(bytes[at]!)) at++
  if (at - from > LONGEST_NAME) return NONE
  if (at === to) return UNKNOWN
  return at > from && (bytes[at] === EQUALS || bytes[at] === LF) ? at : NONE
}

const UNKNOWN = -1
const NONE = -2

const isOfName = (byte: number): boolean =>
  (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f

/** Returns the end of a field whose name ends at a newline: eight bytes with the length follow, then the value. */
function valueEndAt(bytes: Buffer, nameEnd: number, to: number): number {
  const value = nameEnd + 1 + LENGTH_BYTES
  if (value > to) return UNKNOWN
  const length = bytes.readBigUInt64LE(nameEnd + 1)
  return length > LONGEST_FIELD ? NONE : value + Number(length) + 1
}

/**
 * Entries of systemd's journal: lines of JSON, or the export format, in which an entry ends with an empty line. A field there is a line
 * `NAME=value`; or a line with only its name, then the length of its value, and the value, which may contain newlines. Any other line is a
 * record of its own, so that later entries are found.
 */
export class JournaldScanner implements Scanner {
  scanned = 0
  #isBegun = false
  /** The record is a line, and not an entry of the export format. */
  #isLine = false
  /** The scanner is in a line whose end has not been read. */
  #inLine = false
  /** The remaining bytes of a value whose length is known. */
  #skip = 0

  next(bytes: Buffer, from: number, to: number): number {
    let at = from
    while (at < to) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, to - at)
        this.#skip -= step
        at += step
        continue
      }
      if (!this.#inLine && !this.#isLine) {
        const byte = bytes[at]
        if (byte === LF) return at + 1
        // No field begins like this: the entry before it was cut off.
        if (byte === OPEN_BRACE && this.#isBegun) return at
        const nameEnd = byte === OPEN_BRACE ? NONE : nameEndAt(bytes, at, to)
        if (nameEnd === UNKNOWN) break
        if (nameEnd !== NONE && bytes[nameEnd] === LF) {
          const end = valueEndAt(bytes, nameEnd, to)
          if (end === UNKNOWN) break
          if (end !== NONE) {
            this.#isBegun = true
            this.#skip = end - at
            continue
          }
        }
        this.#isLine = !this.#isBegun && nameEnd === NONE
        this.#isBegun = true
      }
      const newline = bytes.indexOf(LF, at)
      if (newline === -1 || newline >= to) {
        this.#inLine = true
        at = to
        break
      }
      at = newline + 1
      if (this.#isLine) return at
      this.#inLine = false
    }
    this.scanned = at
    return -1
  }

  reset(): void {
    this.#isBegun = false
    this.#isLine = false
    this.#inLine = false
    this.#skip = 0
  }
}

/** A field of an entry in the export format. */
export interface ExportField {
  readonly name: string
  readonly value: Buffer
}

/** The fields of an entry in their order; null if it contains anything else. */
export function exportFields(bytes: Buffer): readonly ExportField[] | null {
  const fields: ExportField[] = []
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = nameEndAt(bytes, at, bytes.length)
    if (nameEnd < 0) return null
    const name = bytes.toString('latin1', at, nameEnd)
    if (bytes[nameEnd] === LF) {
      const end = valueEndAt(bytes, nameEnd, bytes.length)
      if (end < 0 || end > bytes.length || bytes[end - 1] !== LF) return null
      fields.push({ name, value: bytes.subarray(nameEnd + 1 + LENGTH_BYTES, end - 1) })
      at = end
    } else {
      const newline = bytes.indexOf(LF, nameEnd)
      const end = newline === -1 ? bytes.length : newline
      fields.push({ name, value: bytes.subarray(nameEnd + 1, end) })
      at = end + 1
    }
  }
  return fields
}
