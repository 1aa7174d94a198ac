import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type AuditEvent, eventWords } from '../../../../schema/index.ts'
import { Latest } from '../../../latest.ts'
import { StoreUnavailableError } from '../../port.ts'
import { shownEvent } from '../../shown-event.ts'
import { type Chunk, chunkOf, PackedLines, SELECT_CHUNK, segmentFile } from '../disk/index.ts'
import {
  FacetBook,
  FIRST_FIELDS,
  fileSource,
  MemorySource,
  Segment,
  type Source,
  TextBooks,
  type Ways,
  waysOf,
} from '../index/index.ts'
import { type RollUp, rolledUp } from './aggregate/roll-up.ts'

/** Thrown when a segment was merged away between being listed and being opened: the search starts again. */
export class SegmentGoneError extends Error {
  override name = 'SegmentGoneError'
}

/** A partition expired between being listed and being opened. */
export class PartitionGoneError extends Error {
  override name = 'PartitionGoneError'
}

interface BatchRow {
  readonly n: number
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly ingested: string
}

const BATCHES_KNOWN = 1024
/** Chunks of all partitions together: 16 MB. */
const CHUNKS_OPEN = 256
/** Bytes of what a thread has counted before. Beyond them, segments are counted by documents. */
const MOST_ROLLED = 64 * 1024 * 1024

/** Blocks at rest of all partitions together: some 20 MB. A page of results may be from as many blocks as it has events. */
const BLOCKS_OPEN = 128

/** The state that the partitions of one thread share. */
export interface Shared {
  readonly facets: FacetBook
  readonly texts: TextBooks
  readonly chunks: Latest<string, Chunk>
  readonly blocks: Latest<string, PackedLines>
  /** Bytes of what was counted before. */
  rolled: number
}

export const newShared = (chunks = CHUNKS_OPEN): Shared => ({
  facets: new FacetBook(),
  texts: new TextBooks(),
  chunks: new Latest(chunks),
  blocks: new Latest(BLOCKS_OPEN),
  rolled: 0,
})

/** Counts of a segment, which never change. */
interface Counted {
  /** Null if it would have too many groups. */
  rollUp: RollUp | null | undefined
  readonly tallies: Map<string, Uint32Array>
  bytes: number
}

/** A partition as the threads that only read see it. */
export class PartitionView {
  readonly name: string
  readonly generation: number
  readonly database: DatabaseSync
  readonly #folder: string
  readonly #shared: Shared
  readonly #segments = new Map<number, Segment>()
  /** The bytes of those that lie in the database. */
  readonly #contents = new Map<number, MemorySource>()
  readonly #counted = new Map<number, Counted>()
  readonly #batches = new Latest<number, BatchRow>(BATCHES_KNOWN)
  readonly #list: StatementSync
  readonly #fields: StatementSync
  readonly #block: StatementSync
  readonly #content: StatementSync
  readonly #chunk: StatementSync
  readonly #revisions: StatementSync
  readonly #additions: StatementSync
  readonly #batch: StatementSync

