import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Additions, leafHash, ownEventId, revisionEventId } from '../../../../schema/index.ts'

/**
 * Events lie as they were shipped, lines of one batch and category together in compressed chunks. Of 1.5 KB lines, chunks of
 * 64 KB compress to a seventh at 3.2 µs an event; smaller ones cost more (32 KB: 4.1 µs), greater ones make each read dearer.
 */
export const CHUNK_BYTES = 65_536
const NEWLINE = 10

/**
 * Tables made for a chunk of so many bytes, not for a stream: they are made anew for each. Events repeat each other in long pieces, so
 * that short ones are not looked for: 3.1 µs an event instead of 3.6, and no larger.
 */
const PARAMETERS = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_windowLog]: 16,
  [constants.ZSTD_c_hashLog]: 12,
  [constants.ZSTD_c_minMatch]: 7,
}

/** Room for what comes out, mostly in one piece. Room for as much as goes in cost a fifth more. */
const COMPRESSED_BYTES = 16_384

export const compressed = (lines: Buffer): Buffer =>
  zstdCompressSync(lines, {
    chunkSize: COMPRESSED_BYTES,
    pledgedSrcSize: lines.length,
    params: PARAMETERS,
  })

/**
 * How the id of an event follows that has another one than was sealed. `revision`: another content under a known id. `own`: its id is another
 * agent's. `own-revision`: the same, and the agent has an event under its own one already.
 */
const RENAMED = ['revision', 'own', 'own-revision'] as const
export interface Renamed {
  readonly id: string
  readonly how: (typeof RENAMED)[number]
}

/** A line's number and how its id follows, in 16 bits: a batch has at most 8,192 lines. */
const HOW_SHIFT = 14
const LINE_MASK = (1 << HOW_SHIFT) - 1
export const markedLine = (line: number, how: Renamed['how']): number =>
  line | (RENAMED.indexOf(how) << HOW_SHIFT)

/** Lines that are read one by one. */
interface Lines {
  readonly count: number
  /** Without its newline. */
  line(index: number): Buffer
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
    return { count: Number(row.lines), line: (index) => block.line(first + index) }
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
  readonly #revisions = new Map<number, { readonly how: Renamed['how']; id: string | null }>()
  readonly #compressedAdditions: Uint8Array | undefined
  #additions: readonly string[] | null = null
  /** Which line has which sealed id, once one was looked for. */
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

  /** Without its newline. */
  line(index: number): Buffer {
    return this.#lines.line(index)
  }

  /** What enrichment added to the event of a line; null where it is nothing. */
  additions(index: number): Additions | null {
    if (this.#compressedAdditions === undefined) return null
    this.#additions ??= zstdDecompressSync(this.#compressedAdditions).toString('utf8').split('\n')
    const text = this.#additions[index] ?? ''
    return text === '' ? null : (JSON.parse(text) as Additions)
  }

  /** Place of a line in its waybill. */
  position(index: number): number {
    return this.#positions === null ? this.#first + index : this.#positions[index]!
  }

  /** The line of this event; -1 where there is none. */
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

  /** The own id of a line that is a revision; null where it is none. */
  revision(index: number): string | null {
    const known = this.#revisions.get(index)
    if (known === undefined) return null
    known.id ??= renamedId(this.line(index), known.how)
    return known.id
  }

  #sealedId(index: number): string {
    return sealedIn(this.line(index)).event.id
  }
}

const sealedIn = (line: Buffer) =>
  JSON.parse(line.toString('utf8')) as { event: { id: string }; agent?: { id?: string } }

/** The id that an event has in place of the one that was sealed. */
export function renamedId(line: Buffer, how: Renamed['how']): string {
  const { event, agent } = sealedIn(line)
  if (how === 'revision') return revisionEventId(event.id, leafHash(line))
  return ownEventId(event.id, agent?.id ?? '', how === 'own' ? undefined : leafHash(line))
}
