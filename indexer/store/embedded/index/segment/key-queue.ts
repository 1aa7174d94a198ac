/** Keys have 48 bits; a double has room for five more. */
const MOST_DICTIONARIES = 32

/**
 * Which of several dictionaries has the least key: a heap of keys, each with the number of its dictionary below, so that one comparison orders both. Most
 * terms stand in one dictionary alone, and looking through the keys of all at each of them took half the time of merging sixteen.
 */
export class KeyQueue {
  readonly #heap: Float64Array
  #size = 0
  first = 0
  /** Of the dictionary that is first. */
  firstKey = 0

  /** For so many dictionaries. */
  constructor(count: number) {
    if (count > MOST_DICTIONARIES) throw new Error(`${count} dictionaries are too many to merge at once`)
    this.#heap = new Float64Array(count)
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  add(dictionary: number, key: number): void {
    const heap = this.#heap
    const one = key * MOST_DICTIONARIES + dictionary
    let at = this.#size++
    while (at > 0) {
      const above = (at - 1) >> 1
      if (heap[above]! < one) break
      heap[at] = heap[above]!
      at = above
    }
    heap[at] = one
    this.#look()
  }

  /** The first dictionary has come to its next key. */
  next(key: number): void {
    this.#sink(key * MOST_DICTIONARIES + this.first)
  }

  /** The first dictionary has no more keys. */
  end(): void {
    this.#size--
    if (this.#size > 0) this.#sink(this.#heap[this.#size]!)
  }

  /** Puts this one in the place of the first, and down to where it belongs. */
  #sink(one: number): void {
    const heap = this.#heap
    const size = this.#size
    let at = 0
    for (let below = 1; below < size; below = at * 2 + 1) {
      let least = heap[below]!
      if (below + 1 < size && heap[below + 1]! < least) least = heap[++below]!
      if (least > one) break
      heap[at] = least
      at = below
    }
    heap[at] = one
    this.#look()
  }

  #look(): void {
    const least = this.#heap[0]!
    this.firstKey = Math.floor(least / MOST_DICTIONARIES)
    this.first = least - this.firstKey * MOST_DICTIONARIES
  }
}
