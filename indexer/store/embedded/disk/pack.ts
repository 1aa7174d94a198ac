import { rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { type Chunk, chunkOf, SELECT_CHUNK } from './chunks.ts'
import { createDatabase, openDatabase } from './database.ts'
import { PackedLines, packLines } from './packed/index.ts'
import { KEPT_TABLES, preparePartition } from './partition-files.ts'

/**
 * Bytes of lines that are packed together: all of it is opened to read one of them. Of 1 MB the bench took 32 bytes an event and 0.6 ms to open, of
 * 512 KB 34 bytes and half the time, of 256 KB 38.
 */
const BLOCK_BYTES = 1 << 19

/**
 * Writes a partition anew as it is to rest: lines of many chunks packed together, and no page that is not used. Chunks keep their numbers, so what
 * refers to a line still does. Yields after each block, to let others work; a first `false` says that all of it is packed already.
 */
export function* packPartition(from: string, to: string): Generator<boolean> {
  const old = openDatabase(from, { cache: 1024, readOnly: true })
  let made: DatabaseSync | undefined
  try {
    if (old.prepare('SELECT 1 FROM chunks WHERE block IS NULL LIMIT 1').get() === undefined) {
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

interface Gathered {
  readonly row: Record<string, unknown>
  readonly id: number
  readonly first: number
  readonly count: number
}

function* packChunks(old: DatabaseSync, made: DatabaseSync): Generator<boolean> {
  const select = old.prepare(SELECT_CHUNK)
  const block = old.prepare('SELECT bytes FROM blocks WHERE id = ?')
  const addBlock = made.prepare('INSERT INTO blocks VALUES (?, ?)')
  const addChunk = made.prepare('INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const ids = old
    .prepare('SELECT id FROM chunks ORDER BY id')
    .all()
    .map(({ id }) => Number(id))
  const open = (id: number): { row: Record<string, unknown>; chunk: Chunk } => {
    const row = select.get(id)
    if (row === undefined) throw new Error(`there is no chunk ${id}`)
    const blockOf = (id: number): PackedLines => new PackedLines(block.get(id)?.bytes as Uint8Array)
    return { row, chunk: chunkOf(row, { revisions: undefined }, blockOf) }
  }
  let lines: Buffer[] = []
  let chunks: Gathered[] = []
  let bytes = 0
  let number = 0
  const write = (): void => {
    if (chunks.length === 0) return
    addBlock.run(++number, packLines(lines))
    for (const { row, id, first, count } of chunks)
      addChunk.run(
        id,
        Number(row.batch),
        Number(row.first),
        row.positions as Uint8Array | null,
        NO_BYTES,
        number,
        first,
        count,
      )
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
