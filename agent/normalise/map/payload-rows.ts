import type { Memory } from '../wasm/memory.ts'
import { Piece } from '../wasm/piece.ts'
import { KEY_FROM, KEY_TO, KIND, ROW } from '../wasm/rows.ts'
import type { RecordRows } from './record-rows.ts'

/** The limit of members of one object that can be sorted here. */
const MOST_MEMBERS = 64

/** Composes the members that fields have not taken as RFC 8785 requires: members sorted, no white space. */
export class PayloadRows {
  readonly #found: RecordRows
  readonly #program: Program
  /** The rows of the current nested objects, one after the other. */
  readonly #rows = new Int32Array(MOST_MEMBERS * 10)
  /** The last sorting order, by number of members. The members of a source mostly have the same order. */
  readonly #orders = Array.from({ length: MOST_MEMBERS + 1 }, (_, count) =>
    Uint8Array.from({ length: count }, (_, i) => i),
  )
  readonly #unsorted = new Int32Array(MOST_MEMBERS)
  #used = 0
  readonly #signs: number

  constructor(found: RecordRows, program: Program, memory: Memory) {
    this.#found = found
    this.#program = program
    this.#signs = new Piece('{}[],:').in(memory)
  }

  /** Whether the record has a member that no field took. */
  isThere(): boolean {
    const found = this.#found
    const end = found.next(found.root)
    for (let row = found.root + ROW; row < end; row = found.next(row))
      if (!found.isRemoved(row) && (found.isKept(row) || !found.isTaken(row))) return true
    return found.added.some((source) => found.isLeft(source))
  }

  /** Writes the payload into the program; false if it exceeds the usual limits and the record has to be rebuilt. */
  write(): boolean {
    this.#used = 0
    this.#program.begin()
    return this.#object(this.#found.root, true) && !this.#program.isOver
  }

  #object(object: number, isKnown: boolean): boolean {
    const found = this.#found
    const isRecord = object === found.root
    const { rows } = found
    const sorted = this.#rows
    const first = this.#used
    const end = found.next(object)
    for (let row = object + ROW; row < end; row = found.next(row)) {
      if (found.isRemoved(row)) continue
      if (isKnown && !(isRecord && found.isKept(row)) && found.isTaken(row)) continue
      if (!this.#add(row, first)) return false
    }
    if (isRecord) {
      for (const source of found.added)
        if (found.isLeft(source) && !this.#add(found.hit(source), first)) return false
    }
    if (!this.#sort(first)) return false
    const program = this.#program
    program.add(this.#signs, 1)
    const last = this.#used
    for (let i = first; i < last; i++) {
      const row = sorted[i]!
      if (i > first) program.add(this.#signs + 4, 1)
      // This includes the quotes.
      program.span(rows[row + KEY_FROM]! - 1, rows[row + KEY_TO]! + 1)
      program.add(this.#signs + 5, 1)
      const isWhole = isRecord && found.isKept(row)
      if (!this.#value(row, isKnown && !isWhole && found.hasKnownMembers(row))) return false
    }
    this.#used = first
    program.add(this.#signs + 1, 1)
    return true
  }

  /** Returns false if there is no room. */
  #add(row: number, first: number): boolean {
    if (this.#used - first === MOST_MEMBERS || this.#used === this.#rows.length) return false
    this.#rows[this.#used++] = row
    return true
  }

  /** Sorts the members from `first` on by their names; false if two have the same name. */
  #sort(first: number): boolean {
    const { bytes, rows } = this.#found
    const sorted = this.#rows
    const unsorted = this.#unsorted
    const count = this.#used - first
    const order = this.#orders[count]!
    for (let i = 0; i < count; i++) unsorted[i] = sorted[first + i]!
    if (!this.#areSorted(order)) {
      for (let i = 0; i < count; i++) {
        let place = i
        for (; place > 0; place--) {
          if (compareKeys(bytes, rows, unsorted[order[place - 1]!]!, unsorted[i]!) < 0) break
          order[place] = order[place - 1]!
        }
        order[place] = i
      }
      // Two equal names leave the order unsorted.
      if (!this.#areSorted(order)) return false
    }
    for (let i = 0; i < count; i++) sorted[first + i] = unsorted[order[i]!]!
    return true
  }

  #areSorted(order: Uint8Array): boolean {
    const { bytes, rows } = this.#found
    const unsorted = this.#unsorted
    for (let i = 1; i < order.length; i++)
      if (compareKeys(bytes, rows, unsorted[order[i - 1]!]!, unsorted[order[i]!]!) >= 0) return false
    return true
  }

  #value(row: number, isKnown: boolean): boolean {
    const found = this.#found
    const program = this.#program
    switch (found.kind(row)) {
      case KIND.object:
        return this.#object(row, isKnown)
      case KIND.array: {
        program.add(this.#signs + 2, 1)
        const end = found.next(row)
        for (let item = row + ROW; item < end; item = found.next(item)) {
          if (item > row + ROW) program.add(this.#signs + 4, 1)
          if (!this.#value(item, false)) return false
        }
        program.add(this.#signs + 3, 1)
        return true
      }
      case KIND.string:
        if (found.isTooLong(row)) return false
        program.span(found.from(row) - 1, found.to(row) + 1)
        return true
      default:
        program.span(found.from(row), found.to(row))
        return true
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

/** A value that consists of several places: a list of addresses and lengths, for the kernel to copy. */
export class Program {
  readonly #numbers: Int32Array
  readonly #start: number
  readonly #end: number
  #at: number

  constructor(memory: Memory) {
    this.#numbers = memory.numbers
    this.#start = memory.program >> 2
    this.#end = memory.programEnd >> 2
    this.#at = this.#start
  }

  begin(): void {
    this.#at = this.#start
  }

  /** The beginning of the list. */
  get from(): number {
    return this.#start << 2
  }

  get to(): number {
    return this.#at << 2
  }

  /** Whether more was added than fits. */
  get isOver(): boolean {
    return this.#at > this.#end
  }

  add(from: number, length: number): void {
    const at = this.#at
    this.#at = at + 2
    if (at >= this.#end) return
    this.#numbers[at] = from
    this.#numbers[at + 1] = length
  }

  span(from: number, to: number): void {
    this.add(from, to - from)
  }
}
