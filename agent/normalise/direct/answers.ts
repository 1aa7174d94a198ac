import type { Asked } from '../condition.ts'
import type { ChangeRows } from './change-rows.ts'
import { changeTextsOf } from './change-texts.ts'
import type { Found } from './found.ts'
import { ROW } from './rows.ts'
import { hasEscape } from './texts.ts'
import { HOW, type Values } from './values.ts'

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
      default: {
        const of = changeTextsOf(values.how[leaf]!)
        if (of !== undefined) return this.#changes.texts(of)[0]
        this.isUnsure = true
        return undefined
      }
    }
  }
}
