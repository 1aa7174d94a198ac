import { LIMITS } from '../../../schema/index.ts'
import { UNNAMED_FIELD } from '../changes.ts'
import type { Mapping } from '../mapping.ts'
import type { Found } from './found.ts'
import { sameFolded } from './name-table.ts'
import { Piece } from './piece.ts'
import { KEY_FROM, KEY_TO, KIND, ROW } from './tape.ts'

const MOST = 64
const NONE = -1
/** A value that is not there, where its neighbour is: before it was nothing, or now it is. */
const NULL = -2
const FIELD = new Piece(UNNAMED_FIELD)

/** What became of looking for changes: found or not, or the plain way must decide. */
export type Looked = 'known' | 'unknown' | 'unsure'

/** The changes of a record, as rows of its tape. */
export class ChangeRows {
  count = 0
  /** By change: where the field's name stands (in `source`), and the rows of old and new. */
  readonly fieldFrom = new Int32Array(MOST)
  readonly fieldTo = new Int32Array(MOST)
  readonly old = new Int32Array(MOST)
  readonly now = new Int32Array(MOST)
  /** The field's name is the one for fields without a name. */
  isUnnamed = false
  readonly #found: Found
  readonly #mapping: Mapping
  readonly #field: readonly Uint8Array[]
  readonly #old: readonly Uint8Array[]
  readonly #now: readonly Uint8Array[]

  constructor(found: Found, mapping: Mapping) {
    this.#found = found
    this.#mapping = mapping
    const { item } = mapping.changes
    const bytes = (names: ReadonlySet<string>): Uint8Array[] => [...names].map((name) => Buffer.from(name))
    this.#field = bytes(item.field)
    this.#old = bytes(item.old)
    this.#now = bytes(item.new)
  }

  /** Takes what the record says of changes; `known` where a previous value is among them. */
  take(): Looked {
    const found = this.#found
    const { hits, consumed } = found
    const { changes } = this.#mapping
    this.count = 0
    this.isUnnamed = false
    for (const source of changes.list) {
      const row = hits[source]!
      if (row === NONE || consumed[source] === 1) continue
      const kind = found.kind(row)
      if (kind === KIND.string) {
        if (this.#mayBeJson(row)) return 'unsure'
        continue
      }
      if (kind !== KIND.array && kind !== KIND.object) continue
      // An object of pairs is rare.
      if (kind === KIND.object || !this.#takeList(row)) return 'unsure'
      consumed[source] = 1
      break
    }
    if (this.count === 0) {
      const before = this.#first(changes.before)
      const after = this.#first(changes.after)
      if (before === NONE && after === NONE) return 'unknown'
      if (!this.#takeStates(before, after)) return 'unsure'
    }
    for (let i = 0; i < this.count; i++) if (this.old[i] !== NONE) return 'known'
    return 'unknown'
  }

  /** Whether old and new of a change are one text: it is listed, and not indexed. */
  isSame(change: number): boolean {
    const old = this.old[change]!
    const now = this.now[change]!
    if (old === NONE || now === NONE) return false
    const found = this.#found
    const oldIsNull = old === NULL || found.kind(old) === KIND.null
    const nowIsNull = now === NULL || found.kind(now) === KIND.null
    if (oldIsNull || nowIsNull) return oldIsNull && nowIsNull
    return found.sameBytes(found.from(old), found.to(old), found.from(now), found.to(now))
  }

  /** Where the fields' names stand: in the record, or the name for those that have none. */
  fieldWords(): DataView {
    return this.isUnnamed ? FIELD.words : this.#found.words
  }

  /** Whether this row is a value with a text: not absent, not null. */
  hasText(row: number): boolean {
    return row >= 0 && this.#found.kind(row) !== KIND.null
  }

  isAbsent(row: number): boolean {
    return row === NONE
  }

  #first(sources: readonly number[]): number {
    const { hits, consumed } = this.#found
    for (const source of sources) if (hits[source] !== NONE && consumed[source] === 0) return source
    return NONE
  }

  /** Columns carry objects as JSON text: a text that begins like one is for the plain way. */
  #mayBeJson(row: number): boolean {
    const found = this.#found
    const first = found.length(row) === 0 ? 0 : found.bytes[found.from(row)]!
    // Also where white space precedes it, of whatever kind.
    return first === 0x7b || first === 0x5b || first <= 0x20 ? first !== 0 : first === 0x5c || first >= 0x80
  }

  #add(fieldFrom: number, fieldTo: number, old: number, now: number): boolean {
    const { count } = this
    if (count === MOST || fieldTo - fieldFrom > LIMITS.keywordLength) return false
    if (!this.#isPlain(old, fieldTo - fieldFrom) || !this.#isPlain(now, fieldTo - fieldFrom)) return false
    this.fieldFrom[count] = fieldFrom
    this.fieldTo[count] = fieldTo
    this.old[count] = old
    this.now[count] = now
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
    const { rows } = found.tape
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

  #takeStates(before: number, after: number): boolean {
    const found = this.#found
    const { hits, consumed } = found
    const old = before === NONE ? NONE : hits[before]!
    const now = after === NONE ? NONE : hits[after]!
    const oldKind = old === NONE ? 0 : found.kind(old)
    const nowKind = now === NONE ? 0 : found.kind(now)
    if (oldKind === KIND.array || nowKind === KIND.array) return false
    if (oldKind === KIND.string && this.#mayBeJson(old)) return false
    if (nowKind === KIND.string && this.#mayBeJson(now)) return false
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
        const field = source === NONE ? NONE : hits[source]!
        if (field !== NONE && found.kind(field) !== KIND.string) return false
        if (field === NONE) {
          this.isUnnamed = true
          if (!this.#add(0, FIELD.length, old, now)) return false
        } else {
          if (!this.#add(found.from(field), found.to(field), old, now)) return false
          consumed[source] = 1
        }
      }
    }
    if (before !== NONE) consumed[before] = 1
    if (after !== NONE) consumed[after] = 1
    return true
  }

  #addStates(before: number, after: number): boolean {
    if (!this.#isState(before) || !this.#isState(after)) return false
    const found = this.#found
    const { rows } = found.tape
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

  /** Few members, none twice, none named by a number (objects put those first), none of them a structure. */
  #isState(state: number): boolean {
    if (state === NONE) return true
    const found = this.#found
    const { rows } = found.tape
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
    const { rows } = this.#found.tape
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

function isOneOf(names: readonly Uint8Array[], bytes: Uint8Array, from: number, to: number): boolean {
  for (const name of names) if (sameFolded(name, bytes, from, to)) return true
  return false
}
