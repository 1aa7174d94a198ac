import type { ReportFormat } from '../../../schema/api/index.ts'
import type { ReportDocument, ReportRow, RowPages } from '../document.ts'

/**
 * Writes reports and exports in their formats.
 * In: a document, and its rows page by page.
 * Out: one file, with its size and the hashes that its proof needs.
 */
export { type FoundPieces, piecesOf } from './pieces.ts'
export { openWriters, type Writers } from './threads.ts'
export { writeFile } from './write-file.ts'
export { zipFiles } from './zip.ts'

export interface WriteRequest {
  readonly format: ReportFormat
  readonly document: ReportDocument
  readonly rows: RowPages
  /** The file; it is made, or emptied. */
  readonly path: string
  readonly signal: AbortSignal
  /** Told the number of rows written so far, a few times a second at most. */
  readonly report: (rows: number) => void
}

/** A piece of a file, for naming what changed. */
export interface Piece {
  /** What it is, for people: "rows 1 to 1000", "the first page and the findings". */
  readonly is: string
  readonly sha256: string
}

export interface WrittenFile {
  readonly bytes: number
  readonly rows: number
  /** SHA-256 of the whole file, in hex; of a PDF without the bytes of `proof`. */
  readonly sha256: string
  readonly pieces: readonly Piece[]
  /**
   * Where a PDF has room for its own proof: bytes that are spaces now, within the stream of the embedded file waybill-proof.json. Null in
   * other formats, whose proof is a file of its own.
   */
  readonly proof: { readonly offset: number; readonly length: number } | null
}

/** What a thread is to write. */
export type Order = Pick<WriteRequest, 'format' | 'document' | 'path'>
/** The next rows, null after the last ones. */
export type ToThread = { readonly page: readonly ReportRow[] | null } | { readonly stop: true }
export type ToMain =
  | { readonly next: true }
  | { readonly rows: number }
  | { readonly written: WrittenFile }
  | {
      readonly error: {
        readonly name: string
        readonly message: string
        readonly code: string | undefined
      }
    }
