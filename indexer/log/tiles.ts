import { HASH_BYTES } from '../../schema/index.ts'

/**
 * The files of a log, as c2sp.org/tlog-tiles lays them out: tiles of 256 hashes at each level, and bundles of 256 entries. The last of each
 * may be partial: its width is in its name, so no file ever changes.
 */
export const TILE = 256
/** Bits of a tile's height. */
export const HEIGHT = 8
/** A length in a bundle has two bytes. */
const MOST_ENTRY_BYTES = 0xffff

export const CHECKPOINT = 'checkpoint'

export interface TileName {
  readonly level: number | 'entries'
  /** Its number within the level. */
  readonly index: number
  /** How many hashes or entries it has: 256, or fewer if it is partial. */
  readonly width: number
}

export function tilePath({ level, index, width }: TileName): string {
  const groups: string[] = []
  let rest = index
  do {
    groups.unshift(String(rest % 1000).padStart(3, '0'))
    rest = Math.floor(rest / 1000)
  } while (rest > 0)
  const number = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${number}${width === TILE ? '' : `.p/${width}`}`
}

const PATH = /^tile\/(entries|0|[1-5]?\d|6[0-3])\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** Reads the path of a tile; null if it is none. */
export function readTilePath(path: string): TileName | null {
  const [, level, number, width] = PATH.exec(path) ?? []
  if (level === undefined || number === undefined) return null
  const index = Number(number.replace(/[x/]/g, ''))
  const name: TileName = {
    level: level === 'entries' ? level : Number(level),
    index,
    width: width === undefined ? TILE : Number(width),
  }
  // Only one way to write each: without leading zeroes and groups of them.
  return tilePath(name) === path ? name : null
}

/** The hashes that a level of a tree of this size has. */
export const hashesAt = (level: number, size: number): number => Math.floor(size / TILE ** level)

/** The widths of a level's tiles in a tree of this size: the number of full ones, and the width of the partial one after them. */
export function widthOf(level: number | 'entries', index: number, size: number): number {
  const hashes = hashesAt(level === 'entries' ? 0 : level, size)
  return Math.max(0, Math.min(TILE, hashes - index * TILE))
}

/** All tiles of hashes of a tree of this size, level by level. */
export function* tilesOf(size: number): Generator<TileName> {
  for (let level = 0; hashesAt(level, size) > 0; level++)
    for (let index = 0; index * TILE < hashesAt(level, size); index++)
      yield { level, index, width: widthOf(level, index, size) }
}

export function bundleOf(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      if (entry.length > MOST_ENTRY_BYTES)
        throw new Error(`an entry of ${entry.length} bytes is too long for the log`)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(entry.length)
      return [length, entry]
    }),
  )
}

/** The entries of a bundle, as views; null if it is not one of this many entries. */
export function entriesOf(bundle: Buffer, count: number): Buffer[] | null {
  const entries: Buffer[] = []
  let at = 0
  while (at < bundle.length) {
    if (at + 2 > bundle.length) return null
    const end = at + 2 + bundle.readUInt16BE(at)
    if (end > bundle.length) return null
    entries.push(bundle.subarray(at + 2, end))
    at = end
  }
  return entries.length === count ? entries : null
}

export const hashAt = (tile: Buffer, index: number): Buffer =>
  tile.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
