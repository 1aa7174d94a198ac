import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { HASH_BYTES, sha256 } from '../../../../schema/index.ts'
import type { Manifest } from '../../../../schema/wire/index.ts'
import type { StoreBatch, WriteResult } from '../../port.ts'
import { inTransaction } from './database.ts'
import { PackedLines, packLines } from './packed/index.ts'

/**
 * Waybills. The newest of each chain are rows. Older ones are packed by runs of a chain: a manifest says nearly the same as the one before it, so that
 * of a row of 1,060 bytes some 100 are left.
 *
 * A leaf hash is kept only where the store has not the line: it is a duplicate, a dead letter, or has expired before other lines of its waybill.
 */
export const WAYBILL_TABLES = `
CREATE TABLE IF NOT EXISTS waybills (
  n INTEGER PRIMARY KEY,
  agent TEXT NOT NULL, incarnation TEXT NOT NULL, sequence INTEGER NOT NULL,
  hash TEXT NOT NULL, at INTEGER NOT NULL, events INTEGER NOT NULL, result TEXT NOT NULL,
  manifest BLOB NOT NULL, signature BLOB NOT NULL, leaves BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS waybills_by_key ON waybills (agent, incarnation, sequence);
CREATE TABLE IF NOT EXISTS packed_waybills (
  agent TEXT NOT NULL, incarnation TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, bytes BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS packed_waybills_by_key ON packed_waybills (agent, incarnation, first);
CREATE TABLE IF NOT EXISTS leaf_hashes (n INTEGER PRIMARY KEY, positions BLOB, hashes BLOB NOT NULL);
`

/** How many waybills of a chain are packed together, at most; and how many stay rows, since the next ones refer to them. */
const PACKED = 256
const RECENT = 64
/** Manifests of many sources are large. */
const PACKED_BYTES = 1 << 20

/** What was answered to a waybill. */
export interface KnownWaybill {
  readonly hash: string
  readonly result: WriteResult
  readonly manifest: Buffer
}

/** Hashes of some lines of a waybill, by their positions in it; of all its lines in their order where `positions` is null. */
export interface KeptLeaves {
  readonly positions: readonly number[] | null
  readonly hashes: Uint8Array
}

/** What is beside the manifest in a packed waybill, as JSON. */
interface Beside {
  readonly n: number
  readonly at: number
  /** Hex. */
  readonly signature: string
  readonly result: WriteResult
}

interface ChainState {
  /** Up to this number waybills are packed; what came later below it stays a row. */
  packedTo: number
  rows: number
}

const NO_BYTES = new Uint8Array(0)
/** The greatest number of a packed batch, in `meta`. */
const GREATEST = 'packed'

/** Of a manifest that names the one before it in the same group, the hash is left out: it is half of what does not repeat itself. */
const memberOf = (previous: string): string => `"previous":"${previous}"`
/** No manifest names it as the one before. */
const NONE = 'none'

