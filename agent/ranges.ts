/** A range of bytes of a source. */
export type Range = readonly [from: number, to: number]

/** Returns the end of the ranges that continue from a place without a gap. */
export function reachOf(place: number, ranges: readonly Range[]): number {
  let at = place
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from > at) break
    at = Math.max(at, to)
  }
  return at
}

/** Adds a range; the result is ordered and disjoint. */
export function withRange(ranges: readonly Range[], more: Range): readonly Range[] {
  const before = ranges.filter(([, to]) => to < more[0])
  const after = ranges.filter(([from]) => from > more[1])
  const touching = ranges.slice(before.length, ranges.length - after.length)
  const joined: Range = [
    Math.min(more[0], ...touching.map(([from]) => from)),
    Math.max(more[1], ...touching.map(([, to]) => to)),
  ]
  return [...before, joined, ...after]
}
