import { rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { type Chunk, chunkOf, SELECT_CHUNK } from './chunks.ts'
import { createDatabase, inTransaction, openDatabase } from './database.ts'
import { PackedLines, packLines } from './packed/index.ts'
import { KEPT_TABLES, preparePartition } from './partition-files.ts'

/**
 * Bytes of lines that are packed together: all of it is opened to read one of them. Of 1 MB the bench took 32 bytes an event and 0.6 ms to
 * open, of 512 KB 34 bytes and half the time, of 256 KB 38.
 */
const BLOCK_BYTES = 1 << 19

/** Chunks with fewer bytes of lines are gathered. */
const SMALL_BYTES = 1 << 13
/** The assumed compression ratio of a single line. */
const SMALLER = 2
/** How many of the newest chunks are looked through for small ones when a partition is opened. */
const LOOKED_THROUGH = 4096

/**
 * The small chunks of a partition that receives events. A line of 1.5 KB that arrives alone takes 1,040 bytes in a chunk of its own, and 35
 * packed with others. Full chunks wait until the partition is at rest.
 */
export class SmallChunks {
  readonly #database: DatabaseSync
  readonly #ids: number[] = []
  #bytes = 0

  constructor(database: DatabaseSync) {
    this.#database = database
    const newest = database
      .prepare(
        'SELECT id, length(bytes) AS bytes FROM chunks WHERE id > (SELECT max(id) FROM chunks) - ? AND block IS NULL AND length(bytes) < ?',
      )
      .all(LOOKED_THROUGH, SMALL_BYTES / SMALLER)
    for (const { id, bytes } of newest) this.add(Number(id), Number(bytes) * SMALLER)
  }

  add(id: number, bytes: number): void {
    if (bytes >= SMALL_BYTES) return
    this.#ids.push(id)
    this.#bytes += bytes
  }

  get areMany(): boolean {
    return this.#bytes >= BLOCK_BYTES
  }

  /** Packs the lines of all of them together; chunks keep their numbers. */
  gather(): void {
    const { open } = opener(this.#database)
    const lines: Buffer[] = []
    // Chunks that can't be gathered stay as they are until the partition is at rest.
    this.#bytes = 0
    const chunks = this.#ids.splice(0).map((id) => {
      const { row, chunk } = open(id)
      const first = lines.length
      for (let index = 0; index < chunk.lines; index++) lines.push(chunk.line(index))
      return { row, id, first, count: chunk.lines }
    })
    const packed = packLines(lines)
    const drop = this.#database.prepare('DELETE FROM chunks WHERE id = ?')
    const { addBlock, addChunk } = adder(this.#database)
    inTransaction(this.#database, () => {
      const { block } =
        this.#database.prepare('SELECT coalesce(max(id), 0) + 1 AS block FROM blocks').get() ?? {}
      addBlock(Number(block), packed)
      // Rows that are only made shorter would leave their pages nearly empty.
      for (const { id } of chunks) drop.run(id)
      for (const chunk of chunks) addChunk(chunk, Number(block))
    })
  }
}

/** Opens chunks of a partition one by one. */
export function opener(database: DatabaseSync): {
  open(id: number): { row: Record<string, unknown>; chunk: Chunk }
} {
  const select = database.prepare(SELECT_CHUNK)
  const block = database.prepare('SELECT bytes FROM blocks WHERE id = ?')
  // The next chunk is mostly of the same block.
  let opened: { id: number; lines: PackedLines } | null = null
  const blockOf = (id: number): PackedLines => {
    if (opened?.id !== id) opened = { id, lines: new PackedLines(block.get(id)?.bytes as Uint8Array) }
    return opened.lines
  }
  return {
    open: (id) => {
      const row = select.get(id)
      if (row === undefined) throw new Error(`there is no chunk ${id}`)
      return { row, chunk: chunkOf(row, { revisions: undefined }, blockOf) }
    },
  }
}

/** Adds blocks to a partition, and the rows of chunks that are in them. */
function adder(database: DatabaseSync): {
  addBlock(id: number, bytes: Uint8Array): void
  addChunk(chunk: Gathered, block: number): void
} {
  const block = database.prepare('INSERT INTO blocks VALUES (?, ?)')
  const chunk = database.prepare('INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  return {
    addBlock: (id, bytes) => {
      block.run(id, bytes)
    },
    addChunk: ({ row, id, first, count }, its) => {
      const positions = row.positions as Uint8Array | null
      chunk.run(id, Number(row.batch), Number(row.first), positions, NO_BYTES, its, first, count)
    },
  }
}

/**
 * Rewrites a partition that has come to rest: lines of many chunks are packed together, and no page is unused. Chunks keep their numbers,
 * so references to lines stay valid. Yields after each block, so that others can work. A first `false` means that everything is packed
 * already.
 */
export function* packPartition(from: string, generation: number, to: string): Generator<boolean> {
  const old = openDatabase(from, { cache: 1024, readOnly: true })
  let made: DatabaseSync | undefined
  try {
    if (isPacked(old, generation)) {
      yield false
      return
    }
    rmSync(to, { force: true })
    made = createDatabase(to)
    preparePartition(made, to)
    made.prepare('ATTACH ? AS old').run(from)
    made.exec('BEGIN')
    for (const table of KEPT_TABLES) made.exec(`INSERT INTO main.${table} SELECT * FROM old.${table}`)
    yield* packChunks(old, made)
    made.exec('COMMIT; DETACH old')
  } finally {
    made?.close()
    old.close()
  }
}

/** Whether a partition is packed for rest. Events that arrived later have higher chunk numbers. */
export function isPacked(database: DatabaseSync, generation: number): boolean {
  const last = database.prepare('SELECT block FROM chunks ORDER BY id DESC LIMIT 1').get()
  return last === undefined || (generation > 0 && last.block !== null)
}

interface Gathered {
  readonly row: Record<string, unknown>
  readonly id: number
  readonly first: number
  readonly count: number
}

function* packChunks(old: DatabaseSync, made: DatabaseSync): Generator<boolean> {
  const { open } = opener(old)
  const { addBlock, addChunk } = adder(made)
  const ids = old
    .prepare('SELECT id FROM chunks ORDER BY id')
    .all()
    .map(({ id }) => Number(id))
  let lines: Buffer[] = []
  let chunks: Gathered[] = []
  let bytes = 0
  let number = 0
  const write = (): void => {
    if (chunks.length === 0) return
    addBlock(++number, packLines(lines))
    for (const chunk of chunks) addChunk(chunk, number)
    lines = []
    chunks = []
    bytes = 0
  }
  for (const id of ids) {
    const { row, chunk } = open(id)
    chunks.push({ row, id, first: lines.length, count: chunk.lines })
    for (let index = 0; index < chunk.lines; index++) {
      const line = chunk.line(index)
      lines.push(line)
      bytes += line.length
    }
    if (bytes < BLOCK_BYTES) continue
    write()
    yield true
  }
  write()
  yield true
}

const NO_BYTES = new Uint8Array(0)