const chainKey = (agent: string, incarnation: string): string => `${agent}/${incarnation}`
const bytesOf = (value: unknown): Buffer => {
  const bytes = value as Uint8Array
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The statements of the thread that writes. */
export class Waybills {
  readonly #database: DatabaseSync
  readonly #chains = new Map<string, ChainState>()
  readonly #find: StatementSync
  readonly #findPacked: StatementSync
  readonly #add: StatementSync
  readonly #oldest: StatementSync
  readonly #kept: StatementSync
  readonly #keep: StatementSync
  #opened: { id: number; waybills: ReadonlyMap<number, KnownWaybill> } | null = null
  #sincePacked = 0

  constructor(database: DatabaseSync) {
    this.#database = database
    const prepare = (sql: string): StatementSync => database.prepare(sql)
    this.#find = prepare(
      'SELECT hash, result, manifest FROM waybills WHERE agent = ? AND incarnation = ? AND sequence = ?',
    )
    this.#findPacked = prepare(`SELECT rowid AS id, last, bytes FROM packed_waybills
      WHERE agent = ? AND incarnation = ? AND first <= ? ORDER BY first DESC LIMIT 1`)
    this.#add = prepare('INSERT INTO waybills VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    this.#oldest = prepare(`SELECT n, sequence, at, result, manifest, signature, leaves FROM waybills
      WHERE agent = ? AND incarnation = ? AND sequence > ? ORDER BY sequence LIMIT ${PACKED}`)
    this.#kept = prepare('SELECT positions, hashes FROM leaf_hashes WHERE n = ?')
    this.#keep = prepare('INSERT OR REPLACE INTO leaf_hashes VALUES (?, ?, ?)')
    const rows = prepare('SELECT agent, incarnation, count(*) AS rows FROM waybills GROUP BY 1, 2').all()
    for (const row of rows) this.#chain(String(row.agent), String(row.incarnation)).rows = Number(row.rows)
    const packed = prepare(
      'SELECT agent, incarnation, max(last) AS last FROM packed_waybills GROUP BY 1, 2',
    ).all()
    for (const row of packed)
      this.#chain(String(row.agent), String(row.incarnation)).packedTo = Number(row.last)
  }

  #chain(agent: string, incarnation: string): ChainState {
    const key = chainKey(agent, incarnation)
    let chain = this.#chains.get(key)
    if (chain === undefined) {
      chain = { packedTo: 0, rows: 0 }
      this.#chains.set(key, chain)
    }
    return chain
  }

  /** The greatest number of a batch. */
  get greatest(): number {
    const row = this.#database
      .prepare(
        `SELECT max(coalesce((SELECT max(n) FROM waybills), 0),
          coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = '${GREATEST}'), 0)) AS n`,
      )
      .get()
    return Number(row?.n)
  }

  find(agent: string, incarnation: string, sequence: number): KnownWaybill | null {
    const row = this.#find.get(agent, incarnation, sequence)
    if (row !== undefined)
      return {
        hash: String(row.hash),
        result: JSON.parse(String(row.result)) as WriteResult,
        manifest: bytesOf(row.manifest),
      }
    if (sequence > (this.#chains.get(chainKey(agent, incarnation))?.packedTo ?? 0)) return null
    const packed = this.#findPacked.get(agent, incarnation, sequence)
    if (packed === undefined || Number(packed.last) < sequence) return null
    const id = Number(packed.id)
    if (this.#opened?.id !== id) this.#opened = { id, waybills: unpacked(packed.bytes as Uint8Array) }
    return this.#opened.waybills.get(sequence) ?? null
  }

  add(n: number, batch: StoreBatch, result: WriteResult, kept: KeptLeaves | null): void {
    const { agent, incarnation, sequence, events } = batch.manifest
    const { hash, ingested, manifestBytes, signature } = batch
    this.#add.run(
      n,
      agent,
      incarnation,
      sequence,
      hash,
      ingested,
      events,
      JSON.stringify(result),
      manifestBytes,
      signature,
      NO_BYTES,
    )
    if (kept !== null) this.#put(n, kept)
    this.#chain(agent, incarnation).rows++
    this.#sincePacked++
  }

  /** Whether there may be as many new waybills as are packed together. */
  get hasMany(): boolean {
    return this.#sincePacked >= PACKED
  }

  /** Packs the oldest rows of a chain that has many; false where none has. */
  pack(): boolean {
    for (const [key, chain] of this.#chains) {
      if (chain.rows < PACKED + RECENT) continue
      const [agent = '', incarnation = ''] = key.split('/')
      const rows = this.#oldest.all(agent, incarnation, chain.packedTo)
      if (rows.length < PACKED) {
        // The others came late, below what is packed.
        chain.rows = rows.length
        continue
      }
      const { last, count } = inTransaction(this.#database, () => this.#packRows(agent, incarnation, rows))
      chain.packedTo = last
      chain.rows -= count
      this.#sincePacked -= count
      return true
    }
    this.#sincePacked = 0
    return false
  }

  #packRows(
    agent: string,
    incarnation: string,
    rows: readonly Record<string, unknown>[],
  ): { last: number; count: number } {
    const lines: Buffer[] = []
    const drop = this.#database.prepare('DELETE FROM waybills WHERE n = ?')
    let bytes = 0
    let count = 0
    let greatest = 0
    let before = NONE
    for (const { n, at, result, manifest, signature, leaves } of rows) {
      if (count > 0 && bytes > PACKED_BYTES) break
      const beside: Beside = {
        n: Number(n),
        at: Number(at),
        signature: bytesOf(signature).toString('hex'),
        result: JSON.parse(String(result)) as WriteResult,
      }
      const text = bytesOf(manifest).toString('latin1')
      lines.push(
        Buffer.from(text.replace(memberOf(before), memberOf('')), 'latin1'),
        Buffer.from(JSON.stringify(beside)),
      )
      before = sha256(bytesOf(manifest))
      // An older version kept all hashes in the row.
      if (bytesOf(leaves).length > 0) this.#put(beside.n, { positions: null, hashes: leaves as Uint8Array })
      drop.run(beside.n)
      bytes += bytesOf(manifest).length
      greatest = Math.max(greatest, beside.n)
      count++
    }
    const [first, last] = [Number(rows[0]!.sequence), Number(rows[count - 1]!.sequence)]
    this.#database
      .prepare('INSERT INTO packed_waybills VALUES (?, ?, ?, ?, ?)')
      .run(agent, incarnation, first, last, packLines(lines))
    this.#database
      .prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)')
      .run(GREATEST, String(Math.max(greatest, this.greatest)))
    return { last, count }
  }

  #put(n: number, { positions, hashes }: KeptLeaves): void {
    this.#keep.run(n, positions === null ? null : Buffer.from(Uint16Array.from(positions).buffer), hashes)
  }

  /** Keeps the hashes of lines of a waybill that go. */
  keepLeaves(
    n: number,
    leaves: { readonly positions: readonly number[]; readonly hashes: Uint8Array },
  ): void {
    const row = this.#kept.get(n)
    if (row?.positions === null) return
    const all = new Map<number, Uint8Array>()
    const enter = (positions: ArrayLike<number>, hashes: Uint8Array): void => {
      for (let i = 0; i < positions.length; i++)
        all.set(positions[i]!, hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
    }
    if (row !== undefined)
      enter(new Uint16Array(new Uint8Array(row.positions as Uint8Array).buffer), row.hashes as Uint8Array)
    enter(leaves.positions, leaves.hashes)
    const positions = [...all.keys()].sort((a, b) => a - b)
    this.#put(n, { positions, hashes: Buffer.concat(positions.map((position) => all.get(position)!)) })
  }
}

/** Packed waybills by their numbers in the chain: of each a line that is its manifest, and one that is what is beside it. */
function unpacked(bytes: Uint8Array): ReadonlyMap<number, KnownWaybill> {
  const lines = new PackedLines(bytes)
  const waybills = new Map<number, KnownWaybill>()
  let before = NONE
  for (let index = 0; index < lines.count; index += 2) {
    const text = lines.line(index).toString('latin1')
    const manifest = Buffer.from(text.replace(memberOf(''), memberOf(before)), 'latin1')
    before = sha256(manifest)
    const { sequence } = JSON.parse(manifest.toString('utf8')) as Pick<Manifest, 'sequence'>
    const { result } = JSON.parse(lines.line(index + 1).toString('utf8')) as Beside
    waybills.set(sequence, { hash: before, result, manifest })
  }
  return waybills
}
