import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Category, leafHash } from '../../../../schema/index.ts'
import type { StoreBatch } from '../../port.ts'
import {
  CHUNK_BYTES,
  type Chunk,
  chunkOf,
  compressed,
  emptyLog,
  isPacked,
  markedLine,
  PackedLines,
  type PartitionRow,
  type Renamed,
  RUN_END,
  SELECT_CHUNK,
  SmallChunks,
} from '../disk/index.ts'
import { type BuiltSegment, CURRENT_FIELDS } from '../index/index.ts'
import { NOTHING_ADDED } from './added.ts'
import type { HourlyCounts } from './hourly-counts.ts'
import type { Prepared } from './prepare.ts'
import type { PreparedEvents } from './prepared-events.ts'

/** The result of storing a batch's events in one partition; counts by number of source. */
export interface Outcome {
  readonly stored: readonly (readonly [source: number, count: number])[]
  readonly duplicate: readonly (readonly [source: number, count: number])[]
  /** The number of revisions among the stored events. */
  readonly revisions?: number
  readonly collisions: readonly { readonly position: number; readonly id: string; readonly reason: string }[]
}

const NO_OUTCOME: Outcome = { stored: [], duplicate: [], collisions: [] }

/**
 * Returns the outcome as JSON. If nothing but the counts of stored events has content, only these are kept, as there is one outcome for
 * each batch.
 */
function shortened({ stored, ...others }: Outcome): string {
  const isPlain = Object.values(others).every((value) => Array.isArray(value) && value.length === 0)
  return JSON.stringify(isPlain ? stored : { stored, ...others })
}

function outcomeIn(text: string): Outcome {
  const outcome = JSON.parse(text) as Outcome | Outcome['stored']
  return 'stored' in outcome ? outcome : { ...NO_OUTCOME, stored: outcome }
}

/** The place of a found event id. */
export interface Found {
  /** The agent that shipped it. */
  readonly agent: string
  readonly leaf: Buffer
  /** The line as it was sealed. */
  readonly line: Buffer
  readonly where: string
}

export interface SegmentRow {
  readonly id: number
  readonly docs: number
  readonly inFile: boolean
  /** The number of its list of fields in the partition. */
  readonly fields: number
}

/** A chunk's lines put together, until they are compressed. New room for each would have the collector run twice as often. */
let gathered = Buffer.alloc(0)

const NO_ID = new Uint8Array(0)
const idBytes = (id: string): Buffer => Buffer.from(id, 'hex')

/** The places of documents, from which a segment is built. */
export interface PlacedDocs {
  readonly parcel: PreparedEvents
  readonly prepared: Prepared
  /** Numbers of the parcel's events that are stored, in the batch's order. */
  readonly kept: readonly number[]
  readonly chunks: Uint32Array
  readonly lines: Uint16Array
}

/** Returns the number of this version's list of fields in a partition, and adds the list if it is missing. */
function listOf(database: DatabaseSync): number {
  const known = database.prepare('SELECT n FROM fields WHERE list = ?').get(CURRENT_FIELDS)
  if (known !== undefined) return Number(known.n)
  const next = Number(database.prepare('SELECT coalesce(max(n), 0) + 1 AS n FROM fields').get()?.n)
  database.prepare('INSERT INTO fields VALUES (?, ?)').run(next, CURRENT_FIELDS)
  return next
}

/** The number of counts in one statement. Users are many: in groups of sixteen a count takes two thirds of the time that it takes alone. */
const COUNTS_AT_ONCE = 16

const insertCounts = (rows: number): string =>
  `INSERT INTO counts VALUES ${Array.from({ length: rows }, () => '(?, ?, ?, ?)').join(', ')}
    ON CONFLICT DO UPDATE SET count = count + excluded.count`

export class Partition {
  readonly name: string
  readonly category: Category
  readonly database: DatabaseSync
  readonly generation: number
  #fields: number | null = null
  #isLogEmpty = false
  /** Looked for when the first chunk comes. */
  #small: SmallChunks | null = null
  least = Number.POSITIVE_INFINITY
  greatest = Number.NEGATIVE_INFINITY
  events = 0
  segments: SegmentRow[]
  nextChunk: number
  nextSegment: number
  #hasStrays: boolean
  readonly #statements: Record<
    | 'batch'
    | 'addBatch'
    | 'addChunk'
    | 'addRevisions'
    | 'addAdditions'
    | 'addRun'
    | 'addStray'
    | 'runBelow'
    | 'reaches'
    | 'stray'
    | 'strayBetween'
    | 'chunk'
    | 'revisions'
    | 'batchName'
    | 'addSegment'
    | 'dropSegment'
    | 'count'
    | 'counts',
    StatementSync
  >

