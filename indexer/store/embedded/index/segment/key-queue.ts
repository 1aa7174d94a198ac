/**
 * Which of several dictionaries has the least key: a heap of their numbers. Most terms stand in one dictionary alone, and looking through the keys
 * of all at each of them took half the time of merging sixteen.
 */
export class KeyQueue {
  readonly #keys: Float64Array
  readonly #heap: Uint32Array
  #size = 0

  /** For so many dictionaries. */
  constructor(count: number) {
    this.#keys = new Float64Array(count)
    this.#heap = new Uint32Array(count)
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  /** The dictionary with the least key: the first of those that have it. */
  get first(): number {
    return this.#heap[0]!
  }

  get firstKey(): number {
    return this.#keys[this.#heap[0]!]!
  }

  add(dictionary: number, key: number): void {
    this.#keys[dictionary] = key
    let at = this.#size++
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#isBefore(dictionary, this.#heap[above]!)) break
      this.#heap[at] = this.#heap[above]!
      at = above
    }
    this.#heap[at] = dictionary
  }

  /** The first dictionary has come to its next key. */
  next(key: number): void {
    const first = this.#heap[0]!
    this.#keys[first] = key
    this.#sink(first)
  }

  /** The first dictionary has no more keys. */
  end(): void {
    this.#size--
    if (this.#size > 0) this.#sink(this.#heap[this.#size]!)
  }

  /** Puts this one in the place of the first, and down to where it belongs. */
  #sink(dictionary: number): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let below = at * 2 + 1
      if (below >= this.#size) break
      if (below + 1 < this.#size && this.#isBefore(heap[below + 1]!, heap[below]!)) below++
      if (!this.#isBefore(heap[below]!, dictionary)) break
      heap[at] = heap[below]!
      at = below
    }
    heap[at] = dictionary
  }

  #isBefore(one: number, other: number): boolean {
    const key = this.#keys[one]!
    const its = this.#keys[other]!
    return key < its || (key === its && one < other)
  }
}
