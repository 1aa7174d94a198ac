import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Additions } from '../../../../schema/index.ts'
import type { Renaming } from '../../port.ts'
import { renamedId } from '../../renamed.ts'

/**
 * Events lie as they were shipped, lines of one batch and category together in compressed chunks. Of 1.5 KB lines, chunks of
 * 64 KB compress to a seventh at 3.2 µs an event; smaller ones cost more (32 KB: 4.1 µs), greater ones make each read dearer.
 */
export const CHUNK_BYTES = 65_536
const NEWLINE = 10

/**
 * zstd parameters for a single chunk rather than a stream, since the tables are built anew for each chunk. Events repeat each other in long
 * pieces, so the search skips short matches: it takes 3.1 µs an event instead of 3.6, and the result is no larger.
 */
const PARAMETERS = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_windowLog]: 16,
  [constants.ZSTD_c_hashLog]: 12,
  [constants.ZSTD_c_minMatch]: 7,
}

/** The initial room for the output, mostly enough for one piece. Room for as much as the input cost a fifth more. */
const COMPRESSED_BYTES = 16_384

export const compressed = (lines: Buffer): Buffer =>
  zstdCompressSync(lines, {
    chunkSize: COMPRESSED_BYTES,
    pledgedSrcSize: lines.length,
    params: PARAMETERS,
  })

/** In the order of the numbers on the disk. */
const RENAMED = ['revision', 'own', 'own-revision'] as const satisfies readonly Renaming[]
export interface Renamed {
  readonly id: string
  readonly how: Renaming
}

/** A line's number and how its id follows, in 16 bits: a batch has at most 8,192 lines. */
const HOW_SHIFT = 14
const LINE_MASK = (1 << HOW_SHIFT) - 1
export const markedLine = (line: number, how: Renaming): number => line | (RENAMED.indexOf(how) << HOW_SHIFT)

/** Lines that are read individually. */
interface Lines {
  readonly count: number
  /** The line without its newline. */
  line(index: number): Buffer
  /** Writes it into memory that is there; returns its end, or -1 if it has no room. */
  write(index: number, into: Buffer, at: number): number
}

/** Lines one behind the other. */
class PlainLines implements Lines {
  readonly #bytes: Buffer
  readonly #starts: number[] = [0]

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1))
      this.#starts.push(at + 1)
  }

  get count(): number {
    return this.#starts.length
  }

  line(index: number): Buffer {
    const end = this.#starts[index + 1]
    return this.#bytes.subarray(this.#starts[index]!, end === undefined ? this.#bytes.length : end - 1)
  }

  write(index: number, into: Buffer, at: number): number {
    const line = this.line(index)
    return line.length > into.length - at ? -1 : at + line.copy(into, at)
  }
}

/** A chunk's row, wherever its lines are. */
export const SELECT_CHUNK =
  'SELECT batch, first, positions, bytes, block, line, lines FROM chunks WHERE id = ?'

/** A chunk of a row of `SELECT_CHUNK`; `blockOf` opens the block that its lines are in at rest. */
export function chunkOf(
  row: Record<string, unknown>,
  beside: { readonly revisions: Uint8Array | undefined; readonly additions?: Uint8Array | undefined },
  blockOf: (id: number) => Lines,
): Chunk {
  const lines = (): Lines => {
    if (row.block === null) return new PlainLines(zstdDecompressSync(row.bytes as Uint8Array))
    const block = blockOf(Number(row.block))
    const first = Number(row.line)
    return {
      count: Number(row.lines),
      line: (index) => block.line(first + index),
      write: (index, into, at) => block.write(first + index, into, at),
    }
  }
  return new Chunk({
    batch: Number(row.batch),
    first: Number(row.first),
    positions: row.positions as Uint8Array | null,
    ...beside,
    lines: lines(),
  })
}

/** A chunk opened for reading. */
export class Chunk {
  readonly #lines: Lines
  readonly #first: number
  readonly #positions: Uint16Array | null
  /** Lines that have another id than was sealed, with it once it was asked for. */
  readonly #revisions = new Map<number, { readonly how: Renaming; id: string | null }>()
  readonly #compressedAdditions: Uint8Array | undefined
  #additions: readonly string[] | null = null
  /** The line of each sealed id, built at the first lookup. */
  #places: Map<string, number> | null = null
  /** The batch's row in the partition. */
  readonly batch: number

  constructor(row: {
    batch: number
    first: number
    positions: Uint8Array | null
    revisions: Uint8Array | undefined
    additions?: Uint8Array | undefined
    lines: Lines
  }) {
    this.batch = row.batch
    this.#first = row.first
    this.#positions = row.positions === null ? null : new Uint16Array(new Uint8Array(row.positions).buffer)
    if (row.revisions !== undefined) {
      for (const marked of new Uint16Array(new Uint8Array(row.revisions).buffer))
        this.#revisions.set(marked & LINE_MASK, {
          how: RENAMED[marked >>> HOW_SHIFT] ?? 'revision',
          id: null,
        })
    }
    this.#compressedAdditions = row.additions
    this.#lines = row.lines
  }

  /** Number of lines. */
  get lines(): number {
    return this.#lines.count
  }

  /** Returns the line without its newline. */
  line(index: number): Buffer {
    return this.#lines.line(index)
  }

  /** Writes the line without its newline into memory that is there; returns its end, or -1 if it has no room. */
  write(index: number, into: Buffer, at: number): number {
    return this.#lines.write(index, into, at)
  }

  /** The enrichment's additions to the event of a line, or null. */
  additions(index: number): Additions | null {
    const text = this.addedText(index)
    return text === '' ? null : (JSON.parse(text) as Additions)
  }

  /** Place of a line in its waybill. */
  position(index: number): number {
    return this.#positions === null ? this.#first + index : this.#positions[index]!
  }

  /** Returns the line of this event, or -1. */
  find(id: string): number {
    for (const index of this.#revisions.keys()) if (this.revision(index) === id) return index
    if (this.#places === null) {
      this.#places = new Map()
      for (let index = this.lines - 1; index >= 0; index--)
        if (!this.#revisions.has(index)) this.#places.set(this.#sealedId(index), index)
    }
    return this.#places.get(id) ?? -1
  }

  /** The id under which the event is known: that of its line, or its own as a revision. */
  id(index: number): string {
    return this.revision(index) ?? this.#sealedId(index)
  }

  /** How the id of a line follows from the sealed one; null if it is that. */
  renaming(index: number): Renaming | null {
    return this.#revisions.get(index)?.how ?? null
  }

  /** The additions to the event of a line as they are kept, as JSON; empty if there are none. */
  addedText(index: number): string {
    if (this.#compressedAdditions === undefined) return ''
    this.#additions ??= zstdDecompressSync(this.#compressedAdditions).toString('utf8').split('\n')
    return this.#additions[index] ?? ''
  }

  /** Returns the own id of a line that is a revision, or null. */
  revision(index: number): string | null {
    const known = this.#revisions.get(index)
    if (known === undefined) return null
    known.id ??= renamedId(this.line(index), known.how)
    return known.id
  }

  #sealedId(index: number): string {
    return (JSON.parse(this.line(index).toString('utf8')) as { event: { id: string } }).event.id
  }
}
