import { HELD, HELD_KINDS } from '../layout.ts'
import type { NewDocs } from './build.ts'
import { type HeldColumn, heldNumber, numberColumn, TextNumbers } from './held-column.ts'

/** Makes the columns of a new segment out of its documents' values. Its room is used again. */
export class Holder {
  readonly #texts = new TextNumbers()
  readonly #used = new Uint32Array(HELD.length)
  #places = new Uint32Array(1024)

  /** Null where not all values are numbers, or addresses of four bytes. */
  #numbers({ held }: NewDocs, field: number, places: Uint32Array): HeldColumn | null {
    const kind = HELD_KINDS[field]!
    if (kind === 'texts') return null
    const numbers = new Float64Array(places.length).fill(Number.NaN)
    for (let doc = 0; doc < places.length; doc++) {
      const place = places[doc]! - 1
      if (place === -1) continue
      const number = heldNumber(kind, held.bytes, held.startOf(place), held.ends[place]!)
      if (Number.isNaN(number)) return null
      numbers[doc] = number
    }
    return numberColumn(numbers)
  }

  /** Each column in turn, valid until the next is asked for. Fields that no document has make none. */
  *columns(docs: NewDocs, order: Uint32Array): Generator<readonly [field: number, column: HeldColumn]> {
    const count = order.length
    const needed = count * HELD.length
    if (this.#places.length < needed) this.#places = new Uint32Array(Math.ceil(needed * 1.25))
    const places = this.#places
    places.fill(0, 0, needed)
    this.#used.fill(0)
    // Where each document's value of each field stands in its list, and 1.
    for (let doc = 0; doc < count; doc++) {
      const from = order[doc]!
      const { columns } = docs.held
      for (let i = docs.heldStarts[from]!, end = docs.heldEnds[from]!; i < end; i++) {
        const field = columns[i]!
        this.#used[field] = 1
        places[field * count + doc] = i + 1
      }
    }
    for (let field = 0; field < HELD.length; field++) {
      if (this.#used[field] === 0) continue
      const own = places.subarray(field * count, (field + 1) * count)
      yield [field, this.#numbers(docs, field, own) ?? this.#textsOf(docs, own)]
    }
  }

  #textsOf({ held }: NewDocs, places: Uint32Array): HeldColumn {
    const texts = this.#texts
    texts.clear()
    const ordinals = new Uint32Array(places.length)
    for (let doc = 0; doc < places.length; doc++) {
      const place = places[doc]! - 1
      if (place === -1) continue
      ordinals[doc] = texts.of(held.hashes[place]!, held.bytes, held.startOf(place), held.ends[place]!)
    }
    return texts.column(ordinals)
  }
}
