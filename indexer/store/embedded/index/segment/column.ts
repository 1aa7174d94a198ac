import { float64s, uint16s, uint32s } from './codec.ts'
import type { Source } from './source.ts'

export type Numbers = Float64Array | Uint32Array | Uint16Array | Uint8Array

const COLUMN_PAGE_BITS = 11
export const COLUMN_PAGE = 1 << COLUMN_PAGE_BITS
const COLUMN_PAGES_KEPT = 4

/** One value a document, read a page at a time. */
export class Column {
  readonly #read: (from: number, to: number) => Numbers
  readonly #docs: number
  #page = -1
  #values: Numbers = new Uint32Array(0)
  readonly #kept = new Map<number, Numbers>()

  /** `read` reads the values of the documents from `from` up to but without `to`. */
  constructor(read: (from: number, to: number) => Numbers, docs: number) {
    this.#read = read
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

  /** Releases what it has read. */
  forget(): void {
    this.#page = -1
    this.#values = new Uint32Array(0)
    this.#kept.clear()
  }

  slice(from: number, to: number): Numbers {
    return this.#read(from, to)
  }
}

/** A column that lies as numbers of a fixed width, one behind the other. */
export function plainColumn(source: Source, offset: number, width: 1 | 2 | 4 | 8, docs: number): Column {
  return new Column((from, to) => {
    const bytes = source.read(offset + from * width, (to - from) * width)
    switch (width) {
      case 8:
        return float64s(bytes)
      case 4:
        return uint32s(bytes)
      case 2:
        return uint16s(bytes)
      case 1:
        return bytes
    }
  }, docs)
}