  constructor(name: string, category: Category, database: DatabaseSync, generation: number) {
    this.name = name
    this.category = category
    this.database = database
    this.generation = generation
    const prepare = (sql: string): StatementSync => database.prepare(sql)
    this.#statements = {
      batch: prepare('SELECT n, outcome FROM batches WHERE agent = ? AND incarnation = ? AND sequence = ?'),
      addBatch: prepare('INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?)'),
      addChunk: prepare('INSERT INTO chunks (id, batch, first, positions, bytes) VALUES (?, ?, ?, ?, ?)'),
      addRevisions: prepare('INSERT INTO revisions VALUES (?, ?)'),
      addAdditions: prepare('INSERT INTO additions VALUES (?, ?)'),
      addRun: prepare('INSERT INTO runs VALUES (?, ?, ?)'),
      addStray: prepare('INSERT INTO strays VALUES (?, ?)'),
      runBelow: prepare(
        `SELECT ${RUN_END} AS last, chunk FROM runs WHERE first <= ? ORDER BY first DESC LIMIT 1`,
      ),
      reaches: prepare(
        `SELECT ${RUN_END} >= ?1 AS reaches FROM runs WHERE first <= ?2 ORDER BY first DESC LIMIT 1`,
      ),
      stray: prepare('SELECT chunk FROM strays WHERE id = ?'),
      strayBetween: prepare('SELECT 1 FROM strays WHERE id BETWEEN ? AND ? LIMIT 1'),
      chunk: prepare(SELECT_CHUNK),
      revisions: prepare('SELECT lines FROM revisions WHERE chunk = ?'),
      batchName: prepare('SELECT agent, incarnation, sequence FROM batches WHERE n = ?'),
      addSegment: prepare('INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?)'),
      dropSegment: prepare('DELETE FROM segments WHERE id = ?'),
      count: prepare(insertCounts(1)),
      counts: prepare(insertCounts(COUNTS_AT_ONCE)),
    }
    // Each event is in one segment.
    const span = database
      .prepare('SELECT min(least) AS least, max(greatest) AS greatest, sum(docs) AS events FROM segments')
      .get()
    if (span?.events !== null) {
      this.least = Number(span?.least)
      this.greatest = Number(span?.greatest)
      this.events = Number(span?.events)
    }
    this.segments = database
      .prepare('SELECT id, docs, content IS NULL AS file, fields FROM segments ORDER BY id')
      .all()
      .map((row) => ({
        id: Number(row.id),
        docs: Number(row.docs),
        inFile: Number(row.file) === 1,
        fields: Number(row.fields),
      }))
    this.#hasStrays = database.prepare('SELECT 1 FROM strays LIMIT 1').get() !== undefined
    const greatest = (sql: string): number => Number(database.prepare(sql).get()?.greatest ?? 0)
    this.nextChunk = greatest('SELECT max(id) AS greatest FROM chunks') + 1
    this.nextSegment = greatest('SELECT max(id) AS greatest FROM segments') + 1
  }

  /** Whether it is written as it is to rest. */
  get isPacked(): boolean {
    return isPacked(this.database, this.generation)
  }

  /** Packs lines that came in small chunks, once there are many. */
  gather(): void {
    if (this.#small?.areMany !== true) return
    this.#isLogEmpty = false
    this.#small.gather()
  }

  /** Moves what is in the write-ahead log into the database, and empties it; false while somebody reads it. */
  emptyLog(): boolean {
    this.#isLogEmpty ||= emptyLog(this.database)
    return this.#isLogEmpty
  }

  get row(): PartitionRow {
    const { name, category, least, greatest, events, generation } = this
    return { name, category, least, greatest, events, generation }
  }

  /** Returns a batch that was stored here before, or null. */
  batch(agent: string, incarnation: string, sequence: number): { n: number; outcome: Outcome } | null {
    const row = this.#statements.batch.get(agent, incarnation, sequence)
    if (row === undefined) return null
    return { n: Number(row.n), outcome: outcomeIn(String(row.outcome)) }
  }

  /** Whether it has lines under this key that are not those of this batch. */
  holdsOther(agent: string, incarnation: string, sequence: number, lines: Buffer): boolean {
    const known = this.batch(agent, incarnation, sequence)
    if (known === null) return false
    const ends: number[] = []
    for (let end = lines.indexOf(10); end !== -1; end = lines.indexOf(10, end + 1)) ends.push(end)
    const ids = this.database.prepare('SELECT id FROM chunks WHERE batch = ?').all(known.n)
    return ids.some(({ id }) => {
      const chunk = this.#open(Number(id))
      return Array.from({ length: chunk.lines }, (_, index) => index).some((index) => {
        const position = chunk.position(index)
        const line = lines.subarray(position === 0 ? 0 : ends[position - 1]! + 1, ends[position])
        return position >= ends.length || !line.equals(chunk.line(index))
      })
    })
  }

  addBatch(n: number, batch: StoreBatch, outcome: Outcome): void {
    const { agent, incarnation, sequence } = batch.manifest
    this.#statements.addBatch.run(n, agent, incarnation, sequence, batch.ingested, shortened(outcome))
  }

  /** Adds the batch of a dead letter that is stored at last, if nothing else of that batch is here. */
  addReplayed(
    n: number,
    batch: { agent: string; incarnation: string; sequence: number; ingested: number },
  ): void {
    const { agent, incarnation, sequence, ingested } = batch
    this.#statements.addBatch.run(n, agent, incarnation, sequence, ingested, shortened(NO_OUTCOME))
  }

  /** Whether any batch in it was taken in at this time or later. */
  holdsSince(time: number): boolean {
    return this.database.prepare('SELECT 1 FROM batches WHERE ingested >= ? LIMIT 1').get(time) !== undefined
  }

  /** Whether any id of this partition may lie from one to another. */
  touches(from: Buffer, to: Buffer): boolean {
    const run = this.#statements.reaches.get(from, to)
    if (run !== undefined && run.reaches === 1) return true
    return this.#hasStrays && this.#statements.strayBetween.get(from, to) !== undefined
  }

  /**
   * Finds an id in this partition. `found` is null if it is not stored. `within` means that it lies within a run's range without being
   * stored in it.
   */
  find(id: string): { found: Found | null; within: boolean } {
    const key = idBytes(id)
    const stray = this.#hasStrays ? this.#statements.stray.get(key) : undefined
    if (stray !== undefined) return { found: this.#inChunk(Number(stray.chunk), id), within: true }
    const run = this.#statements.runBelow.get(key)
    if (run === undefined || Buffer.compare(run.last as Uint8Array, key) < 0)
      return { found: null, within: false }
    return { found: this.#inChunk(Number(run.chunk), id), within: true }
  }

  #inChunk(id: number, event: string): Found | null {
    const chunk = this.#open(id)
    const line = chunk.find(event)
    if (line === -1) return null
    const row = this.#statements.batchName.get(chunk.batch)
    const where =
      row === undefined
        ? this.name
        : `waybill ${String(row.sequence)} of ${String(row.agent)}, incarnation ${String(row.incarnation)}, position ${chunk.position(line)}`
    const bytes = chunk.line(line)
    return { agent: String(row?.agent ?? ''), leaf: leafHash(bytes), line: bytes, where }
  }

  #opened: { id: number; chunk: Chunk } | null = null

  /** The chunk opened last stays open: the ids of a batch sent again lie side by side. */
  #open(id: number): Chunk {
    if (this.#opened?.id === id) return this.#opened.chunk
    const row = this.#statements.chunk.get(id)
    if (row === undefined) throw new Error(`${this.name} has no chunk ${id}`)
    const revisions = this.#statements.revisions.get(id)?.lines as Uint8Array | undefined
    const chunk = chunkOf(row, { revisions }, (block) => this.#block(block))
    this.#opened = { id, chunk }
    return chunk
  }

  #openedBlock: { id: number; lines: PackedLines } | null = null

  #block(id: number): PackedLines {
    if (this.#openedBlock?.id !== id) {
      const row = this.database.prepare('SELECT bytes FROM blocks WHERE id = ?').get(id)
      if (row === undefined) throw new Error(`${this.name} has no block ${id}`)
      this.#openedBlock = { id, lines: new PackedLines(row.bytes as Uint8Array) }
    }
    return this.#openedBlock.lines
  }

  /**
   * Writes the lines and their ids. `revisions` are kept under ids of their own, which the parcel has already; `strays` are events whose
   * ids lie within a run; `alone` those that must not make a run with their neighbours, since a run that is there lies between.
   */
  place(
    n: number,
    prepared: Prepared,
    parcel: PreparedEvents,
    kept: readonly number[],
    ids: {
      readonly revisions: ReadonlyMap<number, Renamed>
      readonly strays: ReadonlySet<number>
      readonly alone: boolean
    },
  ): PlacedDocs {
    const chunks = new Uint32Array(kept.length)
    const lines = new Uint16Array(kept.length)
    for (let from = 0; from < kept.length; ) {
      let size = 0
      let to = from
      while (to < kept.length && (to === from || size < CHUNK_BYTES)) {
        const event = kept[to++]!
        size += parcel.ends[event]! - parcel.starts[event]! + 1
      }
      this.#small ??= new SmallChunks(this.database)
      const id = this.nextChunk++
      const members = kept.slice(from, to)
      this.#small.add(id, size)
      this.#putChunk(id, n, prepared, parcel, members, size)
      this.#putAdditions(id, parcel, members)
      const revised =
        ids.revisions.size === 0
          ? []
          : members.flatMap((event, line) => {
              const renamed = ids.revisions.get(event)
              return renamed === undefined ? [] : [markedLine(line, renamed.how)]
            })
      if (revised.length > 0)
        this.#statements.addRevisions.run(id, Buffer.from(Uint16Array.from(revised).buffer))
      this.#putIds(id, parcel, members, ids)
      for (let i = from; i < to; i++) {
        chunks[i] = id
        lines[i] = i - from
      }
      from = to
    }
    return { parcel, prepared, kept, chunks, lines }
  }

  #putChunk(
    id: number,
    n: number,
    prepared: Prepared,
    parcel: PreparedEvents,
    members: readonly number[],
    size: number,
  ): void {
    const first = members[0]!
    const last = members[members.length - 1]!
    const start = parcel.starts[first]!
    const end = parcel.ends[last]!
    let bytes = prepared.lines.subarray(start, end)
    // Lines of another category, or dead ones, lie between.
    if (end - start !== size - 1) {
      if (gathered.length < size) gathered = Buffer.allocUnsafe(size)
      bytes = gathered.subarray(0, size - 1)
      let at = 0
      for (const event of members) {
        if (at > 0) bytes[at++] = 10
        at += prepared.lines.copy(bytes, at, parcel.starts[event]!, parcel.ends[event]!)
      }
    }
    const firstPosition = parcel.positions[first]!
    const inARow = parcel.positions[last]! - firstPosition === members.length - 1
    const positions = inARow ? null : new Uint16Array(members.length)
    if (positions !== null)
      for (let line = 0; line < members.length; line++) positions[line] = parcel.positions[members[line]!]!
    this.#statements.addChunk.run(
      id,
      n,
      firstPosition,
      positions === null ? null : Buffer.from(positions.buffer),
      compressed(bytes),
    )
  }

  #putAdditions(chunk: number, { added }: PreparedEvents, members: readonly number[]): void {
    if (!members.some((event) => added[event] !== NOTHING_ADDED)) return
    const lines = members.map((event) => added[event]).join('\n')
    this.#statements.addAdditions.run(chunk, compressed(Buffer.from(lines)))
  }

  #putIds(
    chunk: number,
    parcel: PreparedEvents,
    members: readonly number[],
    { strays, alone }: { readonly strays: ReadonlySet<number>; readonly alone: boolean },
  ): void {
    let first = -1
    let last = -1
    const end = (): void => {
      const until = first === last ? NO_ID : parcel.idBytes(last)
      if (first !== -1) this.#statements.addRun.run(parcel.idBytes(first), until, chunk)
      first = -1
    }
    for (const event of members) {
      if (strays.has(event)) {
        this.#statements.addStray.run(parcel.idBytes(event), chunk)
        this.#hasStrays = true
        continue
      }
      if (first !== -1 && (alone || !parcel.follows(last, event))) end()
      if (first === -1) first = event
      last = event
    }
    end()
  }

  addSegment(segment: BuiltSegment): void {
    const id = this.nextSegment++
    this.#isLogEmpty = false
    this.#fields ??= listOf(this.database)
    const fields = this.#fields
    this.#statements.addSegment.run(
      id,
      segment.docs,
      segment.least,
      segment.greatest,
      segment.bytes.length,
      segment.bytes,
      fields,
    )
    this.segments.push({ id, docs: segment.docs, inFile: false, fields })
  }

  /** Puts a merged segment in the place of those it was made of. */
  replaceSegments(
    old: readonly number[],
    merged: {
      id: number
      fields: number
      docs: number
      least: number
      greatest: number
      bytes: number
      content: Uint8Array | null
    },
  ): void {
    this.#isLogEmpty = false
    for (const id of old) this.#statements.dropSegment.run(id)
    const { id, docs, least, greatest, bytes, content, fields } = merged
    this.#statements.addSegment.run(id, docs, least, greatest, bytes, content, fields)
  }

  addCounts(counting: HourlyCounts): void {
    const { count, counts } = this.#statements
    const pending: (number | string)[] = []
    counting.each((...row) => {
      if (pending.push(...row) === COUNTS_AT_ONCE * row.length) counts.run(...pending.splice(0))
    })
    while (pending.length > 0) count.run(...pending.splice(0, 4))
  }

  close(): void {
    this.database.close()
  }
}
