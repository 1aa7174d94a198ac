/** The number of documents in each bucket, by the bucket's number. */
export interface Counts {
  /** The number of buckets with documents. */
  readonly size: number
  get(number: number): number
  each(visit: (number: number, count: number) => void): void
}

/** Numbers are given one after the other, so an array holds the counts of millions. */
export class DenseCounts implements Counts {
  #counts = new Float64Array(256)
  size = 0

  add(number: number, count: number): void {
    if (number >= this.#counts.length) {
      const wider = new Float64Array(Math.max(number + 1, this.#counts.length * 2))
      wider.set(this.#counts)
      this.#counts = wider
    }
    const before = this.#counts[number]!
    if (before === 0) this.size++
    this.#counts[number] = before + count
  }

  get(number: number): number {
    return this.#counts[number] ?? 0
  }

  each(visit: (number: number, count: number) => void): void {
    const counts = this.#counts
    for (let number = 0; number < counts.length; number++)
      if (counts[number] !== 0) visit(number, counts[number]!)
  }
}

/** For few of many numbers. */
export class SparseCounts implements Counts {
  readonly #counts = new Map<number, number>()

  get size(): number {
    return this.#counts.size
  }

  has(number: number): boolean {
    return this.#counts.has(number)
  }

  add(number: number, count: number): void {
    this.#counts.set(number, (this.#counts.get(number) ?? 0) + count)
  }

  get(number: number): number {
    return this.#counts.get(number) ?? 0
  }

  each(visit: (number: number, count: number) => void): void {
    for (const [number, count] of this.#counts) visit(number, count)
  }
}

/** The `most` numbers with the greatest counts, the greatest first; `compare` settles the order of equals. */
export function greatestOf(
  counts: Counts,
  most: number,
  compare: (a: number, b: number) => number,
): number[] {
  return firstOf(counts, most, (a, b) => counts.get(b) - counts.get(a) || compare(a, b))
}

/** The `most` numbers that come first in an order. */
export function firstOf(counts: Counts, most: number, order: (a: number, b: number) => number): number[] {
  // A heap with the last of the chosen on top.
  const heap: number[] = []
  const sink = (from: number): void => {
    const one = heap[from]!
    let at = from
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && order(heap[child + 1]!, heap[child]!) > 0) child++
      if (order(heap[child]!, one) <= 0) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = one
  }
  counts.each((number) => {
    if (heap.length < most) {
      heap.push(number)
      if (heap.length < most) return
      for (let at = (most >> 1) - 1; at >= 0; at--) sink(at)
    } else {
      if (order(number, heap[0]!) >= 0) return
      heap[0] = number
      sink(0)
    }
  })
  return heap.sort(order)
}
