import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { CATEGORIES, type Category, HASH_BYTES, sha256 } from '../../../../schema/index.ts'
import type { Manifest } from '../../../../schema/wire/index.ts'
import type { Fates, StoreBatch, WriteResult } from '../../port.ts'
import { inTransaction } from './database.ts'
import { PackedLines, packLines } from './packed/index.ts'

/**
 * Waybills. The newest of each chain are rows. Older ones are packed in runs of a chain: a manifest is nearly the same as the one before
 * it, so a row of 1,060 bytes shrinks to some 100.
 *
 * All leaf hashes of a waybill are kept, with what became of each line: so verification names the line that was changed or is missing, and
 * its neighbours stay provable. An older version kept only the hashes of lines that the store did not have.
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
CREATE TABLE IF NOT EXISTS leaf_hashes (n INTEGER PRIMARY KEY, positions BLOB, hashes BLOB NOT NULL, fates BLOB);
`

/** How many waybills of a chain are packed together, at most; and how many stay rows, since the next ones refer to them. */
const PACKED = 256
const RECENT = 64
/** Manifests of many sources are large. */
const PACKED_BYTES = 1 << 20

/** The answer to a waybill. */
export type KnownWaybill = Pick<ListedWaybill, 'hash' | 'result' | 'manifest'>

/** Hashes of some lines of a waybill, by their positions in it; of all its lines in their order where `positions` is null. */
export interface KeptLeaves {
  readonly positions: readonly number[] | null
  readonly hashes: Uint8Array
  /** What became of each line; null if it is not known, as of a batch that a crash interrupted. */
  readonly fates: Fates | null
}

/** Runs of lines with one fate: the number of the fate (1 byte), the number of lines (2 bytes). */
const RUN_BYTES = 3
const NOWHERE = 0

/** A line's category has the number of its place in `CATEGORIES`, from 1 on; 0 is a line that was not stored. */
export function fatesBytes(fates: Fates): Buffer {
  const runs: { code: number; count: number }[] = []
  for (const fate of fates) {
    const code = fate === null ? NOWHERE : 1 + CATEGORIES.indexOf(fate)
    const last = runs.at(-1)
    if (last?.code === code) last.count++
    else runs.push({ code, count: 1 })
  }
  const bytes = Buffer.alloc(runs.length * RUN_BYTES)
  for (const [index, { code, count }] of runs.entries()) {
    bytes[index * RUN_BYTES] = code
    bytes.writeUInt16LE(count, index * RUN_BYTES + 1)
  }
  return bytes
}

/** Null if the bytes can't be read: they prove nothing, and only help to explain. */
export function fatesOf(bytes: Buffer): Fates | null {
  const fates: (Category | null)[] = []
  if (bytes.length % RUN_BYTES !== 0) return null
  for (let at = 0; at < bytes.length; at += RUN_BYTES) {
    const code = bytes[at]!
    const fate = code === NOWHERE ? null : CATEGORIES[code - 1]
    if (fate === undefined) return null
    for (let left = bytes.readUInt16LE(at + 1); left > 0; left--) fates.push(fate)
  }
  return fates
}

/** The fields of a packed waybill beside the manifest, as JSON. */
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

/**
 * The member that a packed manifest omits if it names the manifest before it in the group: the hash is half of what does not repeat itself.
 */
const memberOf = (previous: string): string => `"previous":"${previous}"`
/** A hash that no manifest names as the one before. */
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
    this.#keep = prepare(
      'INSERT OR REPLACE INTO leaf_hashes (n, positions, hashes, fates) VALUES (?, ?, ?, ?)',
    )
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

  add(n: number, batch: StoreBatch, result: WriteResult, kept: KeptLeaves): void {
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
    this.#put(n, kept)
    this.#chain(agent, incarnation).rows++
    this.#sincePacked++
  }

  /** Whether there may be as many new waybills as are packed together. */
  get hasMany(): boolean {
    return this.#sincePacked >= PACKED
  }

  /** Packs the oldest rows of a chain that has many; returns false if no chain has many. */
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
      if (bytesOf(leaves).length > 0)
        this.#put(beside.n, { positions: null, hashes: leaves as Uint8Array, fates: null })
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

  #put(n: number, { positions, hashes, fates }: KeptLeaves): void {
    const places = positions === null ? null : Buffer.from(Uint16Array.from(positions).buffer)
    this.#keep.run(n, places, hashes, fates === null ? null : fatesBytes(fates))
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
    const hashes = Buffer.concat(positions.map((position) => all.get(position)!))
    this.#put(n, { positions, hashes, fates: null })
  }
}

