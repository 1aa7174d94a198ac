import { HELD } from '../layout.ts'
import { Bytes, bytesOf } from './codec.ts'
import { COLUMN_PAGE } from './column.ts'
import { type PackedFooter, writeFooter } from './footer.ts'
import type { HeldColumn } from './held-column.ts'
import { type PackedPlace, writeColumnPage } from './packed-column.ts'
import { type PackedHeldPlace, writeHeld } from './packed-held.ts'
import { PackedTermWriter } from './packed-terms.ts'
import { type Packet, packedBytes } from './seal.ts'
import type { MergedTerms } from './term-merger.ts'
import type { Columns, Sink } from './write.ts'

/**
 * A segment of version 2, as merging writes it. Everything is little-endian; bits fill each byte from its lowest bit on. A part that must
 * be checked begins with four bytes of checksum: the CRC-32 of all that follows in it.
 *
 *   long lists and pages of the dictionary, as they come
 *   at multiples of eight: columns of the documents, columns of values, compressed parts
 *   footer (JSON), its CRC-32 (4 bytes), its length with the highest bit set (4 bytes)
 *
 * In version 1 (`write.ts`) there is no CRC-32, and the highest bit of the length is not set.
 *
 * **Footer.** `docs`, `terms`, `least` and `greatest` time; `columns`: six columns (times, sequences, chunks, lines, source facets, action
 * facets); `held`: columns of values by field; `facets`: the compressed JSON array of the facets' texts; `pages`: the number of pages of
 * the dictionary and their compressed directory. A compressed part is a zstd frame with a checksum, at `offset`, `length` bytes.
 *
 * **Ascending numbers** (Elias-Fano). `n` numbers from 0 to at most `g`, both known from elsewhere. `l` is the length of floor((g + 1) / n)
 * in bits, less one, and not below 0. First the lower `l` bits of each number, to a whole byte; then a row of n + floor(g / 2^l) + 1 bits,
 * to a whole byte: number `i` sets bit floor(number / 2^l) + i. For n = 0 there is nothing.
 *
 * **Directory of the dictionary.** The first key of each page (doubles), the offset of each (doubles), the length of each (4 bytes each). A
 * key has 48 bits. Keys from 64,000 * 2^32 on are of values, and have only their upper 32 bits: the lower 16 are 0. Several values may have
 * one key.
 *
 * **Page of the dictionary.** At most 512 terms, either words or values: checksum; number of terms `n`, number `k` of those with more than
 * one document (2 bytes each); span (double); step (4 bytes: 1 for words, 65,536 for values). Then
 *
 *   n ascending numbers up to the span: (key - first key of the page) / step
 *   k ascending numbers up to n - 1: which terms have more than one document
 *   the documents of the other terms, each in as many bits as the number of the last document has, to a whole byte
 *   for each of the k terms a varint: its lowest two bits say what follows, the others are a number `x`
 *     0: x documents, as ascending numbers up to docs - 1
 *     1: nothing: the documents are those of term x mod 512 of page floor(x / 512)
 *     2: x documents in a long list: its offset and its length (varints)
 *   three bytes of 0
 *
 * **Long list** (more than 512 documents). A directory: its checksum; number of windows (4 bytes); for each window of 65,536 documents that
 * has any: its number, how many documents it has, kind, and where its part begins behind the directory (4 bytes each). A part has a
 * checksum, its documents, and three bytes of 0. Numbers are counted from the window's first document, and `s` is the number of the
 * segment's documents in the window. Kind 0: the documents as ascending numbers up to s - 1. Kind 1: a bit for each of s documents, to a
 * whole byte. Kind 2: those that are missing, as ascending numbers up to s - 1.
 *
 * **Column.** Pages of 2048 documents from `pages` on, and at `starts` where each begins, counted from `pages`, and where the last ends (4
 * bytes each). `width` is how many bytes a number takes in memory. A page: checksum; kind, bits (1 byte each); two bytes of 0; base, step
 * (doubles). Kind 0: each number as (number - base) / step in that number of bits. Kind 1: a double `g`, then (number - base) / step as
 * ascending numbers up to g. Kind 2: the numbers as doubles. Bytes of 0 fill a page to a multiple of four. Columns with the same bytes lie
 * there once.
 *
 * **Columns of values.** `texts`: a column of ordinals, where 0 is none; the compressed part has the lengths of `count` texts (varints),
 * then the texts (JSON), from ordinal 1 on. `numbers`: a column of numbers (addresses as 32 bits); where `present` is not null, the
 * compressed part has a bit for each document that has a value, and the numbers of other documents have no meaning.
 *
 * Measured on 112,086 events of `bench/store.ts`, each with nine terms that no other event has: 153.1 bytes an event in version 1, 70 in
 * this one (68 in segments of twice as many).
 */
/** A written column: another one with the same bytes is not written again. */
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

  /** Starts a segment of `docs` documents. */
  constructor(sink: Sink, docs: number) {
    this.#sink = sink
    this.#terms = new PackedTermWriter(sink, docs)
  }

  /** Terms in the order of their packed keys, behind those that were added before. */
  add({ count, keys, ends, docs }: MergedTerms): void {
    const terms = this.#terms
    let start = 0
    for (let i = 0; i < count; i++) {
      const end = ends[i]!
      terms.add(keys[i]!, docs, start, end)
      start = end
    }
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
