import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import type { ReportFormat } from '../../../schema/api/index.ts'
import { reasonOf } from '../../../schema/index.ts'
import { HTML_ROWS, HTML_ROWS_END } from './html.ts'
import type { Piece, WrittenFile } from './index.ts'
import { JSON_ROWS } from './json.ts'
import { PIECE_MARK } from './pdf/file.ts'
import { cutAfter, cutRest } from './rows.ts'
import { partName, ZIP_LIST, ZIP_MARKS } from './zip.ts'

/**
 * Computes the pieces of a file again, so that `verify` can name the one that was changed. It reads a file of any size in blocks, and a
 * damaged one as far as it makes sense: pieces that are not there are missing, and those around a damage have other hashes.
 */
export type FoundPieces = { readonly pieces: readonly Piece[] } | { readonly problem: string }

/** The proof of a PDF belongs to no piece. */
export function piecesOf(
  path: string,
  format: ReportFormat,
  { proof = null }: { proof?: WrittenFile['proof'] } = {},
): FoundPieces {
  const pieces = new Pieces()
  try {
    const problem = READERS[format](new Blocks(path, proof), pieces)
    return problem === null ? { pieces: pieces.found } : { problem: `${path} ${problem}` }
  } catch (thrown) {
    return { problem: `${path} can not be read: ${reasonOf(thrown)}` }
  }
}

/** Hashes what it is given, until a piece ends. */
class Pieces {
  readonly found: Piece[] = []
  #hash = createHash('sha256')
  #bytes = 0

  take(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#bytes += bytes.length
  }

