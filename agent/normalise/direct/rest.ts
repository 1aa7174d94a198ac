import type { Found } from './found.ts'
import { copyWords } from './piece.ts'
import { KEY_FROM, KEY_TO, KIND, ROW } from './tape.ts'

/** Members of one object that can be sorted here; more go the plain way. */
const MOST_MEMBERS = 64

/**
 * Writes what fields have not taken as RFC 8785 has it: members sorted, no white space. The places between are of the tape's
 * own rows. -1 where the plain way must decide.
 */
export class Rest {
  readonly #found: Found
  /** Rows of the objects at hand, one behind the other, as deep as they are nested. */
  readonly #rows = new Int32Array(MOST_MEMBERS * 10)
  #used = 0

  constructor(found: Found) {
    this.#found = found
  }

  /** Whether the record has anything that no field took. */
  isThere(): boolean {
    const found = this.#found
    const end = found.next(0)
    for (let row = ROW; row < end; row = found.next(row)) if (!found.isTaken(row)) return true
    return false
  }

  write(out: DataView, at: number): number {
    this.#used = 0
    return this.#object(0, true, out, at)
  }

  #object(object: number, isKnown: boolean, out: DataView, from: number): number {
    const found = this.#found
    const { bytes, words } = found
    const { rows } = found.tape
    const sorted = this.#rows
    const first = this.#used
    const end = found.next(object)
    for (let row = object + ROW; row < end; row = found.next(row)) {
      if (isKnown && found.isTaken(row)) continue
      if (this.#used - first === MOST_MEMBERS || this.#used === sorted.length) return -1
      let place = this.#used++
      for (; place > first; place--) {
        const order = compareKeys(bytes, rows, sorted[place - 1]!, row)
        if (order === 0) return -1
        if (order < 0) break
        sorted[place] = sorted[place - 1]!
      }
      sorted[place] = row
    }
    let at = from
    out.setUint8(at++, 0x7b)
    const last = this.#used
    for (let i = first; i < last; i++) {
      const row = sorted[i]!
      if (i > first) out.setUint8(at++, 0x2c)
      // With its quotes.
      at = copyWords(out, at, words, rows[row + KEY_FROM]! - 1, rows[row + KEY_TO]! + 1)
      out.setUint8(at++, 0x3a)
      at = this.#value(row, isKnown && found.hasKnownMembers(row), out, at)
      if (at === -1) return -1
    }
    this.#used = first
    out.setUint8(at++, 0x7d)
    return at
  }

  #value(row: number, isKnown: boolean, out: DataView, from: number): number {
    const found = this.#found
    let at = from
    switch (found.kind(row)) {
      case KIND.object:
        return this.#object(row, isKnown, out, at)
      case KIND.array: {
        out.setUint8(at++, 0x5b)
        const end = found.next(row)
        for (let item = row + ROW; item < end; item = found.next(item)) {
          if (item > row + ROW) out.setUint8(at++, 0x2c)
          at = this.#value(item, false, out, at)
          if (at === -1) return -1
        }
        out.setUint8(at++, 0x5d)
        return at
      }
      case KIND.string: {
        if (found.isTooLong(row)) return -1
        return copyWords(out, at, found.words, found.from(row) - 1, found.to(row) + 1)
      }
      default:
        return copyWords(out, at, found.words, found.from(row), found.to(row))
    }
  }
}

function compareKeys(bytes: Uint8Array, rows: Int32Array, a: number, b: number): number {
  const aFrom = rows[a + KEY_FROM]!
  const bFrom = rows[b + KEY_FROM]!
  const aLength = rows[a + KEY_TO]! - aFrom
  const bLength = rows[b + KEY_TO]! - bFrom
  const length = Math.min(aLength, bLength)
  for (let i = 0; i < length; i++) {
    const order = bytes[aFrom + i]! - bytes[bFrom + i]!
    if (order !== 0) return order
  }
  return aLength - bLength
}
