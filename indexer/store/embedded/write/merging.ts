/**
 * Which segments are merged when: as soon as sixteen of about a size are there, so that each document is written anew once a
 * size (by sixteens), and few segments are left to look into. Beyond half a million documents a segment stays as it is: merging it
 * again would cost more than it spares.
 */
const FAN = 16
const MOST_DOCS = 500_000

/** Merging is hopelessly behind when so many wait. */
export const TOO_MANY_SEGMENTS = 64

interface Sized {
  readonly id: number
  readonly docs: number
}

/**
 * What is left of a partition to which nothing comes any more: it is merged until few segments are left. Fifteen of each size, for
 * good, would be what most questions go through.
 */
export function lastMerge(segments: readonly Sized[]): number[] | null {
  const chosen: number[] = []
  let docs = 0
  for (const segment of segments.toSorted((a, b) => a.docs - b.docs)) {
    if (docs + segment.docs > MOST_DOCS || chosen.length === FAN) break
    chosen.push(segment.id)
    docs += segment.docs
  }
  return chosen.length > 1 ? chosen : null
}

export function nextMerge(segments: readonly Sized[]): number[] | null {
  const sizes = new Map<number, Sized[]>()
  for (const segment of segments) {
    const size = Math.floor(Math.log2(Math.max(1, segment.docs)) / 4)
    const same = sizes.get(size) ?? []
    same.push(segment)
    sizes.set(size, same)
  }
  for (const size of [...sizes.keys()].sort((a, b) => a - b)) {
    const same = sizes.get(size)!
    const chosen: number[] = []
    let docs = 0
    for (const segment of same) {
      if (docs + segment.docs > MOST_DOCS || chosen.length === FAN) break
      chosen.push(segment.id)
      docs += segment.docs
    }
    if (same.length >= FAN && chosen.length > 1) return chosen
  }
  return null
}
