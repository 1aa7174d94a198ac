import { LIMITS } from '../../../schema/index.ts'
import type { Mapping } from '../integration/mapping.ts'
import { type Members, newMembers } from '../integration/members.ts'
import { Memory } from '../wasm/memory.ts'
import type { Piece } from '../wasm/piece.ts'
import { ESCAPED, FROM, KEY_FROM, KEY_TO, KIND, NEXT, NODE, ROW, ROW_BYTES, TO } from '../wasm/rows.ts'
import { hasEscape, Texts, unescaped } from '../wasm/texts.ts'
import { NameTable } from './name-table.ts'
import { RowWriter } from './row-writer.ts'

/** Longer records are rebuilt: they are rare, and the lists of copied places have limited room. */
const LONGEST = 64 * 1024

/** One scanned record: the places of the values of known names, and which of them fields have taken. */
export class RecordRows {
  readonly bytes: Buffer
  /** The numbers of all rows; each row starts at its own index. */
  readonly rows: Int32Array
  /** The record itself. */
  readonly root: number
  /** By source: the row of its value, or -1; the kernel gives it as an address. */
  readonly hits: Int32Array
  /** By source: 1 if a field took the value (or it is empty). */
  readonly consumed: Uint8Array
  /** The sources with a hit. */
  readonly sources: Int32Array
  /** Whether it was written from its members, in their order, each of them once. */
  isRebuilt = false
  readonly #memory: Memory
  readonly #writer: RowWriter
  readonly #table: NameTable
  readonly #texts = new Texts((text) => text)
  /** Texts by address. */
  readonly #keptTexts = new Map<number, string>()
  /** By node: 1 if the member stays in the payload completely. */
  readonly #isKept: Uint8Array
  /** By source: 1 if its value stays in the payload even if a field took it. */
  readonly #isKeptSource: Uint8Array
  /** The end of the record's rows. */
  #end = 0
  /** Sources of members that the record itself does not have. */
  readonly added: number[] = []
  readonly #removed: number[] = []
  readonly #removedRows: number[] = []

