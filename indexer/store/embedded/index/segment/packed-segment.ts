import { HELD } from '../layout.ts'
import { Bytes, bytesOf } from './codec.ts'
import { COLUMN_PAGE } from './column.ts'
import { type PackedFooter, writeFooter } from './footer.ts'
import type { HeldColumn } from './held-column.ts'
import { type PackedPlace, writeColumnPage } from './packed-column.ts'
import { type PackedHeldPlace, writeHeld } from './packed-held.ts'
import { PackedTermWriter } from './packed-terms.ts'
import { type Packet, packedBytes } from './seal.ts'
import type { Columns, Sink } from './write.ts'

/** A column as it was written: another with the same bytes is not written again. */
interface Written {
  readonly pages: Buffer
  readonly starts: Buffer
  readonly place: PackedPlace
}

/** Writes a segment of version 2. */
export class PackedSegmentWriter {
  readonly #sink: Sink
  readonly #terms: PackedTermWriter
  readonly #written: Written[] = []

  /** For so many documents. */
  constructor(sink: Sink, docs: number) {
    this.#sink = sink
    this.#terms = new PackedTermWriter(sink, docs)
  }

  /** Terms come in ascending order of their packed keys, documents (`count` of `docs`) in ascending order. */
  add(key: number, docs: Uint32Array, count: number): void {
    this.#terms.add(key, docs, count)
  }

  #put(bytes: Uint8Array): number {
    const rest = this.#sink.length % 8
    if (rest > 0) this.#sink.append(new Uint8Array(8 - rest))
    const offset = this.#sink.length
    this.#sink.append(bytes)
    return offset
  }

  #column(values: ArrayLike<number>, width: 1 | 2 | 4 | 8, counted = false): Written {
    const pages = new Bytes()
    const begins: number[] = []
    for (let from = 0; from < values.length; from += COLUMN_PAGE) {
      begins.push(pages.length)
      writeColumnPage(pages, values, from, Math.min(values.length, from + COLUMN_PAGE), counted)
    }
    const starts = bytesOf(Uint32Array.of(...begins, pages.length))
    const bytes = pages.view()
    const same = this.#written.find((other) => other.pages.equals(bytes) && other.starts.equals(starts))
    if (same !== undefined) return { ...same, place: { ...same.place, width } }
    return { pages: bytes, starts, place: { width, pages: this.#put(bytes), starts: this.#put(starts) } }
  }

  #packet(bytes: Uint8Array): Packet {
    const packed = packedBytes(bytes)
    return { offset: this.#put(packed), length: packed.length }
  }

  finish(
    columns: Columns,
    facetTexts: readonly string[],
    heldColumns: Iterable<readonly [field: number, column: HeldColumn]>,
  ): PackedFooter {
    const terms = this.#terms
    const pages = terms.end()
    const { times, sequences, chunks, lines, sourceFacets, deedFacets } = columns
    const ofFacets = facetTexts.length <= 256 ? 1 : facetTexts.length <= 65_536 ? 2 : 4
    const places = [
      this.#column(times, 8),
      this.#column(sequences, 8),
      this.#column(chunks, 4),
      this.#column(lines, 2),
      this.#column(sourceFacets, ofFacets, true),
      this.#column(deedFacets, ofFacets, true),
    ].map(({ place }) => place)
    const held: Record<string, PackedHeldPlace> = {}
    for (const [field, column] of heldColumns) {
      held[HELD[field]!] = writeHeld(column, {
        // A user's name, number and address of mail mostly go together: their columns of ordinals are one.
        column: (values, width, counted) => {
          const written = this.#column(values, width, counted)
          if (column.kind === 'texts') this.#written.push(written)
          return written.place
        },
        packet: (bytes) => this.#packet(bytes),
      })
    }
    const footer: PackedFooter = {
      version: 2,
      docs: times.length,
      terms: terms.terms,
      least: times[0] ?? 0,
      greatest: times[times.length - 1] ?? 0,
      columns: places,
      held,
      facets: this.#packet(Buffer.from(JSON.stringify(facetTexts))),
      pages: { count: pages.count, ...this.#packet(pages.directory) },
    }
    writeFooter(this.#sink, footer)
    return footer
  }
}
