import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, HASH_BYTES, leafHash, merkleRoot, verifyInclusion } from '../../schema/index.ts'
import { CHECKPOINT, entriesOf, HEIGHT, hashAt, TILE, tilePath, widthOf } from './tiles.ts'
import { consistencyPath, inclusionPath, type Perfect, rangeHash, verifyConsistency } from './tree.ts'

/** Reads a file of a log by its path within the log; null if there is none. A folder, a web server or an archive can be behind it. */
export type ReadLogFile = (path: string) => Promise<Buffer | null>

export const logFolder =
  (folder: string): ReadLogFile =>
  async (path) => {
    try {
      return await readFile(join(folder, path))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    }
  }

/** Files of a log are missing, or contradict each other. */
export class LogDamagedError extends Error {
  override name = 'LogDamagedError'
  /** The file, by its path within the log. */
  readonly path: string

  constructor(path: string, sentence: string) {
    super(sentence)
    this.path = path
  }
}

/** Enough for the tiles of several proofs in a log of any size. */
const TILES_KEPT = 64

/**
 * Reads a log in the public layout. `size` is everywhere the size of a checkpoint that the caller trusts. Proofs are checked against
 * the root before they are given away, so damaged tiles can't make a wrong proof.
 */
export class LogReader {
  readonly #read: ReadLogFile
  readonly #tiles = new Map<string, Promise<Buffer>>()

  constructor(read: ReadLogFile) {
    this.#read = read
  }

  /** The newest checkpoint as it is published: a signed note. */
  async checkpoint(): Promise<string | null> {
    return (await this.#read(CHECKPOINT))?.toString('utf8') ?? null
  }

  /** Another file of the log, such as a note that changes its keys. */
  file(path: string): Promise<Buffer | null> {
    return this.#read(path)
  }

  /** The entries from `from` to before `to`, in their order. */
  async *entries(from: number, to: number, size: number = to): AsyncGenerator<Buffer, void, undefined> {
    for (let index = Math.floor(from / TILE); index * TILE < to; index++) {
      const bundle = await this.bundle(index, size)
      yield* bundle.slice(Math.max(0, from - index * TILE), to - index * TILE)
    }
  }

  async entry(index: number, size: number): Promise<Buffer> {
    const bundle = await this.bundle(Math.floor(index / TILE), size)
    return bundle[index % TILE]!
  }

  /** A bundle of entries, as far as they belong to a log of this size. */
  async bundle(index: number, size: number): Promise<Buffer[]> {
    const width = widthOf('entries', index, size)
    const { bytes, width: read } = await this.#widest('entries', index, width)
    const entries = entriesOf(bytes, read)
    if (entries === null) {
      const path = tilePath({ level: 'entries', index, width: read })
      throw new LogDamagedError(path, `${path} does not hold ${read} entries`)
    }
    return entries.slice(0, width)
  }

  /** A tile of hashes, as far as they belong to a log of this size. */
  async tile(level: number, index: number, size: number): Promise<Buffer> {
    const width = widthOf(level, index, size)
    const key = tilePath({ level, index, width })
    let found = this.#tiles.get(key)
    if (found !== undefined) this.#tiles.delete(key)
    else {
      found = this.#hashes(level, index, width)
      found.catch(() => this.#tiles.delete(key))
    }
    this.#tiles.set(key, found)
    if (this.#tiles.size > TILES_KEPT)
      for (const [oldest] of this.#tiles.entries().take(1)) this.#tiles.delete(oldest)
    return found
  }

  async #hashes(level: number, index: number, width: number): Promise<Buffer> {
    const { bytes, width: read } = await this.#widest(level, index, width)
    if (bytes.length !== read * HASH_BYTES) {
      const path = tilePath({ level, index, width: read })
      throw new LogDamagedError(path, `${path} has ${bytes.length} bytes instead of ${read * HASH_BYTES}`)
    }
    return bytes.subarray(0, width * HASH_BYTES)
  }

  /** A partial file goes away when the full one is there. */
  async #widest(
    level: number | 'entries',
    index: number,
    width: number,
  ): Promise<{ bytes: Buffer; width: number }> {
    if (width === 0) throw new RangeError(`no tile ${index} at level ${level} in a log of this size`)
    for (const one of width === TILE ? [TILE] : [width, TILE]) {
      const bytes = await this.#read(tilePath({ level, index, width: one }))
      if (bytes !== null) return { bytes, width: one }
    }
    const path = tilePath({ level, index, width })
    throw new LogDamagedError(path, `${path} is missing from the log`)
  }

  #perfect(size: number): Perfect {
    return async (level, index) => {
      const at = Math.floor(level / HEIGHT)
      const count = 2 ** (level % HEIGHT)
      const first = index * count
      const tile = await this.tile(at, Math.floor(first / TILE), size)
      const start = (first % TILE) * HASH_BYTES
      return count === 1
        ? hashAt(tile, first % TILE)
        : merkleRoot(tile.subarray(start, start + count * HASH_BYTES))
    }
  }

  /** The root over the first `size` entries, by the tiles. */
  root(size: number): Promise<Buffer> {
    return rangeHash(this.#perfect(size), 0, size)
  }

  async leaf(index: number, size: number): Promise<Buffer> {
    return hashAt(await this.tile(0, Math.floor(index / TILE), size), index % TILE)
  }

  /** The audit path of an entry in the tree of `size` entries, its sibling first. */
  async inclusion(index: number, size: number): Promise<Buffer[]> {
    const path = await inclusionPath(this.#perfect(size), index, size)
    const leaf = leafHash(await this.entry(index, size))
    if (!verifyInclusion(leaf, index, size, path, await this.root(size)))
      throw new LogDamagedError(
        tilePath({ level: 0, index: Math.floor(index / TILE), width: TILE }),
        `the tiles of the log contradict entry ${index}`,
      )
    return path
  }

  /** The proof that the tree of `size` entries begins with the one of `before` entries. */
  async consistency(before: number, size: number): Promise<Buffer[]> {
    const path = await consistencyPath(this.#perfect(size), before, size)
    // By the tiles of the larger tree: a partial tile of the smaller one may be gone.
    const old = await rangeHash(this.#perfect(size), 0, before)
    if (!verifyConsistency(before, size, path, old, await this.root(size)))
      throw new LogDamagedError(
        CHECKPOINT,
        `the tiles of the log contradict each other below entry ${before}`,
      )
    return path
  }
}
