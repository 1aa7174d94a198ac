import type { Facet, FacetBook } from '../facets.ts'
import { CURRENT_WAYS, type Ways } from '../field-list.ts'
import { type Column, plainColumn } from './column.ts'
import type { Dictionary } from './dictionary.ts'
import { footerOf, isPacked, type PackedFooter } from './footer.ts'
import { type HeldReader, type HeldTexts, heldReader, type KnownTexts } from './held-reader.ts'
import { packedColumn } from './packed-column.ts'
import { packedHeld } from './packed-held.ts'
import { PackedTerms } from './packed-terms.ts'
import { PlainTerms } from './plain-terms.ts'
import type { Postings } from './postings.ts'
import { unpackedBytes } from './seal.ts'
import type { Source } from './source.ts'
import { TextBook, type TextBooks } from './text-book.ts'
import type { Footer } from './write.ts'

/** Bytes of a number in each column of version 1: times, sequences, chunks, lines, source facets, action facets. */
const WIDTHS = [8, 8, 4, 2, 4, 4] as const

/** Longer lists of texts are read again each time. */
const MOST_TEXTS_KEPT = 5000

export class Segment {
  readonly footer: Footer | PackedFooter
  readonly docs: number
  readonly times: Column
  readonly sequences: Column
  readonly chunks: Column
  readonly lines: Column
  readonly sourceFacets: Column
  readonly deedFacets: Column
  /** How its fields are indexed. */
  readonly ways: Ways
  readonly #source: Source
  readonly #book: FacetBook
  readonly #books: TextBooks
  readonly #held = new Map<string, HeldReader>()
  readonly #texts = new Map<string, KnownTexts>()
  readonly terms: Dictionary
  #facets: Facet[] | null = null

  constructor(source: Source, book: FacetBook, books: TextBooks, ways: Ways = CURRENT_WAYS) {
    this.ways = ways
    this.#source = source
    this.#book = book
    this.#books = books
    const footer = footerOf(source)
    this.footer = footer
    const { docs } = footer
    this.docs = docs
    const column = (n: 0 | 1 | 2 | 3 | 4 | 5): Column =>
      isPacked(footer)
        ? packedColumn(source, footer.columns[n]!, docs)
        : plainColumn(source, footer.columns[n]!, WIDTHS[n], docs)
    this.times = column(0)
    this.sequences = column(1)
    this.chunks = column(2)
    this.lines = column(3)
    this.sourceFacets = column(4)
    this.deedFacets = column(5)
    this.terms = isPacked(footer)
      ? new PackedTerms(source, footer.pages, docs)
      : new PlainTerms(source, footer.pages)
  }

  /** The number of bytes of the terms and their documents: they come first. */
  get termBytes(): number {
    const [times] = this.footer.columns
    return times === undefined ? 0 : typeof times === 'number' ? times : times.pages
  }

  /** Its facets' texts with the numbers of its own list of fields. */
  get facetTexts(): readonly string[] {
    const { offset, length } = this.footer.facets
    const bytes = this.#source.read(offset, length)
    const json = isPacked(this.footer) ? unpackedBytes(bytes, "the facets' texts") : bytes
    return JSON.parse(json.toString('utf8')) as string[]
  }

  get facets(): readonly Facet[] {
    if (this.#facets === null) {
      this.#facets = this.facetTexts.map((text) => this.#book.fromText(this.ways.facetText(text)))
    }
    return this.#facets
  }

  /** The first document at or after a time, of those from `low` up to but without `high`. */
  firstAt(time: number, low = 0, high = this.docs): number {
    let first = low
    let end = high
    // The document is mostly near: doubling steps find the range that contains it.
    for (let step = 1; first + step < end; step *= 2) {
      if (this.times.at(first + step) >= time) {
        end = first + step
        break
      }
      first += step
    }
    while (first < end) {
      const middle = (first + end) >>> 1
      if (this.times.at(middle) < time) first = middle + 1
      else end = middle
    }
    return first
  }

  /** The values of a field, where documents have any; undefined if no document has the field. */
  held(field: string): HeldReader | undefined {
    const known = this.#held.get(field)
    if (known !== undefined) return known
    const reader = this.#heldReader(field)
    if (reader === undefined) return undefined
    // Long lists of texts would take more memory than reading them again takes time.
    if (reader.kind === 'numbers' || reader.texts.count <= MOST_TEXTS_KEPT) this.#held.set(field, reader)
    return reader
  }

  #heldReader(field: string): HeldReader | undefined {
    const { footer } = this
    if (isPacked(footer)) {
      const place = footer.held[field]
      return place && packedHeld(this.#source, place, this.docs)
    }
    const place = footer.held[field]
    return place && heldReader(this.#source, place, this.docs)
  }

  /** Returns the texts of a field with the thread's numbers for them. */
  textsOf(field: string, { bytes, ends, count }: HeldTexts): KnownTexts {
    const known = this.#texts.get(field)
    if (known !== undefined) return known
    // Many texts would fill the shared book with texts that hardly come again: they get a temporary book.
    const many = count > MOST_TEXTS_KEPT
    const book = many ? new TextBook(field) : this.#books.of(field)
    const texts = { book, ids: book.idsOf(bytes, ends) }
    if (!many) this.#texts.set(field, texts)
    return texts
  }

  /** Releases the segment's bytes; derived knowledge of them stays. */
  forget(): void {
    const { times, sequences, chunks, lines, sourceFacets, deedFacets } = this
    for (const column of [times, sequences, chunks, lines, sourceFacets, deedFacets]) column.forget()
    this.#held.clear()
    this.terms.forget()
  }

  lookUp(key: number): Postings | null {
    return this.terms.lookUp(key)
  }

  /** The postings of all terms from `first` to `last`. */
  range(first: number, last: number): Postings[] {
    return this.terms.range(first, last)
  }

  close(): void {
    this.#source.close()
  }
}
