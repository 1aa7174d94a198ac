/**
 * Chooses the segments to merge. It merges as soon as there are sixteen of about one size, so that each document is rewritten once a size
 * (by sixteens), and searches open few segments. A segment beyond half a million documents stays as it is: merging it again would cost more
 * than it saves.
 */
const FAN = 16
const MOST_DOCS = 500_000

/** The number of waiting segments at which merging is hopelessly behind. */
export const TOO_MANY_SEGMENTS = 64

interface Sized {
  readonly id: number
  readonly docs: number
}

/**
 * Chooses the last merges of a partition that receives no more events, until few segments are left. Otherwise most questions would have to
 * read fifteen segments of each size for good.
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
