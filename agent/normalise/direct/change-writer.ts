import type { ChangeRows } from './change-rows.ts'
import type { Found } from './found.ts'
import { copyWords, Piece, writeScalar } from './piece.ts'
import { HOW } from './values.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN = 0x5b
const CLOSE = 0x5d
const EQUALS = 0x3d

const NEW = new Piece('"new":')
const OLD = new Piece('"old":')
const NULL = new Piece('null')
const FIELD = new Piece('{"field":"')

/** Writes what changed: the list of field, new and old, and what the index wants of it. */
export class ChangeWriter {
  readonly #found: Found
  readonly #changes: ChangeRows

  constructor(found: Found, changes: ChangeRows) {
    this.#found = found
    this.#changes = changes
  }

  write(way: number, out: DataView, at: number): number {
    switch (way) {
      case HOW.changes:
        return this.#writeChanges(out, at)
      case HOW.changeFields:
        return this.#writeChangeFields(out, at)
      case HOW.changeBefore:
        return this.#writeIndexed(this.#changes.old, out, at)
      case HOW.changeAfter:
        return this.#writeIndexed(this.#changes.now, out, at)
      default:
        throw new Error(`no way ${way} to write a value`)
    }
  }

  #writeChanges(out: DataView, from: number): number {
    const changes = this.#changes
    const names = changes.fieldWords()
    let at = from
    out.setUint8(at++, OPEN)
    for (let i = 0; i < changes.count; i++) {
      if (i > 0) out.setUint8(at++, COMMA)
      at = copyWords(out, at, FIELD.words, 0, FIELD.length)
      at = copyWords(out, at, names, changes.fieldFrom[i]!, changes.fieldTo[i]!)
      out.setUint8(at++, QUOTE)
      at = this.#writeChangeValue(NEW, changes.now[i]!, out, at)
      at = this.#writeChangeValue(OLD, changes.old[i]!, out, at)
      out.setUint8(at++, 0x7d)
    }
    out.setUint8(at++, CLOSE)
    return at
  }

  #writeChangeValue(name: Piece, row: number, out: DataView, from: number): number {
    const changes = this.#changes
    if (changes.isAbsent(row)) return from
    let at = from
    out.setUint8(at++, COMMA)
    at = copyWords(out, at, name.words, 0, name.length)
    if (changes.hasText(row)) return writeScalar(this.#found, row, out, at)
    return copyWords(out, at, NULL.words, 0, NULL.length)
  }

  /** Whether `audit.change.*` has anything: a change whose values are the same has no part in it. */
  hasIndexed(way: number): boolean {
    const changes = this.#changes
    for (let i = 0; i < changes.count; i++) {
      if (changes.isSame(i)) continue
      if (way === HOW.changeFields) return true
      if (way === HOW.changeBefore && changes.hasText(changes.old[i]!)) return true
      if (way === HOW.changeAfter && changes.hasText(changes.now[i]!)) return true
    }
    return false
  }

  #writeChangeFields(out: DataView, from: number): number {
    const changes = this.#changes
    const names = changes.fieldWords()
    let at = from
    out.setUint8(at++, OPEN)
    for (let i = 0; i < changes.count; i++) {
      if (changes.isSame(i) || this.#isFieldBefore(i)) continue
      if (at > from + 1) out.setUint8(at++, COMMA)
      out.setUint8(at++, QUOTE)
      at = copyWords(out, at, names, changes.fieldFrom[i]!, changes.fieldTo[i]!)
      out.setUint8(at++, QUOTE)
    }
    out.setUint8(at++, CLOSE)
    return at
  }

  #isFieldBefore(change: number): boolean {
    const changes = this.#changes
    for (let i = 0; i < change; i++) {
      if (changes.isSame(i)) continue
      const same = this.#found.sameBytes(
        changes.fieldFrom[i]!,
        changes.fieldTo[i]!,
        changes.fieldFrom[change]!,
        changes.fieldTo[change]!,
      )
      if (same) return true
    }
    return false
  }

  #writeIndexed(rows: Int32Array, out: DataView, from: number): number {
    const found = this.#found
    const changes = this.#changes
    const names = changes.fieldWords()
    let at = from
    out.setUint8(at++, OPEN)
    for (let i = 0; i < changes.count; i++) {
      const row = rows[i]!
      if (changes.isSame(i) || !changes.hasText(row)) continue
      if (at > from + 1) out.setUint8(at++, COMMA)
      out.setUint8(at++, QUOTE)
      at = copyWords(out, at, names, changes.fieldFrom[i]!, changes.fieldTo[i]!)
      out.setUint8(at++, EQUALS)
      at = copyWords(out, at, found.words, found.from(row), found.to(row))
      out.setUint8(at++, QUOTE)
    }
    out.setUint8(at++, CLOSE)
    return at
  }
}