  constructor(
    { name, generation }: { readonly name: string; readonly generation: number },
    folder: string,
    database: DatabaseSync,
    shared: Shared,
  ) {
    this.name = name
    this.generation = generation
    this.#folder = folder
    this.database = database
    this.#shared = shared
    this.#list = database.prepare('SELECT id, docs, least, greatest, bytes FROM segments')
    this.#fields = database.prepare(
      'SELECT segments.fields, list FROM segments LEFT JOIN fields ON n = segments.fields WHERE id = ?',
    )
    this.#block = database.prepare('SELECT bytes FROM blocks WHERE id = ?')
    this.#content = database.prepare('SELECT content FROM segments WHERE id = ?')
    this.#chunk = database.prepare(SELECT_CHUNK)
    this.#revisions = database.prepare('SELECT lines FROM revisions WHERE chunk = ?')
    this.#additions = database.prepare('SELECT bytes FROM additions WHERE chunk = ?')
    this.#batch = database.prepare(
      'SELECT n, agent, incarnation, sequence, ingested FROM batches WHERE n = ?',
    )
  }

  segments(): { id: number; docs: number; least: number; greatest: number; bytes: number }[] {
    const listed = this.#list.all().map((row) => ({
      id: Number(row.id),
      docs: Number(row.docs),
      least: Number(row.least),
      greatest: Number(row.greatest),
      bytes: Number(row.bytes),
    }))
    const live = new Set(listed.map(({ id }) => id))
    for (const [id, segment] of this.#segments) {
      if (live.has(id)) continue
      segment.close()
      this.#segments.delete(id)
      this.#contents.delete(id)
      this.#forgetCounts(id)
    }
    return listed
  }

  segment(id: number): Segment {
    let segment = this.#segments.get(id)
    if (segment === undefined) {
      const { facets, texts } = this.#shared
      segment = new Segment(this.#source(id), facets, texts, this.#waysOf(id))
      this.#segments.set(id, segment)
    }
    return segment
  }

  /** Returns the ways of the list of fields that the segment was written with. */
  #waysOf(id: number): Ways {
    const row = this.#fields.get(id)
    if (row === undefined) throw new SegmentGoneError()
    return waysOf(row.fields === 0 ? FIRST_FIELDS : String(row.list))
  }

  /** Returns the roll-up of a segment, made at the first request; null if there is none. */
  rollUp(id: number, mayMake: () => boolean): RollUp | null {
    const counted = this.#countedOf(id)
    if (counted.rollUp !== undefined) return counted.rollUp
    if (this.#shared.rolled >= MOST_ROLLED || !mayMake()) return null
    counted.rollUp = rolledUp(this.segment(id))
    this.#grow(
      counted,
      counted.rollUp === null ? 0 : counted.rollUp.byHour.bytes + counted.rollUp.total.bytes,
    )
    return counted.rollUp
  }

  /** The number of a segment's documents with each text of a held field, by ordinal, if it was kept. */
  tally(id: number, field: string): Uint32Array | undefined {
    return this.#counted.get(id)?.tallies.get(field)
  }

  keepTally(id: number, field: string, tally: Uint32Array): void {
    if (this.#shared.rolled >= MOST_ROLLED) return
    const counted = this.#countedOf(id)
    counted.tallies.set(field, tally)
    this.#grow(counted, tally.byteLength)
  }

  #countedOf(id: number): Counted {
    let counted = this.#counted.get(id)
    if (counted === undefined) {
      counted = { rollUp: undefined, tallies: new Map(), bytes: 0 }
      this.#counted.set(id, counted)
    }
    return counted
  }

  #grow(counted: Counted, bytes: number): void {
    counted.bytes += bytes
    this.#shared.rolled += bytes
  }

  #forgetCounts(id: number): void {
    this.#shared.rolled -= this.#counted.get(id)?.bytes ?? 0
    this.#counted.delete(id)
  }

  #source(id: number): Source {
    const bytes = this.#contentOf(id)
    if (bytes === null) return this.#file(id)
    const source = new MemorySource(bytes, () => {
      const again = this.#contentOf(id)
      if (again === null) throw new SegmentGoneError()
      return again
    })
    this.#contents.set(id, source)
    return source
  }

  /** Null if the segment is a file. */
  #contentOf(id: number): Buffer | null {
    const row = this.#content.get(id)
    if (row === undefined) throw new SegmentGoneError()
    if (!(row.content instanceof Uint8Array)) return null
    const { buffer, byteOffset, byteLength } = row.content
    return Buffer.from(buffer, byteOffset, byteLength)
  }

  #file(id: number): ReturnType<typeof fileSource> {
    const path = join(this.#folder, segmentFile(this.name, id))
    try {
      return fileSource(path)
    } catch (thrown) {
      if (existsSync(path)) throw thrown
      if (this.#content.get(id) === undefined) throw new SegmentGoneError()
      throw new StoreUnavailableError(
        `${path} is missing, so ${this.name} can't be searched; restore it from a backup`,
      )
    }
  }

  chunk(id: number): Chunk {
    return this.#shared.chunks.get(`${this.name}/${this.generation}/${id}`, () => {
      const row = this.#chunk.get(id)
      if (row === undefined) throw new Error(`${this.name} has no chunk ${id}`)
      const beside = {
        revisions: this.#revisions.get(id)?.lines as Uint8Array | undefined,
        additions: this.#additions.get(id)?.bytes as Uint8Array | undefined,
      }
      return chunkOf(row, beside, (block) => this.#linesOf(block))
    })
  }

  #linesOf(block: number): PackedLines {
    return this.#shared.blocks.get(`${this.name}/${this.generation}/${block}`, () => {
      const row = this.#block.get(block)
      if (row === undefined) throw new Error(`${this.name} has no block ${block}`)
      return new PackedLines(row.bytes as Uint8Array)
    })
  }

  /** Bytes of segments that are in memory. */
  get memory(): number {
    let bytes = 0
    for (const source of this.#contents.values()) bytes += source.held
    return bytes
  }

  /** Releases the segments' bytes. It must not be called while a question is being answered. */
  relax(): void {
    for (const [id, source] of this.#contents) {
      source.close()
      this.#segments.get(id)?.forget()
    }
  }

  batchOf(n: number): BatchRow {
    return this.#batches.get(n, () => {
      const row = this.#batch.get(n)
      if (row === undefined) throw new Error(`${this.name} has no batch ${n}`)
      return {
        n,
        agent: String(row.agent),
        incarnation: String(row.incarnation),
        sequence: Number(row.sequence),
        ingested: new Date(Number(row.ingested)).toISOString(),
      }
    })
  }

  /** An event with what the indexer adds, all but its words. */
  event(chunk: number, line: number): AuditEvent {
    const opened = this.chunk(chunk)
    return shownEvent(opened.line(line), {
      ...this.batchOf(opened.batch),
      position: opened.position(line),
      revision: opened.revision(line),
      additions: opened.additions(line),
    })
  }

  close(): void {
    for (const id of this.#counted.keys()) this.#forgetCounts(id)
    for (const segment of this.#segments.values()) segment.close()
    this.database.close()
  }
}

/** An event as stored: what was sealed, and all that the indexer adds. */
export function asStored(event: AuditEvent): AuditEvent {
  const audit = event.audit as Record<string, unknown>
  audit.words = eventWords(event).join(' ')
  return event
}
