/** The first of a list in an order, without sorting the rest. */
export function firstOf(
  numbers: Iterable<number>,
  most: number,
  compare: (a: number, b: number) => number,
): number[] {
  // A heap with the last of the chosen on top.
  const heap: number[] = []
  const sink = (from: number): void => {
    const one = heap[from]!
    let at = from
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && compare(heap[child + 1]!, heap[child]!) > 0) child++
      if (compare(heap[child]!, one) <= 0) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = one
  }
  for (const number of numbers) {
    if (heap.length < most) {
      heap.push(number)
      if (heap.length === most) for (let at = (most >> 1) - 1; at >= 0; at--) sink(at)
    } else if (most > 0 && compare(number, heap[0]!) < 0) {
      heap[0] = number
      sink(0)
    }
  }
  return heap.sort(compare)
}
