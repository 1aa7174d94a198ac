import { changeIndexOf, LIMITS } from '../../../schema/index.ts'
import type { Mapping } from '../integration/mapping.ts'
import { isMembers, scalarText } from '../integration/members.ts'
import { jsonIn } from '../read/formats/json.ts'
import type { Memory } from '../wasm/memory.ts'
import { Piece } from '../wasm/piece.ts'
import { KEY_FROM, KEY_TO, KIND, ROW } from '../wasm/rows.ts'
import { hasEscape } from '../wasm/texts.ts'
import { ChangeList, changesInText, tellsChanges, UNNAMED_FIELD } from './changes.ts'
import { sameFolded } from './name-table.ts'
import type { RecordRows } from './record-rows.ts'

const MOST = 64
const NONE = -1
/** A missing value whose neighbour exists: it means that there was nothing before, or is nothing now. */
const NULL = -2
const UNSURE = -1
const LINE_END = 0x0a
const EQUALS = 0x3d
const BACKSLASH = 0x5c
const NOT_ASCII = 0x80

/**
 * The changes of a record. Changes in usual shapes (a list of `{field, old, new}`, two states, pairs of members) are places in the record,
 * from which the kernel copies; others are values (`list`).
 */
export class ChangeRows {
  count = 0
  /** The changes as values; null if they are rows. */
  list: ChangeList | null = null
  /** The place of the field's name, and the rows of the old and the new value, by change. */
  readonly fieldFrom: Int32Array
  readonly fieldTo: Int32Array
  readonly old: Int32Array
  readonly now: Int32Array
  readonly #found: RecordRows
  readonly #mapping: Mapping
  readonly #field: readonly Uint8Array[]
  readonly #old: readonly Uint8Array[]
  readonly #now: readonly Uint8Array[]
  readonly #unchanged: Buffer
  /** Values that were derived from the current record. */
  readonly #texts: Record<'fields' | 'before' | 'after', readonly string[] | null> = {
    fields: null,
    before: null,
    after: null,
  }

  readonly #pairs: readonly { readonly field: Piece; readonly old: number; readonly now: number }[]
  /** The name of fields without a name. */
  readonly #unnamed: Piece
  readonly #memory: Memory
  /** Sources of the current record whose values were taken as rows. */
  readonly #taken: number[] = []

  constructor(found: RecordRows, mapping: Mapping, memory: Memory) {
    this.#memory = memory
    this.fieldFrom = memory.numbersOf(MOST)
    this.fieldTo = memory.numbersOf(MOST)
    this.old = memory.numbersOf(MOST)
    this.now = memory.numbersOf(MOST)
    this.#unnamed = new Piece(UNNAMED_FIELD)
    this.#pairs = mapping.changes.pairs.map(({ field, ...sources }) => ({
      ...sources,
      field: new Piece(JSON.stringify(field)),
    }))
    this.#found = found
    this.#mapping = mapping
    const { item, unchanged } = mapping.changes
    this.#unchanged = Buffer.from(JSON.stringify(unchanged ?? '').slice(1, -1))
    const bytes = (names: ReadonlySet<string>): Uint8Array[] => [...names].map((name) => Buffer.from(name))
    this.#field = bytes(item.field)
    this.#old = bytes(item.old)
    this.#now = bytes(item.new)
  }

  /** Takes the record's changes; returns whether there is a previous value among them. */
  take(): boolean {
    const taken = this.#taken
    while (taken.length > 0) taken.pop()
    this.count = 0
    this.list = null
    this.#texts.fields = null
    this.#texts.before = null
    this.#texts.after = null
    if (this.#takeRows()) {
      for (let i = 0; i < this.count; i++) if (this.old[i] !== NONE) return true
      return false
    }
    for (const source of taken) this.#found.consumed[source] = 0
    const list = this.#takeValues()
    this.list = list
    this.count = list.changes.length
    return list.changes.some((change) => change.old !== undefined)
  }

  #consume(source: number): void {
    this.#found.consumed[source] = 1
    this.#taken.push(source)
  }

  /** Returns false if the changes have no usual shape. */
  #takeRows(): boolean {
    const found = this.#found
    const { consumed } = found
    const { changes } = this.#mapping
    for (const source of changes.list) {
      const row = found.hit(source)
      if (row === NONE || consumed[source] === 1) continue
      const kind = found.kind(row)
      if (kind === KIND.string) {
        if (found.mayBeJson(row)) return false
        continue
      }
      if (kind !== KIND.array && kind !== KIND.object) continue
      if (kind === KIND.object && this.#isPair(row)) continue
      if (kind === KIND.object || !this.#takeList(row)) return false
      this.#consume(source)
      break
    }
    if (this.count === 0 && this.#isTold()) return false
    if (this.count === 0 && !this.#takePairs()) return false
    if (this.count === 0) {
      const before = this.#first(changes.before)
      const after = this.#first(changes.after)
      if (before === NONE && after === NONE) return true
      if (!this.#takeStates(before, after)) return false
    }
    return changes.unchanged === null || !this.#mayBeUnchanged()
  }

  /** Takes changes of any shape. */
  #takeValues(): ChangeList {
    const { changes } = this.#mapping
    const { consumed } = this.#found
    const list = new ChangeList(changes.unchanged)
    for (const source of changes.list) {
      if (consumed[source] === 1 || !list.addList(this.#structured(source), changes.item)) continue
      consumed[source] = 1
      return list
    }
    for (const source of changes.text) {
      const text = this.#valueOf(source)
      const parts = typeof text === 'string' ? changesInText(text) : null
      if (parts === null) continue
      for (const { field, old, now } of parts) list.add(field, old, now)
      // People read such a text, too: if a field took it, it stays there.
      consumed[source] = 1
      return list
    }
    for (const { field, old, now } of changes.pairs) {
      // Without a previous value it is a property, not a change of one.
      if (this.#found.hit(old) === NONE || consumed[old] === 1) continue
      const [previous, value] = [this.#valueOf(old), this.#valueOf(now)]
      if (isNested(previous) || isNested(value)) continue
      list.add(field, previous, value)
      consumed[old] = 1
      if (value !== undefined) consumed[now] = 1
    }
    if (list.changes.length === 0) this.#addStatesTo(list)
    return list
  }

  /** Adds the old and the new state: two states of a record, or two values of one field. */
  #addStatesTo(list: ChangeList): void {
    const { changes } = this.#mapping
    const { consumed } = this.#found
    const before = this.#first(changes.before)
    const after = this.#first(changes.after)
    const given = before === NONE ? undefined : this.#structured(before)
    const old = changes.emptyIsUnknown && given === '' ? undefined : given
    const now = after === NONE ? undefined : this.#structured(after)
    const isState = (value: unknown): boolean => value === undefined || value === null || isMembers(value)
    if (isMembers(old) ? isState(now) : isMembers(now) && isState(old)) {
      // A created record has no previous state, a deleted one no new state.
      list.addStates(isMembers(old) ? old : undefined, isMembers(now) ? now : undefined)
    } else if (isMembers(old) || isMembers(now)) return
    else if (!isEmpty(old) || !isEmpty(now)) {
      const field = this.#first(changes.field)
      const name = field === NONE ? undefined : scalarText(this.#valueOf(field))
      list.add(name ?? UNNAMED_FIELD, old, now)
      if (name !== undefined) consumed[field] = 1
    }
    if (before !== NONE) consumed[before] = 1
    if (after !== NONE) consumed[after] = 1
  }

  #valueOf(source: number): unknown {
    const row = this.#found.hit(source)
    return row === NONE ? undefined : this.#found.value(row)
  }

  /** Columns and messages contain objects as JSON text. */
  #structured(source: number): unknown {
    const value = this.#valueOf(source)
    return typeof value === 'string' ? (jsonIn(value) ?? value) : value
  }

  /** The same rule as in `changes.ts`: a pair of states is not a list. */
  #isPair(object: number): boolean {
    const found = this.#found
    const { bytes, rows } = found
    for (let row = object + ROW; row < found.next(object); row = found.next(row)) {
      const from = rows[row + KEY_FROM]!
      const to = rows[row + KEY_TO]!
      if (!isOneOf(this.#old, bytes, from, to) && !isOneOf(this.#now, bytes, from, to)) return false
    }
    return true
  }

  /** Returns `field=value` of the differences, before or after, or the names of the fields, as in `changes.ts`. */
  texts(of: 'fields' | 'before' | 'after'): readonly string[] {
    let texts = this.#texts[of]
    if (texts === null) {
      texts = this.#work(of)
      this.#texts[of] = texts
    }
    return texts
  }

  #work(of: 'fields' | 'before' | 'after'): readonly string[] {
    if (this.list !== null) return changeIndexOf(this.list.changes)[of]
    const texts: string[] = []
    for (let i = 0; i < this.count; i++) {
      const field = this.#text(this.fieldFrom[i]!, this.fieldTo[i]!)
      const old = this.#textOf(this.old[i]!)
      const now = this.#textOf(this.now[i]!)
      if (old !== undefined && old === now) continue
      if (of === 'fields') {
        if (!texts.includes(field)) texts.push(field)
      } else {
        const value = of === 'before' ? old : now
        if (typeof value === 'string') texts.push(`${field}=${value}`)
      }
    }
    return texts
  }

  /**
   * Writes these texts at `start`, one per line, and returns their end; -1 if a text contains escapes or non-ASCII characters, or does not
   * fit.
   */
  write(of: 'fields' | 'before' | 'after', out: Uint8Array, start: number): number {
    if (this.list !== null) return UNSURE
    let at = start
    for (let i = 0; i < this.count; i++) {
      const [old, now] = [this.old[i]!, this.now[i]!]
      const isSame = old === NONE ? 0 : this.#compare(old, now)
      if (isSame === UNSURE) return UNSURE
      const value = of === 'before' ? old : now
      if (isSame === 1 || (of !== 'fields' && this.#isNothing(value))) continue
      if (at > start) out[at++] = LINE_END
      at = this.#copy(this.fieldFrom[i]!, this.fieldTo[i]!, out, at)
      if (of === 'fields') {
        // Repeated fields are rare.
        if (this.#isTwice(i)) return UNSURE
      } else if (at !== UNSURE) {
        out[at++] = EQUALS
        at = this.#copy(this.#found.from(value >> 2), this.#found.to(value >> 2), out, at)
      }
      if (at === UNSURE) return UNSURE
    }
    return at
  }

  #isNothing(row: number): boolean {
    return row < 0 || this.#found.kind(row >> 2) === KIND.null
  }

  /** Whether two values have the same text; `UNSURE` if they contain escapes. */
  #compare(old: number, now: number): number {
    if (now === NONE) return 0
    if (this.#isNothing(old) || this.#isNothing(now))
      return Number(this.#isNothing(old) && this.#isNothing(now))
    const found = this.#found
    const from = found.from(old >> 2)
    const to = found.to(old >> 2)
    if (found.sameBytes(from, to, found.from(now >> 2), found.to(now >> 2))) return 1
    return found.isEscaped(old >> 2) || found.isEscaped(now >> 2) ? UNSURE : 0
  }

  #isTwice(last: number): boolean {
    for (let i = 0; i < last; i++)
      if (
        this.#found.sameBytes(
          this.fieldFrom[i]!,
          this.fieldTo[i]!,
          this.fieldFrom[last]!,
          this.fieldTo[last]!,
        )
      )
        return true
    return false
  }

  #copy(from: number, to: number, out: Uint8Array, start: number): number {
    // This includes the characters around it.
    if (start + (to - from) + 2 > out.length) return UNSURE
    const { bytes } = this.#found
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!
      if (byte === BACKSLASH || byte >= NOT_ASCII) return UNSURE
      out[start + i - from] = byte
    }
    return start + (to - from)
  }

  /** Returns undefined if there is no text, `NULL` for null. */
  #textOf(row: number): string | undefined | typeof NULL {
    if (row === NONE) return undefined
    if (row === NULL || this.#found.kind(row >> 2) === KIND.null) return NULL
    return this.#text(this.#found.from(row >> 2), this.#found.to(row >> 2))
  }

  #text(from: number, to: number): string {
    return this.#found.textAt(from, to, hasEscape(this.#found.bytes, from, to))
  }

  #first(sources: readonly number[]): number {
    const { consumed } = this.#found
    for (const source of sources)
      if (this.#found.hit(source) !== NONE && consumed[source] === 0) return source
    return NONE
  }

  #isTold(): boolean {
    const found = this.#found
    for (const source of this.#mapping.changes.text) {
      const row = found.hit(source)
      if (row === NONE || found.kind(row) !== KIND.string) continue
      if (tellsChanges(found.text(row))) return true
    }
    return false
  }

  /** Whether a new value ends with the suffix that marks it as equal to the old one. */
  #mayBeUnchanged(): boolean {
    const found = this.#found
    const mark = this.#unchanged
    for (let i = 0; i < this.count; i++) {
      const row = this.now[i]!
      if (row < 0 || found.kind(row >> 2) !== KIND.string) continue
      const to = found.to(row >> 2)
      if (
        to - found.from(row >> 2) >= mark.length &&
        found.bytes.compare(mark, 0, mark.length, to - mark.length, to) === 0
      )
        return true
    }
    return false
  }

  #add(fieldFrom: number, fieldTo: number, old: number, now: number): boolean {
    const { count } = this
    if (count === MOST || fieldTo - fieldFrom > LIMITS.keywordLength) return false
    if (!this.#isPlain(old, fieldTo - fieldFrom) || !this.#isPlain(now, fieldTo - fieldFrom)) return false
    this.fieldFrom[count] = fieldFrom
    this.fieldTo[count] = fieldTo
    // The kernel identifies rows by their addresses.
    this.old[count] = old < 0 ? old : old << 2
    this.now[count] = now < 0 ? now : now << 2
    this.count++
    return true
  }

  #isPlain(row: number, fieldLength: number): boolean {
    if (row < 0) return true
    const found = this.#found
    return found.kind(row) <= KIND.null && found.length(row) + fieldLength < LIMITS.keywordLength
  }

  #takeList(list: number): boolean {
    const found = this.#found
    const end = found.next(list)
    if (list + ROW === end) return false
    for (let item = list + ROW; item < end; item = found.next(item)) {
      if (found.kind(item) !== KIND.object || !this.#takeItem(item)) return false
    }
    return true
  }

  #takeItem(item: number): boolean {
    const found = this.#found
    const { bytes } = found
    const { rows } = found
    let field = NONE
    let old = NONE
    let now = NONE
    for (let row = item + ROW; row < found.next(item); row = found.next(row)) {
      const from = rows[row + KEY_FROM]!
      const to = rows[row + KEY_TO]!
      if (field === NONE && isOneOf(this.#field, bytes, from, to)) field = row
      else if (old === NONE && isOneOf(this.#old, bytes, from, to)) old = row
      else if (now === NONE && isOneOf(this.#now, bytes, from, to)) now = row
      else return false
    }
    if (field === NONE || found.kind(field) !== KIND.string || found.length(field) === 0) return false
    if (old === NONE && now === NONE) return false
    return this.#add(found.from(field), found.to(field), old, now)
  }

  #takePairs(): boolean {
    const found = this.#found
    const { consumed } = found
    for (const { field, old, now } of this.#pairs) {
      const oldRow = found.hit(old)
      if (oldRow === NONE || consumed[old] === 1) continue
      const nowRow = found.hit(now)
      if (found.kind(oldRow) > KIND.null || (nowRow !== NONE && found.kind(nowRow) > KIND.null)) continue
      const from = field.in(this.#memory)
      if (!this.#add(from + 1, from + field.length - 1, oldRow, nowRow)) return false
      this.#consume(old)
      if (nowRow !== NONE) this.#consume(now)
    }
    return true
  }

  #takeStates(before: number, after: number): boolean {
    const found = this.#found
    const old = before === NONE ? NONE : found.hit(before)
    const now = after === NONE ? NONE : found.hit(after)
    const oldKind = old === NONE ? 0 : found.kind(old)
    const nowKind = now === NONE ? 0 : found.kind(now)
    if (oldKind === KIND.array || nowKind === KIND.array) return false
    if (oldKind === KIND.string && found.mayBeJson(old)) return false
    if (nowKind === KIND.string && found.mayBeJson(now)) return false
    if (oldKind === KIND.object || nowKind === KIND.object) {
      const oldIsState = oldKind === KIND.object || oldKind === 0 || oldKind === KIND.null
      const nowIsState = nowKind === KIND.object || nowKind === 0 || nowKind === KIND.null
      if (!oldIsState || !nowIsState) return false
      if (!this.#addStates(oldKind === KIND.object ? old : NONE, nowKind === KIND.object ? now : NONE))
        return false
    } else {
      const oldIsEmpty = old === NONE || found.isEmpty(old)
      const nowIsEmpty = now === NONE || found.isEmpty(now)
      if (!(oldIsEmpty && nowIsEmpty)) {
        const source = this.#first(this.#mapping.changes.field)
        const field = source === NONE ? NONE : found.hit(source)
        if (field !== NONE && found.kind(field) !== KIND.string) return false
        // An empty previous value may mean that it is unknown.
        const isUnknown = this.#mapping.changes.emptyIsUnknown && oldKind === KIND.string && oldIsEmpty
        const known = isUnknown ? NONE : old
        if (field === NONE) {
          const from = this.#unnamed.in(this.#memory)
          if (!this.#add(from, from + this.#unnamed.length, known, now)) return false
        } else {
          if (!this.#add(found.from(field), found.to(field), known, now)) return false
          this.#consume(source)
        }
      }
    }
    if (before !== NONE) this.#consume(before)
    if (after !== NONE) this.#consume(after)
    return true
  }

  #addStates(before: number, after: number): boolean {
    if (!this.#isState(before) || !this.#isState(after)) return false
    const found = this.#found
    const { rows } = found
    if (before !== NONE) {
      for (let row = before + ROW; row < found.next(before); row = found.next(row)) {
        const now = after === NONE ? NONE : this.#member(after, row)
        if (now !== NONE && this.#areSame(row, now)) continue
        const absent = after === NONE ? NONE : NULL
        if (!this.#add(rows[row + KEY_FROM]!, rows[row + KEY_TO]!, row, now === NONE ? absent : now))
          return false
      }
    }
    if (after !== NONE) {
      for (let row = after + ROW; row < found.next(after); row = found.next(row)) {
        if (before !== NONE && this.#member(before, row) !== NONE) continue
        if (!this.#add(rows[row + KEY_FROM]!, rows[row + KEY_TO]!, before === NONE ? NONE : NULL, row))
          return false
      }
    }
    return true
  }

  /** Whether a state is simple: few members, no repeated ones, no numeric names (objects put those first), and no structures. */
  #isState(state: number): boolean {
    if (state === NONE) return true
    const found = this.#found
    const { rows } = found
    let count = 0
    for (let row = state + ROW; row < found.next(state); row = found.next(row)) {
      if (++count > 32 || found.kind(row) > KIND.null) return false
      const first = found.bytes[rows[row + KEY_FROM]!]!
      if (first >= 0x30 && first <= 0x39) return false
      for (let other = state + ROW; other < row; other = found.next(other))
        if (this.#sameKey(other, row)) return false
    }
    return true
  }

  #member(state: number, key: number): number {
    const found = this.#found
    for (let row = state + ROW; row < found.next(state); row = found.next(row))
      if (this.#sameKey(row, key)) return row
    return NONE
  }

  #sameKey(a: number, b: number): boolean {
    const { rows } = this.#found
    return this.#found.sameBytes(
      rows[a + KEY_FROM]!,
      rows[a + KEY_TO]!,
      rows[b + KEY_FROM]!,
      rows[b + KEY_TO]!,
    )
  }

  #areSame(a: number, b: number): boolean {
    const found = this.#found
    if ((found.kind(a) === KIND.null) !== (found.kind(b) === KIND.null)) return false
    return found.sameBytes(found.from(a), found.to(a), found.from(b), found.to(b))
  }
}

const isNested = (value: unknown): boolean => typeof value === 'object' && value !== null

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

function isOneOf(names: readonly Uint8Array[], bytes: Uint8Array, from: number, to: number): boolean {
  for (const name of names) if (sameFolded(name, bytes, from, to)) return true
  return false
}