/** A waybill as it lies in the database. */
export interface ListedWaybill {
  /** Number of the batch. */
  readonly n: number
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly at: number
  readonly result: WriteResult
  readonly hash: string
  readonly manifest: Buffer
  readonly signature: Buffer
}

const listedOf = (row: Record<string, unknown>): ListedWaybill => ({
  n: Number(row.n),
  agent: String(row.agent),
  incarnation: String(row.incarnation),
  sequence: Number(row.sequence),
  at: Number(row.at),
  result: JSON.parse(String(row.result)) as WriteResult,
  hash: String(row.hash),
  manifest: bytesOf(row.manifest),
  signature: bytesOf(row.signature),
})

/** Packed waybills: of each a line that is its manifest, and one that is what is beside it. */
function* allPacked(bytes: Uint8Array): Generator<ListedWaybill> {
  const lines = new PackedLines(bytes)
  let before = NONE
  for (let index = 0; index < lines.count; index += 2) {
    const text = lines.line(index).toString('latin1')
    const manifest = Buffer.from(text.replace(memberOf(''), memberOf(before)), 'latin1')
    before = sha256(manifest)
    const { agent, incarnation, sequence } = JSON.parse(manifest.toString('utf8')) as Manifest
    const { n, at, signature, result } = JSON.parse(lines.line(index + 1).toString('utf8')) as Beside
    const hash = before
    yield {
      n,
      agent,
      incarnation,
      sequence,
      at,
      result,
      hash,
      manifest,
      signature: Buffer.from(signature, 'hex'),
    }
  }
}

/** Packed waybills by their numbers in the chain. */
const unpacked = (bytes: Uint8Array): ReadonlyMap<number, KnownWaybill> =>
  new Map(allPacked(bytes).map((waybill) => [waybill.sequence, waybill]))

/**
 * How many waybills are listed at once. Packed ones of a thousand chains lie in as many places, and all of these are opened for each
 * list.
 */
const LISTED = 8192

/** All waybills in the order in which they were stored, for a thread that only reads. */
export class WaybillList {
  readonly #database: DatabaseSync
  /** Packed waybills, with the numbers of their batches. They never change once they are there. */
  readonly #packed: { readonly id: number; readonly least: number; readonly greatest: number }[] = []
  #lastPacked = 0
  #listed: readonly ListedWaybill[] = []
  /** The number that the list begins after. */
  #after = -1
  #old: StatementSync | null = null
  #kept: StatementSync | null = null

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Returns the first waybill after this number; null if there is none yet. */
  after(n: number): ListedWaybill | null {
    const found = n < this.#after ? null : this.#found(n)
    if (found !== null) return found
    this.#listed = this.#list(n)
    this.#after = n
    return this.#found(n)
  }

