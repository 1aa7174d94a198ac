import { Bytes } from './codec.ts'

/** A field's values in a segment, document by document. */
export type HeldColumn =
  | {
      readonly kind: 'texts'
      /** 0 if there is no value; otherwise the number of a text, from 1. */
      readonly ordinals: Uint8Array | Uint16Array | Uint32Array
      /** The different texts (JSON), one behind the other, and where each ends. */
      readonly bytes: Buffer
      readonly ends: Uint32Array
    }
  | {
      readonly kind: 'numbers'
      readonly values: Uint32Array | Float64Array
      /** Bits of the documents that have a value; null if all have. */
      readonly present: Uint32Array | null
    }

/** The kinds of columns for a field's values. */
export type HeldKind = 'texts' | 'numbers' | 'addresses'

/** Returns the number that represents a value (JSON), or NaN if it is not of the kind. */
export function heldNumber(kind: HeldKind, bytes: Buffer, start: number, end: number): number {
  return kind === 'numbers' ? plainNumber(bytes, start, end) : addressNumber(bytes, start, end)
}

function plainNumber(bytes: Buffer, start: number, end: number): number {
  let number = 0
  if (end - start <= 15) {
    let at = start
    for (; at < end; at++) {
      const digit = bytes[at]! - 0x30
      if (digit < 0 || digit > 9) break
      number = number * 10 + digit
    }
    if (at === end) return number
  }
  const first = bytes[start]!
  if (first !== 0x2d && !(first >= 0x30 && first <= 0x39)) return Number.NaN
  number = Number(bytes.toString('latin1', start, end))
  return Number.isFinite(number) ? (number === 0 ? 0 : number) : Number.NaN
}

/** `"10.0.0.1"` as 32 bits. */
function addressNumber(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] !== 0x22 || end - start < 9 || end - start > 17) return Number.NaN
  let address = 0
  let octet = 0
  let digits = 0
  let dots = 0
  for (let at = start + 1; at < end; at++) {
    const c = bytes[at]!
    if (c >= 0x30 && c <= 0x39) {
      // A leading zero is no decimal octet.
      if (digits > 0 && octet === 0) return Number.NaN
      octet = octet * 10 + (c - 0x30)
      if (++digits > 3 || octet > 255) return Number.NaN
    } else if (digits > 0 && (c === 0x2e ? dots < 3 : c === 0x22 && dots === 3 && at === end - 1)) {
      address = address * 256 + octet
      octet = 0
      digits = 0
      dots++
    } else return Number.NaN
  }
  return dots === 4 ? address : Number.NaN
}

/** Returns a number as a line would show it, for a column that holds texts after all. */
export const heldText = (kind: HeldKind, number: number): string =>
  kind === 'numbers'
    ? JSON.stringify(number)
    : `"${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}"`

/** The different texts of one column, numbered from 1. Its room is used again. */
export class TextNumbers {
  readonly #bytes = new Bytes(4096)
  #ends = new Uint32Array(256)
  #hashes = new Int32Array(256)
  #slots = new Int32Array(512)
  #mask = 511
  count = 0

  clear(): void {
    this.#bytes.length = 0
    this.#slots.fill(0, 0, this.#mask + 1)
    this.count = 0
  }

  of(hash: number, source: Buffer, start: number, end: number): number {
    let slot = this.#first(hash)
    for (;;) {
      const number = this.#slots[slot]!
      if (number === 0) break
      if (this.#hashes[number - 1] === hash && this.#is(number, source, start, end)) return number
      slot = (slot + 1) & this.#mask
    }
    if (this.count === this.#ends.length) {
      this.#grow()
      return this.of(hash, source, start, end)
    }
    this.#bytes.bytesFrom(source, start, end)
    this.#ends[this.count] = this.#bytes.length
    this.#hashes[this.count] = hash
    this.#slots[slot] = ++this.count
    return this.count
  }

  #first(hash: number): number {
    const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    return (mixed ^ (mixed >>> 13)) & this.#mask
  }

  #is(number: number, source: Buffer, start: number, end: number): boolean {
    const from = number === 1 ? 0 : this.#ends[number - 2]!
    if (this.#ends[number - 1]! - from !== end - start) return false
    const { buffer } = this.#bytes
    for (let i = start, at = from; i < end; i++, at++) if (buffer[at] !== source[i]) return false
    return true
  }

  #grow(): void {
    const room = this.#ends.length * 2
    const ends = new Uint32Array(room)
    const hashes = new Int32Array(room)
    ends.set(this.#ends)
    hashes.set(this.#hashes)
    this.#ends = ends
    this.#hashes = hashes
    this.#slots = new Int32Array(room * 2)
    this.#mask = room * 2 - 1
    for (let number = 1; number <= this.count; number++) {
      let slot = this.#first(hashes[number - 1]!)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = number
    }
  }

  text(number: number): string {
    const from = number === 1 ? 0 : this.#ends[number - 2]!
    return this.#bytes.buffer.toString('utf8', from, this.#ends[number - 1]!)
  }

  /** The column of these numbers; its texts are valid until the next use. */
  column(ordinals: Uint32Array): HeldColumn {
    const { count } = this
    return {
      kind: 'texts',
      ordinals:
        count < 256 ? Uint8Array.from(ordinals) : count < 65_536 ? Uint16Array.from(ordinals) : ordinals,
      bytes: this.#bytes.view(),
      ends: this.#ends.subarray(0, count),
    }
  }
}

/** Makes the column of these numbers; NaN means no value. */
export function numberColumn(numbers: Float64Array): HeldColumn {
  let small = true
  let missing = false
  for (let doc = 0; doc < numbers.length; doc++) {
    const number = numbers[doc]!
    if (Number.isNaN(number)) missing = true
    else if (number !== number >>> 0) small = false
  }
  const present = missing ? new Uint32Array((numbers.length + 31) >>> 5) : null
  if (present !== null)
    for (let doc = 0; doc < numbers.length; doc++)
      if (!Number.isNaN(numbers[doc]!)) present[doc >>> 5] = present[doc >>> 5]! | (1 << (doc & 31))
  return { kind: 'numbers', values: small ? Uint32Array.from(numbers) : numbers, present }
}
