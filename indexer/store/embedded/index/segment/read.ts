import type { Facet, FacetBook } from '../facets.ts'
import { CURRENT_WAYS, type Ways } from '../field-list.ts'
import { float64s, Reading, uint32s } from './codec.ts'
import { Column } from './column.ts'
import { type HeldReader, type HeldTexts, heldReader, type KnownTexts } from './held-reader.ts'
import { LongPostings, type Postings, ShortPostings, skipPostings } from './postings.ts'
import type { Source } from './source.ts'
import { TextBook, type TextBooks } from './text-book.ts'
import type { Footer } from './write.ts'

/** Longer lists of texts are read again each time. */
const MOST_TEXTS_KEPT = 5000

export class Segment {
  readonly footer: Footer
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
  #facets: Facet[] | null = null
  #keys: Float64Array | null = null
  #offsets: Float64Array = new Float64Array(0)
  #lengths: Uint32Array = new Uint32Array(0)

  constructor(source: Source, book: FacetBook, books: TextBooks, ways: Ways = CURRENT_WAYS) {
    this.ways = ways
    this.#source = source
    this.#book = book
    this.#books = books
    const length = source.read(source.size - 4, 4).readUInt32LE(0)
    this.footer = JSON.parse(source.read(source.size - 4 - length, length).toString('utf8')) as Footer
    const { docs, columns } = this.footer
    this.docs = docs
    this.times = new Column(source, columns[0]!, 8, docs)
    this.sequences = new Column(source, columns[1]!, 8, docs)
    this.chunks = new Column(source, columns[2]!, 4, docs)
    this.lines = new Column(source, columns[3]!, 2, docs)
    this.sourceFacets = new Column(source, columns[4]!, 4, docs)
    this.deedFacets = new Column(source, columns[5]!, 4, docs)
  }

  /** Its facets' texts with the numbers of its own list of fields. */
  get facetTexts(): readonly string[] {
    const { offset, length } = this.footer.facets
    return JSON.parse(this.#source.read(offset, length).toString('utf8')) as string[]
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
    // Mostly it is near: steps that double find where it can be.
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

  /** The values of a field, where documents have any; undefined where no document has the field. */
  held(field: string): HeldReader | undefined {
    const known = this.#held.get(field)
    if (known !== undefined) return known
    const place = this.footer.held[field]
    if (place === undefined) return undefined
    const reader = heldReader(this.#source, place, this.docs)
    // Long lists of texts would take more memory than reading them again takes time.
    if (reader.kind === 'numbers' || reader.texts.count <= MOST_TEXTS_KEPT) this.#held.set(field, reader)
    return reader
  }

  /** The texts of such a field by the thread's numbers for them. */
  textsOf(field: string, { bytes, ends, count }: HeldTexts): KnownTexts {
    const known = this.#texts.get(field)
    if (known !== undefined) return known
    // So many would fill the book with what is hardly seen again: they get one of their own for this once.
    const many = count > MOST_TEXTS_KEPT
    const book = many ? new TextBook(field) : this.#books.of(field)
    const texts = { book, ids: book.idsOf(bytes, ends) }
    if (!many) this.#texts.set(field, texts)
    return texts
  }

  /** Lets go of the segment's bytes; what was learnt of them stays. */
  forget(): void {
    const { times, sequences, chunks, lines, sourceFacets, deedFacets } = this
    for (const column of [times, sequences, chunks, lines, sourceFacets, deedFacets]) column.forget()
    this.#held.clear()
    this.#keys = null
  }

  get pages(): number {
    return this.footer.pages.count
  }

  #directory(): Float64Array {
    if (this.#keys === null) {
      const { count, keys, offsets, lengths } = this.footer.pages
      this.#keys = float64s(this.#source.read(keys, count * 8))
      this.#offsets = float64s(this.#source.read(offsets, count * 8))
      this.#lengths = uint32s(this.#source.read(lengths, count * 4))
    }
    return this.#keys
  }

  firstKey(page: number): number {
    return this.#directory()[page]!
  }

  page(page: number): Buffer {
    this.#directory()
    return this.#source.read(this.#offsets[page]!, this.#lengths[page]!)
  }

  postingsAt(reading: Reading): Postings {
    const head = reading.varint()
    if ((head & 1) === 1) return this.longPostings(head, reading)
    const docs = new Uint32Array(head / 2)
    let doc = 0
    for (let i = 0; i < docs.length; i++) {
      doc += reading.varint()
      docs[i] = doc
    }
    return new ShortPostings(docs)
  }

  longPostings(head: number, reading: Reading): Postings {
    const offset = reading.varint()
    return new LongPostings(this.#source, (head - 1) / 2, offset, reading.varint())
  }

  /** The last page whose first key is not above this one; -1 where all are. */
  #pageOf(key: number): number {
    const keys = this.#directory()
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (keys[middle]! <= key) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  lookUp(key: number): Postings | null {
    return this.#scan(key, key)[0] ?? null
  }

  /** The postings of all terms from `first` to `last`. */
  range(first: number, last: number): Postings[] {
    return this.#scan(first, last)
  }

  #scan(first: number, last: number): Postings[] {
    const found: Postings[] = []
    for (let page = Math.max(0, this.#pageOf(first)); page < this.pages; page++) {
      let key = this.firstKey(page)
      if (key > last) break
      const bytes = this.page(page)
      const reading = new Reading(bytes)
      while (reading.at < bytes.length) {
        key += reading.varint()
        if (key > last) return found
        if (key >= first) found.push(this.postingsAt(reading))
        else skipPostings(reading)
      }
    }
    return found
  }

  close(): void {
    this.#source.close()
  }
}
