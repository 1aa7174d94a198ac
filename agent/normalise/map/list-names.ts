import { folded } from '../integration/integration.ts'
import type { Mapping } from '../integration/mapping.ts'
import type { ListStep } from '../integration/member-path.ts'
import type { ListSource } from '../integration/names.ts'
import { KEY_FROM, KEY_TO, KIND, ROW } from '../wasm/rows.ts'
import { sameFolded } from './name-table.ts'
import type { RecordRows } from './record-rows.ts'

const NONE = -1

type Step =
  | { readonly member: Uint8Array; readonly items?: undefined }
  | { readonly items: 'all' | { readonly member: Uint8Array; readonly text: string } }

interface Way extends Omit<ListSource, 'steps'> {
  readonly steps: readonly Step[]
  readonly countsEmpty: boolean
}

/** Resolves names with brackets: the rows of a record include the items of its lists. */
export class ListNames {
  readonly #found: RecordRows
  readonly #ways: readonly Way[]
  /** The rows that a path leads to. */
  readonly #rows: number[] = []

  constructor(found: RecordRows, { names }: Mapping) {
    this.#found = found
    this.#ways = names.inLists.map((way) => ({
      ...way,
      steps: way.steps.map(stepOver),
      countsEmpty: names.emptyCounts[way.source]!,
    }))
  }

  take(): void {
    for (let i = 0; i < this.#ways.length; i++) this.#takeOne(this.#ways[i]!)
  }

  #takeOne(way: Way): void {
    const found = this.#found
    const list = found.hit(way.list)
    if (list === NONE || found.kind(list) !== KIND.array) return
    const rows = this.#rows
    while (rows.length > 0) rows.pop()
    this.#walk(way, list, 0)
    if (rows.length === 1) found.point(way.source, rows[0]!)
    // Nested lists become one list.
    else if (rows.length > 1)
      found.pointTo(
        way.source,
        rows.flatMap((row) => found.value(row)),
      )
  }

  /** Returns whether the search is over: a source with a single value has found it. */
  #walk(way: Way, row: number, at: number): boolean {
    const found = this.#found
    const step = way.steps[at]
    if (step === undefined) return this.#reach(way, row)
    if (step.items === undefined) {
      const member = this.#member(row, step.member)
      return member !== NONE && this.#walk(way, member, at + 1)
    }
    if (found.kind(row) !== KIND.array) return false
    const { items } = step
    const end = found.next(row)
    for (let item = row + ROW; item < end; item = found.next(item)) {
      if (items !== 'all' && !this.#says(item, items)) continue
      if (this.#walk(way, item, at + 1)) return true
    }
    return false
  }

  #reach({ isMany, countsEmpty }: Way, row: number): boolean {
    const found = this.#found
    const isEmptyList = found.kind(row) === KIND.array && row + ROW === found.next(row)
    if (!countsEmpty && (isEmptyList || found.isEmpty(row))) return false
    this.#rows.push(row)
    return !isMany
  }

  #says(item: number, { member, text }: { readonly member: Uint8Array; readonly text: string }): boolean {
    const row = this.#member(item, member)
    return row !== NONE && this.#found.isScalar(row) && folded(this.#found.text(row)) === text
  }

  #member(object: number, name: Uint8Array): number {
    const found = this.#found
    if (found.kind(object) !== KIND.object) return NONE
    const { rows, bytes } = found
    const end = found.next(object)
    for (let row = object + ROW; row < end; row = found.next(row))
      if (sameFolded(name, bytes, rows[row + KEY_FROM]!, rows[row + KEY_TO]!)) return row
    return NONE
  }
}

function stepOver(step: ListStep): Step {
  if (step.items === undefined) return { member: Buffer.from(step.member) }
  const { items } = step
  return { items: items === 'all' ? items : { ...items, member: Buffer.from(items.member) } }
}
