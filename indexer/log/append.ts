import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HASH_BYTES, leafHash, merkleRoot } from '../../schema/index.ts'
import { syncFolder } from '../ingest/index.ts'
import { LogDamagedError, LogReader, logFolder } from './reader.ts'
import { bundleOf, CHECKPOINT, HEIGHT, hashesAt, TILE, type TileName, tilePath, widthOf } from './tiles.ts'
import { rangeHash } from './tree.ts'

interface NewFile {
  readonly name: TileName
  readonly bytes: Buffer
}

/** The files that are written at once: each waits for the disk. */
const AT_ONCE = 16

/** The head of a log, without its name. */
export interface Head {
  readonly size: number
  readonly root: Buffer
}

/**
 * Writes the tiles and bundles of a log. A file gets its name when its content is on the disk, and the caller signs a head when all names
 * are: whatever is interrupted, every signed head has its files. Files of a head that was not signed are written again, with the same
 * content, since the order of the entries is fixed.
 */
export class LogAppender {
  readonly #folder: string
  #size: number
  /** The hashes of the partial tile at each level. */
  #edges: Buffer[][]
  /** The entries of the partial bundle. */
  #entries: Buffer[]
  /** Partial files whose full ones are there. */
  #superseded: string[] = []
  /** The folders whose own names are safe. */
  readonly #named = new Set<string>()

  private constructor(folder: string, size: number, edges: Buffer[][], entries: Buffer[]) {
    this.#folder = folder
    this.#size = size
    this.#edges = edges
    this.#entries = entries
  }

  /** Takes up a log at a head that it has signed. Throws a `LogDamagedError` if its files do not give the head's root. */
  static async open(folder: string, { size, root }: Head): Promise<LogAppender> {
    const reader = new LogReader(logFolder(folder))
    const edges: Buffer[][] = []
    for (let level = 0; hashesAt(level, size) > 0; level++) {
      const index = Math.floor(hashesAt(level, size) / TILE)
      const width = widthOf(level, index, size)
      const tile = width === 0 ? Buffer.alloc(0) : await reader.tile(level, index, size)
      edges.push(Array.from({ length: width }, (_, i) => tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)))
    }
    const last = Math.floor(size / TILE)
    const entries = size % TILE === 0 ? [] : await reader.bundle(last, size)
    const appender = new LogAppender(folder, size, edges, entries)
    const isWhole = entries.every((entry, i) => leafHash(entry).equals(edges[0]![i]!))
    if (!isWhole || !(await appender.#root(size, edges)).equals(root))
      throw new LogDamagedError(
        CHECKPOINT,
        `the files in ${folder} do not give the root of its ${size} entries`,
      )
    return appender
  }

  get size(): number {
    return this.#size
  }

  #root(size: number, edges: readonly Buffer[][]): Promise<Buffer> {
    return rangeHash(
      async (level, index) => {
        const count = 2 ** (level % HEIGHT)
        const start = (index * count) % TILE
        // The perfect subtrees that make up a whole tree are all in its partial tiles.
        return merkleRoot(Buffer.concat(edges[Math.floor(level / HEIGHT)]!.slice(start, start + count)))
      },
      0,
      size,
    )
  }

  /** Writes the files of the log with these entries added, and returns its head: to be signed. */
  async append(entries: readonly Buffer[]): Promise<Head> {
    const edges = this.#edges.map((hashes) => [...hashes])
    const bundle = [...this.#entries]
    const files: NewFile[] = []
    const touched = new Set<number>()
    const size = this.#size + entries.length
    const superseded: string[] = []
    const full = (name: TileName, bytes: Buffer): void => {
      files.push({ name, bytes })
      superseded.push(`${tilePath(name)}.p`)
    }
    const add = (level: number, hash: Buffer, index: number): void => {
      const hashes = edges[level] ?? []
      edges[level] = hashes
      hashes.push(hash)
      touched.add(level)
      if (hashes.length < TILE) return
      const bytes = Buffer.concat(hashes)
      full({ level, index: Math.floor(index / TILE), width: TILE }, bytes)
      edges[level] = []
      add(level + 1, merkleRoot(bytes), Math.floor(index / TILE))
    }
    for (const [i, entry] of entries.entries()) {
      const index = this.#size + i
      bundle.push(entry)
      if (bundle.length === TILE) {
        full({ level: 'entries', index: Math.floor(index / TILE), width: TILE }, bundleOf(bundle))
        bundle.length = 0
      }
      add(0, leafHash(entry), index)
    }
    const partial = (level: number | 'entries', width: number, bytes: Buffer): void => {
      if (width === 0) return
      const index = Math.floor(hashesAt(level === 'entries' ? 0 : level, size) / TILE)
      files.push({ name: { level, index, width }, bytes })
    }
    partial('entries', bundle.length, bundleOf(bundle))
    for (const level of touched) partial(level, edges[level]!.length, Buffer.concat(edges[level]!))
    await this.#write(files)
    const root = await this.#root(size, edges)
    this.#size = size
    this.#edges = edges
    this.#entries = bundle
    this.#superseded.push(...superseded)
    return { size, root }
  }

  async #write(files: readonly NewFile[]): Promise<void> {
    const folders = new Set<string>()
    const waiting = [...files]
    const writeSome = async (): Promise<void> => {
      for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
        const path = join(this.#folder, tilePath(file.name))
        const its = dirname(path)
        await mkdir(its, { recursive: true, mode: 0o700 })
        folders.add(its)
        // A folder above may be new, or was new when an earlier process was stopped.
        if (!this.#named.has(its))
          for (let one = its; one.length >= this.#folder.length; one = dirname(one)) folders.add(one)
        await writeSynced(path, file.bytes)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, writeSome))
    await Promise.all([...folders].map(syncFolder))
    for (const folder of folders) this.#named.add(folder)
  }

  /** Removes partial files whose full ones are part of a signed head. */
  async tidy(): Promise<void> {
    for (const path of this.#superseded.splice(0)) {
      const folder = join(this.#folder, path)
      await rm(folder, { recursive: true, force: true })
      this.#named.delete(folder)
    }
  }
}

/** Gives a file its name when its content is on the disk. */
async function writeSynced(path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.tmp`
  const handle = await open(temporary, 'w', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, path)
}
