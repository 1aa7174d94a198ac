import type { Source } from './source.ts'

/** The pages of a dictionary: the first key, the offset and the length of each. */
export interface TermPages {
  readonly keys: Float64Array
  readonly offsets: Float64Array
  readonly lengths: Uint32Array
}

/** The pages of a dictionary, by the first key of each. */
export class PageDirectory {
  readonly count: number
  readonly #source: Source
  readonly #load: () => TermPages
  #pages: TermPages | null = null

  constructor(source: Source, count: number, load: () => TermPages) {
    this.count = count
    this.#source = source
    this.#load = load
  }

  /** Releases what it has read. */
  forget(): void {
    this.#pages = null
  }

  #read(): TermPages {
    this.#pages ??= this.#load()
    return this.#pages
  }

  get firstKeys(): Float64Array {
    return this.#read().keys
  }

  firstKey(page: number): number {
    return this.#read().keys[page]!
  }

  page(page: number): Buffer {
    const { offsets, lengths } = this.#read()
    return this.#source.read(offsets[page]!, lengths[page]!)
  }

  /** The last page whose first key is not above this one; -1 where all are. */
  pageOf(key: number): number {
    const { keys } = this.#read()
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (keys[middle]! <= key) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
