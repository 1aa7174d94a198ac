/** What a column asks for, px. */
export interface Wish {
  /** The width at which nothing of its content is cut off. */
  readonly natural: number
  readonly least: number
  /** A column of weight 2 is cut off only down to twice the common width. */
  readonly weight: number
  /** The width that the reader gave it; null if it follows its content. */
  readonly chosen: number | null
}

/**
 * Distributes the room of a table among its columns. A column gets what its content needs. Where there is too little room for all, the
 * widest columns give way first, down to one common width, each by its weight: no column is cut off while another has more than it needs. The room that is left
 * over goes to the last column that has no chosen width. The columns take more than the room only if their least widths do.
 */
export function distribute(wishes: readonly Wish[], room: number): number[] {
  const flexible = wishes.filter(({ chosen }) => chosen === null)
  const free = room - wishes.reduce((sum, { chosen }) => sum + (chosen ?? 0), 0)
  const level = levelOf(flexible, free)
  const widths = wishes.map((wish) => wish.chosen ?? widthAt(wish, level))
  const left = Math.floor(room - widths.reduce((sum, width) => sum + width, 0))
  const last = wishes.findLastIndex(({ chosen }) => chosen === null)
  if (left > 0 && last !== -1) widths[last] = (widths[last] ?? 0) + left
  return widths
}

const widthAt = ({ natural, least, weight }: Wish, level: number): number =>
  Math.max(least, Math.floor(Math.min(natural, level * weight)))

/** The greatest common bound at which the columns fit into the room. */
function levelOf(wishes: readonly Wish[], room: number): number {
  const sumAt = (level: number): number => wishes.reduce((sum, wish) => sum + widthAt(wish, level), 0)
  const most = Math.max(0, ...wishes.map(({ natural, weight }) => natural / weight))
  if (sumAt(most) <= room) return most
  let [low, high] = [0, Math.ceil(most)]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (sumAt(middle) <= room) low = middle
    else high = middle
  }
  return low
}