  constructor({ names, keep }: Pick<Mapping, 'names' | 'keep'>, memory: Memory) {
    this.#memory = memory
    this.#table = new NameTable(names, memory)
    this.#writer = new RowWriter(memory, names, ({ source }, row, value) => {
      // If two members have the same name (`user_id` and `userId`), the first counts.
      if (source === -1 || this.hits[source] !== -1) return
      this.hits[source] = row
      this.#table.addSource(source)
      // An empty value of a known name has no meaning, except as a previous or a new value.
      if ((value === null || value === '') && names.emptyCounts[source] === false) this.consumed[source] = 1
    })
    this.bytes = memory.bytes
    this.rows = memory.numbers
    this.root = memory.rows >> 2
    this.hits = this.#table.hits
    this.consumed = this.#table.consumed
    this.sources = this.#table.sourceList
    this.#isKept = Uint8Array.from(names.nodes, () => 0)
    this.#isKeptSource = new Uint8Array(names.size)
    for (const fold of keep) {
      const node = names.root.children.get(fold)
      if (node === undefined) continue
      this.#isKept[node.id] = 1
      if (node.source !== -1) this.#isKeptSource[node.source] = 1
    }
  }

  get sourceCount(): number {
    return this.#table.sourceCount
  }

  /** Reads a record, a JSON object; false if it has to be rebuilt. */
  scan(from: number, to: number): boolean {
    this.#begin()
    this.isRebuilt = false
    if (to - from > LONGEST) return false
    this.#end = this.#memory.kernel.scan(this.#table.address, from, to, this.#memory.rows)
    return this.#end !== -1
  }

  /** Reads a record from its members, whatever they contain. */
  rebuild(members: Members): void {
    this.#begin()
    this.isRebuilt = true
    // This call clears the state of the previous record.
    this.#memory.kernel.scan(this.#table.address, 0, 0, this.#memory.rows)
    this.#end = this.#writer.record(members, this.#memory.rows)
  }

  #begin(): void {
    // Setting a length costs a call even if it does not change; there are few items.
    while (this.added.length > 0) this.added.pop()
    while (this.#removed.length > 0) this.#removed.pop()
    while (this.#removedRows.length > 0) this.#removedRows.pop()
  }

  /** The members of the current record; split members are replaced by their parts. */
  members(): Members {
    const members = newMembers()
    const end = this.next(this.root)
    for (let row = this.root + ROW; row < end; row = this.next(row))
      if (!this.isRemoved(row)) members[this.name(row)] = this.value(row)
    for (const source of this.added) members[this.name(this.hit(source))] = this.value(this.hit(source))
    return members
  }

  /** Returns the value of a row. */
  value(row: number): unknown {
    if (this.kind(row) === KIND.string) return this.text(row)
    if (this.#removedRows.length === 0 || this.kind(row) !== KIND.object)
      return JSON.parse(this.bytes.toString('utf8', this.from(row), this.to(row)))
    const members = newMembers()
    const end = this.next(row)
    for (let member = row + ROW; member < end; member = this.next(member))
      if (!this.isRemoved(member)) members[this.name(member)] = this.value(member)
    return members
  }

  /** Removes a member from the record. */
  remove(source: number): void {
    this.#removedRows.push(this.hit(source))
    this.hits[source] = -1
    this.consumed[source] = 1
    this.#removed.push(source)
  }

  isRemoved(row: number): boolean {
    return this.#removedRows.length > 0 && this.#removedRows.includes(row)
  }

  /** Sets the row of a source's value, which is somewhere in a list. */
  point(source: number, row: number): void {
    this.hits[source] = row << 2
    this.#table.addSource(source)
  }

  /** Sets a source's value that is composed of several. */
  pointTo(source: number, value: unknown): void {
    const row = this.#end
    this.#end = this.#writer.value(value, row)
    this.point(source, row >> 2)
  }

  /** Adds a text to the record, unless the record has the value itself. `name` is the member's name as JSON. */
  add(source: number, name: Piece, text: string): void {
    if (this.hits[source] !== -1) return
    const noted = this.#memory.recordNotes.addText(text)
    const row = this.#end
    if (row + ROW_BYTES > this.#memory.rowsEnd) throw new Error('there is no room for the values of a record')
    this.#end += ROW_BYTES
    const { rows } = this
    const at = row >> 2
    rows[at] = KIND.string
    rows[at + FROM] = noted.from + 1
    rows[at + TO] = noted.to - 1
    const key = name.in(this.#memory)
    rows[at + KEY_FROM] = key + 1
    rows[at + KEY_TO] = key + name.length - 1
    rows[at + NODE] = -1
    rows[at + NEXT] = this.#end
    const isPlain = noted.to - noted.from === text.length + 2
    rows[at + ESCAPED] = !isPlain && hasEscape(this.bytes, noted.from, noted.to) ? 1 : 0
    this.hits[source] = row
    this.consumed[source] = 0
    this.added.push(source)
    if (!this.#removed.includes(source)) this.#table.addSource(source)
  }

  /** Whether a text may be JSON: it begins like JSON, possibly after white space. */
  mayBeJson(row: number): boolean {
    const first = this.length(row) === 0 ? 0 : this.bytes[this.from(row)]!
    return first === 0x7b || first === 0x5b || first <= 0x20 ? first !== 0 : first === 0x5c || first >= 0x80
  }

  /** Whether an added member stays in the payload. */
  isLeft(source: number): boolean {
    return this.consumed[source] === 0 || this.#isKeptSource[source] === 1
  }

  isKept(row: number): boolean {
    const node = this.rows[row + NODE]!
    return node !== -1 && this.#isKept[node] === 1
  }

  /** The row of a source's value, or -1. */
  hit(source: number): number {
    return this.hits[source]! >> 2
  }

  kind(row: number): number {
    return this.rows[row]!
  }

  from(row: number): number {
    return this.rows[row + FROM]!
  }

  to(row: number): number {
    return this.rows[row + TO]!
  }

  next(row: number): number {
    return this.rows[row + NEXT]! >> 2
  }

  length(row: number): number {
    return this.rows[row + TO]! - this.rows[row + FROM]!
  }

  isEmpty(row: number): boolean {
    const kind = this.rows[row]
    return kind === KIND.null || (kind === KIND.string && this.length(row) === 0)
  }

  isEscaped(row: number): boolean {
    return this.rows[row + ESCAPED] === 1
  }

  /** The text of a string, a number, true or false. */
  text(row: number): string {
    return this.textAt(this.from(row), this.to(row), this.isEscaped(row))
  }

  /** A member's name. */
  name(row: number): string {
    const from = this.rows[row + KEY_FROM]!
    const to = this.rows[row + KEY_TO]!
    return this.textAt(from, to, hasEscape(this.bytes, from, to))
  }

  /** The text between two addresses, which may contain escapes. Text at a constant address is read once. */
  jsonTextAt(from: number, to: number): string {
    if (!Memory.isKept(from)) return this.textAt(from, to, hasEscape(this.bytes, from, to))
    let text = this.#keptTexts.get(from)
    if (text === undefined) {
      text = this.textAt(from, to, hasEscape(this.bytes, from, to))
      this.#keptTexts.set(from, text)
    }
    return text
  }

  textAt(from: number, to: number, isEscaped: boolean): string {
    return isEscaped ? unescaped(this.bytes, from, to) : this.#texts.of(this.bytes, from, to)
  }

  /** Whether a value is a text, a number, true or false; an empty text does not count. */
  isScalar(row: number): boolean {
    const kind = this.rows[row]!
    return kind === KIND.string ? this.length(row) > 0 : kind <= KIND.false
  }

  isTooLong(row: number): boolean {
    return this.length(row) > LIMITS.keywordLength
  }

  /** Whether fields have taken all of a member: itself, or its whole content. Not for members below unknown ones. */
  isTaken(row: number): boolean {
    const node = this.rows[row + NODE]!
    if (node === -1) return false
    const source = this.#table.sources[node]!
    if (source !== -1 && this.consumed[source] === 1 && this.#isSame(this.hit(source), row)) return true
    if (this.#table.hasChildren[node] === 0 || this.kind(row) !== KIND.object) return false
    const end = this.next(row)
    if (row + ROW === end) return false
    for (let member = row + ROW; member < end; member = this.next(member))
      if (!this.isTaken(member)) return false
    return true
  }

  /** Whether a member is the one that its source was taken from, or has an equal value: a record may contain it twice. */
  #isSame(row: number, other: number): boolean {
    if (row === other) return true
    return (
      row >= 0 &&
      this.kind(row) === this.kind(other) &&
      this.kind(row) <= KIND.null &&
      this.sameBytes(this.from(row), this.to(row), this.from(other), this.to(other))
    )
  }

  /** Whether there are known names below this row, which itself is known. */
  hasKnownMembers(row: number): boolean {
    const node = this.rows[row + NODE]!
    return node !== -1 && this.#table.hasChildren[node] === 1 && this.kind(row) === KIND.object
  }

  sameBytes(from: number, to: number, otherFrom: number, otherTo: number): boolean {
    if (to - from !== otherTo - otherFrom) return false
    if (from === otherFrom) return true
    const { bytes } = this
    for (let i = 0; i < to - from; i++) if (bytes[from + i] !== bytes[otherFrom + i]) return false
    return true
  }
}
