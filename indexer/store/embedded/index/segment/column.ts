import { float64s, uint16s, uint32s } from './codec.ts'
import type { Source } from './source.ts'

export type Numbers = Float64Array | Uint32Array | Uint16Array | Uint8Array

const COLUMN_PAGE_BITS = 11
const COLUMN_PAGES_KEPT = 4

/** One value a document, read a page at a time. */
export class Column {
  readonly #source: Source
  readonly #offset: number
  readonly #width: 1 | 2 | 4 | 8
  readonly #docs: number
  #page = -1
  #values: Numbers = new Uint32Array(0)
  readonly #kept = new Map<number, Numbers>()

  constructor(source: Source, offset: number, width: 1 | 2 | 4 | 8, docs: number) {
    this.#source = source
    this.#offset = offset
    this.#width = width
    this.#docs = docs
  }

  at(doc: number): number {
    const page = doc >>> COLUMN_PAGE_BITS
    if (page !== this.#page) this.#turnTo(page)
    return this.#values[doc & ((1 << COLUMN_PAGE_BITS) - 1)]!
  }

  #turnTo(page: number): void {
    let values = this.#kept.get(page)
    if (values === undefined) {
      const first = page << COLUMN_PAGE_BITS
      values = this.slice(first, Math.min(this.#docs, first + (1 << COLUMN_PAGE_BITS)))
      if (this.#kept.size >= COLUMN_PAGES_KEPT) {
        const oldest = this.#kept.keys().next()
        if (oldest.done !== true) this.#kept.delete(oldest.value)
      }
      this.#kept.set(page, values)
    }
    this.#page = page
    this.#values = values
  }

  /** Lets go of what it has read. */
  forget(): void {
    this.#page = -1
    this.#values = new Uint32Array(0)
    this.#kept.clear()
  }

  slice(from: number, to: number): Numbers {
    const bytes = this.#source.read(this.#offset + from * this.#width, (to - from) * this.#width)
    switch (this.#width) {
      case 8:
        return float64s(bytes)
      case 4:
        return uint32s(bytes)
      case 2:
        return uint16s(bytes)
      case 1:
        return bytes
    }
  }
}
