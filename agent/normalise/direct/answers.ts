import type { Asked } from '../condition.ts'
import type { KeyPart } from '../mapping.ts'
import type { ChangeRows } from './change-rows.ts'
import type { Found } from './found.ts'
import { ROW } from './rows.ts'
import { hasEscape } from './texts.ts'
import { HOW, type Values } from './values.ts'

const CHANGE_TEXTS: ReadonlyMap<number, 'fields' | 'before' | 'after'> = new Map([
  [HOW.changeFields, 'fields'],
  [HOW.changeBefore, 'before'],
  [HOW.changeAfter, 'after'],
])

/** What conditions ask of the record at hand; where it can't be said, it is unsure. */
export class Answers implements Asked {
  isUnsure = false
  readonly #found: Found
  readonly #values: Values
  readonly #changes: ChangeRows

  constructor(found: Found, values: Values, changes: ChangeRows) {
    this.#found = found
    this.#values = values
    this.#changes = changes
  }

  member(source: number): string | undefined {
    const row = this.#found.hit(source)
    return row === -1 || !this.#found.isScalar(row) ? undefined : this.#found.text(row)
  }

  field(leaf: number): string | undefined {
    const values = this.#values
    switch (values.how[leaf]) {
      case HOW.absent:
        return undefined
      case HOW.text:
      case HOW.quoted:
      case HOW.json: {
        if (!values.hasText(leaf)) {
          if (this.#found.bytes[values.from[leaf]!] === 0x5b) this.isUnsure = true
          return undefined
        }
        const from = values.textFrom(leaf)
        const to = values.textTo(leaf)
        return this.#found.textAt(from, to, hasEscape(this.#found.bytes, from, to))
      }
      case HOW.single:
        return this.#found.text(values.from[leaf]! >> 2)
      case HOW.list: {
        const item = (values.from[leaf]! >> 2) + ROW
        return this.#found.text(item)
      }
      case HOW.changeFields:
      case HOW.changeBefore:
      case HOW.changeAfter:
        return this.#changes.texts(CHANGE_TEXTS.get(values.how[leaf]!)!)[0]
      default:
        this.isUnsure = true
        return undefined
    }
  }

  /** As `record.ts` has it: null where the record lacks a part of its key. */
  key(parts: readonly KeyPart[]): string[] | null {
    const key: string[] = []
    for (const { sources, leaf } of parts) {
      if (leaf !== null) {
        const how = this.#values.how[leaf]
        const of = CHANGE_TEXTS.get(how!)
        if (of !== undefined) {
          key.push(this.#changes.texts(of).join('\n'))
          continue
        }
        // Of a list every item counts.
        if (how === HOW.list || how === HOW.single || (how === HOW.json && !this.#values.hasText(leaf)))
          this.isUnsure = true
        key.push(this.field(leaf) ?? '')
        continue
      }
      let text: string | undefined
      for (const source of sources) {
        text = this.member(source)
        if (text !== undefined) break
      }
      if (text === undefined) return null
      key.push(text)
    }
    return key.length > 0 && key.every((text) => text === '') ? null : key
  }
}