  #found(n: number): ListedWaybill | null {
    const listed = this.#listed
    let low = 0
    let high = listed.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (listed[middle]!.n > n) high = middle
      else low = middle + 1
    }
    return listed[low] ?? null
  }

  #list(after: number): ListedWaybill[] {
    const database = this.#database
    // Waybills are packed while we read: one transaction sees each in one place.
    database.exec('BEGIN')
    try {
      this.#learn()
      const rows = database
        .prepare('SELECT * FROM waybills WHERE n > ? ORDER BY n LIMIT ?')
        .all(after, LISTED)
      const listed = rows.map(listedOf)
      let end = rows.length < LISTED ? Number.POSITIVE_INFINITY : listed.at(-1)!.n
      const read = database.prepare('SELECT bytes FROM packed_waybills WHERE rowid = ?')
      for (const { id, least, greatest } of this.#packed) {
        if (greatest <= after || least > end) continue
        for (const one of allPacked(read.get(id)?.bytes as Uint8Array))
          if (one.n > after && one.n <= end) listed.push(one)
        if (listed.length <= 2 * LISTED) continue
        listed.sort((a, b) => a.n - b.n).length = LISTED
        end = listed.at(-1)!.n
      }
      listed.sort((a, b) => a.n - b.n)
      return listed.slice(0, LISTED)
    } finally {
      database.exec('COMMIT')
    }
  }

  #learn(): void {
    const rows = this.#database
      .prepare('SELECT rowid AS id, bytes FROM packed_waybills WHERE rowid > ? ORDER BY rowid')
      .iterate(this.#lastPacked)
    for (const row of rows) {
      const id = Number(row.id)
      let least = Number.POSITIVE_INFINITY
      let greatest = 0
      for (const { n } of allPacked(row.bytes as Uint8Array)) {
        least = Math.min(least, n)
        greatest = Math.max(greatest, n)
      }
      this.#packed.push({ id, least, greatest })
      this.#lastPacked = id
    }
    this.#packed.sort((a, b) => a.least - b.least)
  }

  /** Returns the number of the batch of a waybill that is settled; null if it is not. */
  numberOf(agent: string, incarnation: string, sequence: number): number | null {
    return this.find(agent, incarnation, sequence)?.n ?? null
  }

  /** Returns a waybill that is settled; null if it is not. */
  find(agent: string, incarnation: string, sequence: number): ListedWaybill | null {
    const database = this.#database
    database.exec('BEGIN')
    try {
      const row = database
        .prepare('SELECT * FROM waybills WHERE agent = ? AND incarnation = ? AND sequence = ?')
        .get(agent, incarnation, sequence)
      if (row !== undefined) return listedOf(row)
      const packed = database
        .prepare(
          'SELECT bytes FROM packed_waybills WHERE agent = ? AND incarnation = ? AND first <= ? AND last >= ?',
        )
        .get(agent, incarnation, sequence, sequence)
      if (packed === undefined) return null
      return allPacked(packed.bytes as Uint8Array).find((one) => one.sequence === sequence) ?? null
    } finally {
      database.exec('COMMIT')
    }
  }

  /** The leaf hashes that are kept of a waybill, by position; and what became of its lines, if that is known. */
  leavesOf(n: number): { leaves: Map<number, Buffer>; fates: Fates | null } {
    const { all, some, fates } = this.keptOf(n)
    const leaves = new Map(some)
    if (all !== null) for (const [position, leaf] of hashesIn(all)) leaves.set(position, leaf)
    return { leaves, fates: fates === null ? null : fatesOf(fates) }
  }

  /** The same as it lies there: the hashes of all lines in their order, or those of some. */
  keptOf(n: number): { all: Buffer | null; some: Map<number, Buffer>; fates: Buffer | null } {
    this.#old ??= this.#database.prepare('SELECT leaves FROM waybills WHERE n = ?')
    this.#kept ??= this.#database.prepare('SELECT * FROM leaf_hashes WHERE n = ?')
    const old = this.#old.get(n)
    const kept = this.#kept.get(n)
    const some = new Map<number, Buffer>()
    if (kept === undefined) {
      const all = old === undefined ? null : bytesOf(old.leaves)
      return { all: all?.length === 0 ? null : all, some, fates: null }
    }
    // A store of layout 6 has no such column.
    const fates = kept.fates instanceof Uint8Array ? bytesOf(kept.fates) : null
    const hashes = bytesOf(kept.hashes)
    if (kept.positions === null) return { all: hashes, some, fates }
    const positions = new Uint16Array(new Uint8Array(kept.positions as Uint8Array).buffer)
    for (const [i, leaf] of hashesIn(hashes)) some.set(positions[i]!, leaf)
    return { all: null, some, fates }
  }
}

const hashesIn = (hashes: Buffer): [number, Buffer][] =>
  Array.from({ length: Math.floor(hashes.length / HASH_BYTES) }, (_, i) => [
    i,
    hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  ])
