import { LIMITS } from '../../../schema/index.ts'
import type { NameTree } from '../names.ts'
import { NameTable } from './name-table.ts'
import { SLACK } from './piece.ts'
import { ESCAPED, FROM, KEY_FROM, KEY_HASH, KEY_TO, KIND, NEXT, ROW, Tape, TO } from './tape.ts'

/** Longer records go the plain way: they are few, and the direct way needs room for several copies. */
const LONGEST = 64 * 1024

/** One record, scanned: where the values of the names stand that an integration knows, and which of them fields have taken. */
export class Found {
  readonly tape = new Tape()
  bytes: Buffer = Buffer.alloc(0)
  words: DataView = new DataView(new ArrayBuffer(0))
  /** By source: the row of its value, or -1. */
  readonly hits: Int32Array
  /** By source: 1 where a field took the value (or it is empty). */
  readonly consumed: Uint8Array
  /** By row number: the node of the member's name, or -1. */
  readonly nodes = new Int32Array(this.tape.rows.length / ROW)
  /** The sources that have a hit. */
  readonly sources: Int32Array
  sourceCount = 0
  readonly table: NameTable
  readonly #emptyCounts: readonly boolean[]
  /** By node: the record in which it was seen last. */
  readonly #seen: Int32Array
  #record = 0

  constructor(names: NameTree) {
    this.table = new NameTable(names)
    this.hits = new Int32Array(names.size).fill(-1)
    this.sources = new Int32Array(names.size)
    this.consumed = new Uint8Array(names.size)
    this.#seen = new Int32Array(names.nodes.length)
    this.#emptyCounts = names.emptyCounts
  }

  /** The next records are in these bytes. */
  begin(bytes: Buffer): void {
    this.bytes = bytes
    this.words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** False where the plain way must decide. */
  scan(from: number, to: number): boolean {
    // Copying by words reads on behind the record.
    if (to - from > LONGEST || to + SLACK > this.bytes.length) return false
    if (!this.tape.scan(this.bytes, from, to)) return false
    for (let i = 0; i < this.sourceCount; i++) {
      const source = this.sources[i]!
      this.hits[source] = -1
      this.consumed[source] = 0
    }
    this.sourceCount = 0
    this.#record = (this.#record + 1) | 0
    if (this.#record === 0) this.#seen.fill(-1)
    return this.#find(0, 0)
  }

  #find(parent: number, node: number): boolean {
    const { rows } = this.tape
    const { table, hits } = this
    const end = rows[parent + NEXT]!
    for (let row = parent + ROW; row < end; row = rows[row + NEXT]!) {
      const child = table.find(
        node,
        this.bytes,
        rows[row + KEY_FROM]!,
        rows[row + KEY_TO]!,
        rows[row + KEY_HASH]!,
      )
      this.nodes[row / ROW] = child
      if (child === -1) continue
      // A name twice: which of them counts is not for here to say.
      if (this.#seen[child] === this.#record) return false
      this.#seen[child] = this.#record
      const source = table.sources[child]!
      if (source !== -1) {
        if (hits[source] !== -1) return false
        hits[source] = row
        this.sources[this.sourceCount++] = source
        if (this.isEmpty(row) && !this.#emptyCounts[source]) this.consumed[source] = 1
      }
      if (table.hasChildren[child] === 1 && rows[row] === KIND.object && !this.#find(row, child)) return false
    }
    return true
  }

  kind(row: number): number {
    return this.tape.rows[row]!
  }

  from(row: number): number {
    return this.tape.rows[row + FROM]!
  }

  to(row: number): number {
    return this.tape.rows[row + TO]!
  }

  next(row: number): number {
    return this.tape.rows[row + NEXT]!
  }

  length(row: number): number {
    return this.tape.rows[row + TO]! - this.tape.rows[row + FROM]!
  }

  isEmpty(row: number): boolean {
    const kind = this.tape.rows[row]
    return kind === KIND.null || (kind === KIND.string && this.length(row) === 0)
  }

  isEscaped(row: number): boolean {
    return this.tape.rows[row + ESCAPED] === 1
  }

  /** A text, a number, true or false; not an empty text. */
  isScalar(row: number): boolean {
    const kind = this.tape.rows[row]!
    return kind === KIND.string ? this.length(row) > 0 : kind <= KIND.false
  }

  isTooLong(row: number): boolean {
    return this.length(row) > LIMITS.keywordLength
  }

  /** Whether fields have taken a member whole: itself, or all that is in it. Not for members below unknown ones. */
  isTaken(row: number): boolean {
    const node = this.nodes[row / ROW]!
    if (node === -1) return false
    const source = this.table.sources[node]!
    if (source !== -1 && this.consumed[source] === 1) return true
    if (this.table.hasChildren[node] === 0 || this.kind(row) !== KIND.object) return false
    const end = this.next(row)
    if (row + ROW === end) return false
    for (let member = row + ROW; member < end; member = this.next(member))
      if (!this.isTaken(member)) return false
    return true
  }

  /** Whether names are known below this row, which is itself known. */
  hasKnownMembers(row: number): boolean {
    const node = this.nodes[row / ROW]!
    return node !== -1 && this.table.hasChildren[node] === 1 && this.kind(row) === KIND.object
  }

  sameBytes(from: number, to: number, otherFrom: number, otherTo: number): boolean {
    if (to - from !== otherTo - otherFrom) return false
    const { bytes } = this
    for (let i = 0; i < to - from; i++) if (bytes[from + i] !== bytes[otherFrom + i]) return false
    return true
  }
}
