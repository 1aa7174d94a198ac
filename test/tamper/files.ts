import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Category, leafHash } from '../../schema/index.ts'
import type { Manifest } from '../../schema/wire/index.ts'

/** The tools of somebody with root on the indexer, who knows docs/formats.md: they change a store's files without an indexer. */

type Row = Record<string, SQLOutputValue>

export function inDatabase<Result>(file: string, work: (database: DatabaseSync) => Result): Result {
  const database = new DatabaseSync(file)
  try {
    return work(database)
  } finally {
    database.close()
  }
}

export const inControl = <Result>(store: string, work: (database: DatabaseSync) => Result): Result =>
  inDatabase(join(store, 'control.db'), work)

/** The files of the partitions of a category, oldest first. */
export const partitionsOf = (store: string, category: Category): string[] =>
  readdirSync(join(store, 'partitions'))
    .filter((file) => file.startsWith(`${category}-`) && file.endsWith('.db'))
    .sort()
    .map((file) => join(store, 'partitions', file))

export interface Place {
  readonly agent: string
  readonly sequence: number
}

/** A chunk with the lines of one waybill. */
interface Chunk {
  readonly id: number
  readonly batch: number
  readonly first: number
  lines: Buffer[]
  positions: number[]
}

const bufferOf = (value: SQLOutputValue | undefined): Buffer => {
  if (!(value instanceof Uint8Array)) throw new Error('a column holds no bytes')
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

function split(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf(10, at)
    if (end === -1) return [...lines, bytes.subarray(at)]
    lines.push(bytes.subarray(at, end))
    at = end + 1
  }
}

function chunkOf(row: Row): Chunk {
  const lines = split(zstdDecompressSync(bufferOf(row.bytes)))
  const first = Number(row.first)
  const listed = row.positions === null ? null : bufferOf(row.positions)
  const positions = lines.map((_, i) => (listed === null ? first + i : listed.readUInt16LE(i * 2)))
  return { id: Number(row.id), batch: Number(row.batch), first, lines, positions }
}

/** Changes the chunk of a waybill in the newest partition of a category that has one; null from `change` removes the chunk. */
export function changeChunk(
  store: string,
  category: Category,
  { agent, sequence }: Place,
  change: (chunk: Chunk, database: DatabaseSync) => Chunk | null,
): void {
  for (const file of partitionsOf(store, category).reverse()) {
    const isDone = inDatabase(file, (database) => {
      const batch = database
        .prepare('SELECT n FROM batches WHERE agent = ? AND sequence = ?')
        .get(agent, sequence)
      const row =
        batch && database.prepare('SELECT * FROM chunks WHERE batch = ? AND block IS NULL').get(batch.n!)
      if (row === undefined) return false
      const chunk = change(chunkOf(row), database)
      if (chunk === null) database.prepare('DELETE FROM chunks WHERE id = ?').run(Number(row.id))
      else putChunk(database, chunk)
      return true
    })
    if (isDone) return
  }
  throw new Error(`no chunk of waybill ${sequence} of ${agent} in ${category}`)
}

/** The lines of a waybill in a category. */
export function linesOf(store: string, category: Category, place: Place): Buffer[] {
  let lines: Buffer[] = []
  changeChunk(store, category, place, (chunk) => {
    lines = [...chunk.lines]
    return chunk
  })
  return lines
}

function putChunk(database: DatabaseSync, { id, batch, lines, positions }: Chunk): void {
  const bytes = zstdCompressSync(
    Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [NEWLINE, line]))),
  )
  database
    .prepare('INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, NULL, NULL, NULL)')
    .run(id, batch, positions[0] ?? 0, Buffer.from(Uint16Array.from(positions).buffer), bytes)
}

const NEWLINE = Buffer.from('\n')

/** Changes the row of a waybill in `control.db`. */
export function changeWaybill(
  store: string,
  { agent, sequence }: Place,
  change: (row: Row, database: DatabaseSync) => Readonly<Record<string, SQLOutputValue>>,
): void {
  inControl(store, (control) => {
    const row = control
      .prepare('SELECT * FROM waybills WHERE agent = ? AND sequence = ?')
      .get(agent, sequence)
    if (row === undefined) throw new Error(`no waybill ${sequence} of ${agent}`)
    for (const [column, value] of Object.entries(change(row, control)))
      control.prepare(`UPDATE waybills SET ${column} = ? WHERE n = ?`).run(value, row.n!)
  })
}

export const manifestOf = (row: Row): Manifest =>
  JSON.parse(bufferOf(row.manifest).toString('utf8')) as Manifest

/** Replaces the kept leaf hash of a line, so that it agrees with another content. */
export function keepLeaf(store: string, { agent, sequence }: Place, position: number, line: Buffer): void {
  inControl(store, (control) => {
    const n = numberOf(control, { agent, sequence })
    const hashes = Buffer.from(
      bufferOf(control.prepare('SELECT hashes FROM leaf_hashes WHERE n = ?').get(n)?.hashes),
    )
    leafHash(line).copy(hashes, position * 32)
    control.prepare('UPDATE leaf_hashes SET hashes = ? WHERE n = ?').run(hashes, n)
  })
}

export function numberOf(control: DatabaseSync, { agent, sequence }: Place): number {
  const row = control.prepare('SELECT n FROM waybills WHERE agent = ? AND sequence = ?').get(agent, sequence)
  if (row === undefined) throw new Error(`no waybill ${sequence} of ${agent}`)
  return Number(row.n)
}
