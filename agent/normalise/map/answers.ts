import type { Asked } from '../integration/condition.ts'
import { LEAVES } from '../integration/layout.ts'
import { scalarText } from '../integration/members.ts'
import { ROW } from '../wasm/rows.ts'
import type { ChangeRows } from './change-rows.ts'
import type { RecordRows } from './record-rows.ts'
import { changeTextsOf, HOW, type Values } from './values.ts'

interface Known {
  record: number
  from: number
  to: number
  text: string
}

const BRACKET = 0x5b

/** Answers the questions of conditions about the current record. */
export class Answers implements Asked {
  /** The last requested text of the current record by leaf, with its place. Several conditions ask for the same text. */
  readonly #asked: readonly Known[] = LEAVES.map(() => ({ record: 0, from: 0, to: 0, text: '' }))
  #record = 0
  readonly #found: RecordRows
  readonly #values: Values
  readonly #changes: ChangeRows

  constructor(found: RecordRows, values: Values, changes: ChangeRows) {
    this.#found = found
    this.#values = values
    this.#changes = changes
  }

  /** Begins a new record. */
  begin(): void {
    this.#record++
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
      case HOW.json:
        return values.hasText(leaf) ? this.text(leaf) : this.texts(leaf)[0]
      case HOW.single:
        return this.#found.text(values.from[leaf]! >> 2)
      case HOW.list: {
        const item = (values.from[leaf]! >> 2) + ROW
        return this.#found.text(item)
      }
      default: {
        const of = changeTextsOf(values.how[leaf]!)
        return of === undefined ? undefined : this.#changes.texts(of)[0]
      }
    }
  }

  /** Returns the items of a list. */
  texts(leaf: number): readonly string[] {
    const found = this.#found
    const values = this.#values
    const from = values.from[leaf]!
    switch (values.how[leaf]) {
      case HOW.single:
        return [found.text(from >> 2)]
      case HOW.list: {
        const texts: string[] = []
        const end = found.next(from >> 2)
        for (let item = (from >> 2) + ROW; item < end; item = found.next(item)) texts.push(found.text(item))
        return texts
      }
      case HOW.json: {
        if (found.bytes[from] !== BRACKET) return []
        const list: readonly unknown[] = JSON.parse(found.bytes.toString('utf8', from, values.to[leaf]!))
        return list.flatMap((item) => scalarText(item) ?? [])
      }
      default:
        return []
    }
  }

  /** Returns the text of a field that has a value. */
  text(leaf: number): string {
    const from = this.#values.textFrom(leaf)
    const to = this.#values.textTo(leaf)
    const known = this.#asked[leaf]!
    if (known.record === this.#record && known.from === from && known.to === to) return known.text
    const text = this.#found.jsonTextAt(from, to)
    known.record = this.#record
    known.from = from
    known.to = to
    known.text = text
    return text
  }
}
