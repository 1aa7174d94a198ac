/** A stored line, as far as its place matters. */
export interface Placed {
  readonly position: number
  /** Its leaf hash. */
  readonly leaf: Buffer
}

/** How the lines of a waybill differ from what was sealed. */
export interface Differences<Line extends Placed> {
  /** A sealed line has another content now. */
  readonly changed: readonly { readonly position: number; readonly line: Line }[]
  /** Two lines have each other's place. */
  readonly swapped: readonly (readonly [Line, Line])[]
  /** A sealed line lies at another place of the waybill, and not because lines before it are missing or new. */
  readonly moved: readonly { readonly from: number; readonly line: Line }[]
  /** A line that was not sealed. */
  readonly inserted: readonly Line[]
  /** Positions of sealed lines that are not there. */
  readonly missing: readonly number[]
}

/**
 * Compares the stored lines of a waybill with its sealed leaf hashes. A line that is missing or new shifts the lines behind it, so lines
 * are known by their hashes first and by their positions second.
 */
export function differencesOf<Line extends Placed>(
  sealed: readonly Buffer[],
  lines: readonly Line[],
): Differences<Line> {
  const found = lines.toSorted((a, b) => a.position - b.position)
  /** The sealed position of each found line; -1 if it was not sealed. */
  const sealedAt = new Int32Array(found.length).fill(-1)
  const taken = new Set<number>()
  for (const [index, { position, leaf }] of found.entries()) {
    if (taken.has(position) || sealed[position]?.equals(leaf) !== true) continue
    sealedAt[index] = position
    taken.add(position)
  }
  const free = new Map<string, number[]>()
  for (const [position, leaf] of sealed.entries()) {
    if (taken.has(position)) continue
    const key = leaf.toString('latin1')
    const places = free.get(key)
    if (places === undefined) free.set(key, [position])
    else places.push(position)
  }
  for (const [index, { leaf }] of found.entries()) {
    if (sealedAt[index] !== -1) continue
    const position = free.get(leaf.toString('latin1'))?.shift()
    if (position === undefined) continue
    sealedAt[index] = position
    taken.add(position)
  }
  const swapped: (readonly [Line, Line])[] = []
  const inSwap = new Set<number>()
  const displaced = new Map<number, number>()
  for (const [index, { position }] of found.entries())
    if (sealedAt[index] !== -1 && sealedAt[index] !== position) displaced.set(position, index)
  for (const [position, index] of displaced) {
    const other = displaced.get(sealedAt[index]!)
    if (other === undefined || other <= index || sealedAt[other] !== position) continue
    swapped.push([found[index]!, found[other]!])
    inSwap.add(index).add(other)
  }
  const inOrder = longestAscent(
    found.flatMap((_, index) => (sealedAt[index] === -1 || inSwap.has(index) ? [] : [index])),
    (index) => sealedAt[index]!,
  )
  const moved: { from: number; line: Line }[] = []
  for (const [index, line] of found.entries())
    if (sealedAt[index] !== -1 && !inSwap.has(index) && !inOrder.has(index))
      moved.push({ from: sealedAt[index]!, line })
  const open = new Set(sealed.keys())
  for (const position of taken) open.delete(position)
  const changed: { position: number; line: Line }[] = []
  const inserted: Line[] = []
  let below = -1
  for (const [index, line] of found.entries()) {
    if (sealedAt[index] !== -1) {
      if (inOrder.has(index)) below = sealedAt[index]!
      continue
    }
    let above = sealed.length
    for (let next = index + 1; next < found.length; next++) {
      if (!inOrder.has(next)) continue
      above = sealedAt[next]!
      break
    }
    const position = open.has(line.position) ? line.position : firstBetween(open, below, above)
    if (position === undefined) inserted.push(line)
    else {
      open.delete(position)
      changed.push({ position, line })
    }
  }
  return { changed, swapped, moved, inserted, missing: [...open].sort((a, b) => a - b) }
}

function firstBetween(open: ReadonlySet<number>, below: number, above: number): number | undefined {
  for (let position = below + 1; position < above; position++) if (open.has(position)) return position
  return undefined
}

/** The largest set of these items, in their order, whose places ascend. */
function longestAscent(items: readonly number[], placeOf: (item: number) => number): ReadonlySet<number> {
  const ends: number[] = []
  const before = new Map<number, number | undefined>()
  for (const item of items) {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (placeOf(ends[middle]!) < placeOf(item)) low = middle + 1
      else high = middle
    }
    before.set(item, low === 0 ? undefined : ends[low - 1])
    ends[low] = item
  }
  const chosen = new Set<number>()
  for (let item = ends.at(-1); item !== undefined; item = before.get(item)) chosen.add(item)
  return chosen
}