  cut(is: string): void {
    this.found.push({ is, sha256: this.#hash.digest('hex') })
    this.#hash = createHash('sha256')
    this.#bytes = 0
  }

  get isEmpty(): boolean {
    return this.#bytes === 0
  }
}

const BLOCK_BYTES = 1 << 20

/** The content of a file in blocks, without the room of the proof. */
class Blocks {
  readonly #path: string
  readonly #proof: WrittenFile['proof']

  constructor(path: string, proof: WrittenFile['proof']) {
    this.#path = path
    this.#proof = proof
  }

  *[Symbol.iterator](): Generator<Buffer> {
    const file = openSync(this.#path, 'r')
    try {
      let at = 0
      for (;;) {
        const room = this.#proof
        if (room !== null && at === room.offset) at += room.length
        const most = room !== null && at < room.offset ? Math.min(BLOCK_BYTES, room.offset - at) : BLOCK_BYTES
        const buffer = Buffer.allocUnsafe(most)
        const count = readSync(file, buffer, 0, most, at)
        if (count === 0) return
        at += count
        yield buffer.subarray(0, count)
      }
    } finally {
      closeSync(file)
    }
  }
}

type Reader = (blocks: Blocks, pieces: Pieces) => string | null

const READERS: Readonly<Record<ReportFormat, Reader>> = {
  csv: readCsv,
  ndjson: (blocks, pieces) => {
    const rows = new RowCount(pieces)
    for (const line of lines(blocks)) rows.add(line)
    rows.rest()
    return null
  },
  json: (blocks, pieces) =>
    readRows(blocks, pieces, {
      begins: '{"document":',
      rows: JSON_ROWS,
      rowsEnd: ']}\n',
      before: 'the document before the rows',
      problem: 'is no report in JSON.',
    }),
  html: (blocks, pieces) =>
    readRows(blocks, pieces, {
      begins: '<!doctype html>\n',
      rows: HTML_ROWS,
      rowsEnd: HTML_ROWS_END,
      before: 'what is before the events',
      problem: 'is no report in HTML.',
    }),
  xlsx: (blocks, pieces) => readMarked(blocks, pieces, ZIP_PARTS),
  pdf: (blocks, pieces) => readMarked(blocks, pieces, PDF_PARTS),
}

/** Counts rows as the writers do. */
class RowCount {
  readonly #pieces: Pieces
  count = 0

  constructor(pieces: Pieces) {
    this.#pieces = pieces
  }

  add(line: Uint8Array): void {
    this.#pieces.take(line)
    cutAfter(this.#pieces, ++this.count)
  }

  rest(): void {
    cutRest(this.#pieces, this.count)
  }
}

const NEWLINE = 10
const QUOTE = 34

/** Lines with their newline; `quoted` newlines of CSV end none. */
function* lines(blocks: Blocks, quoted = false): Generator<Buffer> {
  let rest: Buffer[] = []
  let within = false
  for (const block of blocks) {
    let from = 0
    let at = 0
    let quote = quoted ? block.indexOf(QUOTE) : -1
    for (;;) {
      const newline = block.indexOf(NEWLINE, at)
      const end = newline === -1 ? block.length : newline + 1
      for (; quote !== -1 && quote < end; quote = block.indexOf(QUOTE, quote + 1)) within = !within
      at = end
      if (newline === -1) break
      if (within) continue
      const line = block.subarray(from, end)
      yield rest.length === 0 ? line : Buffer.concat([...rest, line])
      rest = []
      from = end
    }
    if (from < block.length) rest.push(block.subarray(from))
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}

const MARK = Buffer.from('\ufeff')

function readCsv(blocks: Blocks, pieces: Pieces): string | null {
  const rows = new RowCount(pieces)
  let isFirst = true
  for (const line of lines(blocks, true)) {
    if (!isFirst) {
      rows.add(line)
      continue
    }
    if (!line.subarray(0, 3).equals(MARK)) return 'is no report in CSV.'
    pieces.take(line)
    pieces.cut('the titles')
    isFirst = false
  }
  if (isFirst) return 'is empty.'
  rows.rest()
  return null
}

interface Marks {
  readonly begins: string
  readonly rows: string
  readonly rowsEnd: string
  readonly before: string
  readonly problem: string
}

/** Formats in which each row is a line, between a line that begins them and one that ends them. */
function readRows(blocks: Blocks, pieces: Pieces, marks: Marks): string | null {
  const rows = new RowCount(pieces)
  let part: 'first' | 'before' | 'rows' | 'end' = 'first'
  for (const line of lines(blocks)) {
    if (part === 'first') {
      if (!line.toString('latin1', 0, marks.begins.length).startsWith(marks.begins)) return marks.problem
      part = 'before'
    }
    if (part === 'rows') {
      if (line.equals(Buffer.from(marks.rowsEnd))) {
        rows.rest()
        part = 'end'
      } else {
        rows.add(line)
        continue
      }
    }
    pieces.take(line)
    if (part === 'before' && line.subarray(-marks.rows.length).equals(Buffer.from(marks.rows))) {
      pieces.cut(marks.before)
      part = 'rows'
    }
  }
  if (part === 'first') return 'is empty.'
  if (part === 'rows') rows.rest()
  else pieces.cut('the end')
  return null
}

interface Parts {
  readonly begins: Buffer
  readonly problem: string
  readonly marks: readonly Buffer[]
  /** Bytes of the mark that belong to the part before. */
  readonly ahead: number
  /** The name of the part that begins here; null if its mark does not begin one of its own. */
  readonly nameOf: (bytes: Buffer, before: string | null) => string | null
}

/** A mark and its name are shorter. */
const HEAD_BYTES = 512

/** Formats whose parts begin with marks. */
function readMarked(
  blocks: Blocks,
  pieces: Pieces,
  { begins, problem, marks, ahead, nameOf }: Parts,
): string | null {
  let name: string | null = null
  let held: Buffer = Buffer.alloc(0)
  let isFirst = true
  const read = (bytes: Buffer, end: number): number => {
    let from = 0
    for (;;) {
      const places = marks.map((mark) => bytes.indexOf(mark, from)).filter((place) => place !== -1)
      const at = Math.min(...places, Number.POSITIVE_INFINITY)
      if (at >= end) break
      const next = nameOf(bytes.subarray(at, at + HEAD_BYTES), name)
      if (next !== null) {
        pieces.take(bytes.subarray(from, at + ahead))
        if (name !== null) pieces.cut(name)
        name = next
        from = at + ahead
      }
      // The mark itself is not found again.
      const beyond = Math.min(at + 4, bytes.length)
      pieces.take(bytes.subarray(from, beyond))
      from = beyond
    }
    pieces.take(bytes.subarray(from, Math.max(end, from)))
    return Math.max(end, from)
  }
  for (const block of blocks) {
    const bytes: Buffer = held.length === 0 ? block : Buffer.concat([held, block])
    if (isFirst && !bytes.subarray(0, begins.length).equals(begins)) return problem
    isFirst = false
    // A mark at the end of the block may go on in the next one.
    const end = Math.max(0, bytes.length - HEAD_BYTES)
    held = Buffer.from(bytes.subarray(read(bytes, end)))
  }
  if (isFirst) return 'is empty.'
  read(held, held.length)
  if (!pieces.isEmpty || name !== null) pieces.cut(name ?? 'the file')
  return null
}

const PDF_PARTS: Parts = {
  begins: Buffer.from('%PDF-'),
  problem: 'is no PDF.',
  marks: [Buffer.from(PIECE_MARK)],
  // The newline before the comment.
  ahead: 1,
  nameOf: (bytes) => {
    const end = bytes.indexOf(NEWLINE, PIECE_MARK.length)
    return end === -1 ? null : bytes.toString('latin1', PIECE_MARK.length, end)
  },
}

const ZIP_PARTS: Parts = {
  begins: ZIP_MARKS[0],
  problem: 'is no workbook.',
  marks: ZIP_MARKS,
  ahead: 0,
  nameOf: (bytes, before) => {
    if (bytes.subarray(0, ZIP_MARKS[1].length).equals(ZIP_MARKS[1]))
      return before === ZIP_LIST ? null : ZIP_LIST
    const length = bytes.readUInt16LE(26)
    return partName(bytes.toString('latin1', 30, 30 + length))
  },
}
