import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Facet, FacetBook } from '../facets.ts'
import { float64s, Reading, uint16s, uint32s } from './codec.ts'
import { type HeldReader, type HeldTexts, heldReader, type KnownTexts } from './held-reader.ts'
import { TextBook, type TextBooks } from './text-book.ts'
import { DENSE, type Footer, WINDOW, WINDOW_BITS } from './write.ts'

/** Where a segment's bytes are: in a file of their own, or in memory. */
export interface Source {
  readonly size: number
  read(offset: number, length: number): Buffer
  close(): void
}

/** Bytes in memory, read anew where they were let go. */
export class MemorySource implements Source {
  readonly size: number
  readonly #load: () => Buffer
  #bytes: Buffer | null

  constructor(bytes: Buffer, load: () => Buffer) {
    this.size = bytes.length
    this.#bytes = bytes
    this.#load = load
  }

  /** How much memory it takes now. */
  get held(): number {
    return this.#bytes === null ? 0 : this.size
  }

  read(offset: number, length: number): Buffer {
    this.#bytes ??= this.#load()
    return this.#bytes.subarray(offset, offset + length)
  }

  close(): void {
    this.#bytes = null
  }
}

export function fileSource(path: string): Source {
  const file = openSync(path, 'r')
  return {
    size: fstatSync(file).size,
    read: (offset, length) => {
      const bytes = Buffer.allocUnsafeSlow(length)
      let at = 0
      while (at < length) {
        const got = readSync(file, bytes, at, length - at, offset + at)
        if (got === 0) throw new Error(`${path} ends before byte ${offset + length}`)
        at += got
      }
      return bytes
    },
    close: () => closeSync(file),
  }
}

export type Numbers = Float64Array | Uint32Array | Uint16Array | Uint8Array

const COLUMN_PAGE_BITS = 11
const COLUMN_PAGES_KEPT = 4
const MOST_TEXTS_KEPT = 5000

/** One value a document, read a page at a time. */
export class Column {
  readonly #source: Source
  readonly #offset: number
  readonly #width: 1 | 2 | 4 | 8
  readonly #docs: number
  #page = -1
  #values: Numbers = new Uint32Array(0)
  readonly #kept = new Map<number, Numbers>()

  constructor(source: Source, offset: number, width: 1 | 2 | 4 | 8, docs: number) {
    this.#source = source
    this.#offset = offset
    this.#width = width
    this.#docs = docs
  }

  at(doc: number): number {
    const page = doc >>> COLUMN_PAGE_BITS
    if (page !== this.#page) this.#turnTo(page)
    return this.#values[doc & ((1 << COLUMN_PAGE_BITS) - 1)]!
  }

  #turnTo(page: number): void {
    let values = this.#kept.get(page)
    if (values === undefined) {
      const first = page << COLUMN_PAGE_BITS
      values = this.slice(first, Math.min(this.#docs, first + (1 << COLUMN_PAGE_BITS)))
      if (this.#kept.size >= COLUMN_PAGES_KEPT) {
        const oldest = this.#kept.keys().next()
        if (oldest.done !== true) this.#kept.delete(oldest.value)
      }
      this.#kept.set(page, values)
    }
    this.#page = page
    this.#values = values
  }

  /** Lets go of what it has read. */
  forget(): void {
    this.#page = -1
    this.#values = new Uint32Array(0)
    this.#kept.clear()
  }

  slice(from: number, to: number): Numbers {
    const bytes = this.#source.read(this.#offset + from * this.#width, (to - from) * this.#width)
    switch (this.#width) {
      case 8:
        return float64s(bytes)
      case 4:
        return uint32s(bytes)
      case 2:
        return uint16s(bytes)
      case 1:
        return bytes
    }
  }
}

/** The documents that have a term. */
export interface Postings {
  readonly count: number
  /** Sets the bits of the documents of this window. */
  into(window: number, bits: Uint32Array): void
  /** All documents, ascending. */
  all(): Uint32Array
}

class ShortPostings implements Postings {
  readonly #docs: Uint32Array

  constructor(docs: Uint32Array) {
    this.#docs = docs
  }
  get count(): number {
    return this.#docs.length
  }
  into(window: number, bits: Uint32Array): void {
    for (const doc of this.#docs) {
      if (doc >>> WINDOW_BITS !== window) continue
      const bit = doc & (WINDOW - 1)
      bits[bit >>> 5] = bits[bit >>> 5]! | (1 << (bit & 31))
    }
  }
  all(): Uint32Array {
    return this.#docs
  }
}

class LongPostings implements Postings {
  readonly count: number
  readonly #source: Source
  readonly #offset: number
  readonly #length: number
  #directory: Uint32Array | null = null

  constructor(source: Source, count: number, offset: number, length: number) {
    this.count = count
    this.#source = source
    this.#offset = offset
    this.#length = length
  }

  #windows(): Uint32Array {
    if (this.#directory === null) {
      const count = this.#source.read(this.#offset, 4).readUInt32LE(0)
      this.#directory = uint32s(this.#source.read(this.#offset + 4, count * 12))
    }
    return this.#directory
  }

  /** The bytes of the n-th window that is there. */
  #data(directory: Uint32Array, index: number): Buffer {
    const start = directory[index + 2]!
    const base = 4 + directory.length * 4
    const end = directory[index + 5] ?? this.#length - base
    return this.#source.read(this.#offset + base + start, end - start)
  }

  into(window: number, bits: Uint32Array): void {
    const directory = this.#windows()
    for (let i = 0; i < directory.length; i += 3) {
      if (directory[i] !== window) continue
      const count = directory[i + 1]!
      const data = this.#data(directory, i)
      if (count >= DENSE) {
        const theirs = uint32s(data)
        for (let k = 0; k < theirs.length; k++) bits[k] = bits[k]! | theirs[k]!
        return
      }
      const reading = new Reading(data)
      let bit = 0
      for (let k = 0; k < count; k++) {
        bit += reading.varint()
        bits[bit >>> 5] = bits[bit >>> 5]! | (1 << (bit & 31))
      }
      return
    }
  }

  all(): Uint32Array {
    const directory = this.#windows()
    const docs = new Uint32Array(this.count)
    let n = 0
    for (let i = 0; i < directory.length; i += 3) {
      const base = directory[i]! * WINDOW
      const count = directory[i + 1]!
      const data = this.#data(directory, i)
      if (count >= DENSE) {
        const bits = uint32s(data)
        for (let k = 0; k < bits.length; k++) {
          for (let rest = bits[k]!; rest !== 0; rest &= rest - 1) {
            docs[n++] = base + k * 32 + (31 - Math.clz32(rest & -rest))
          }
        }
      } else {
        const reading = new Reading(data)
        let doc = base
        for (let k = 0; k < count; k++) {
          doc += reading.varint()
          docs[n++] = doc
        }
      }
    }
    return docs
  }
}

/** Walks over a dictionary in the order of its keys. */
export class TermCursor {
  key = 0
  readonly #segment: Segment
  #page = -1
  #reading = new Reading(new Uint8Array(0))
  #end = 0

  constructor(segment: Segment) {
    this.#segment = segment
  }

  next(): boolean {
    if (this.#reading.at >= this.#end) {
      if (++this.#page >= this.#segment.pages) return false
      const bytes = this.#segment.page(this.#page)
      this.#reading = new Reading(bytes)
      this.#end = bytes.length
      this.key = this.#segment.firstKey(this.#page)
    }
    this.key += this.#reading.varint()
    return true
  }

  /** Puts the term's documents into `docs` behind `count`, renumbered; the new count. To be asked once for each term. */
  docs(renumbered: Uint32Array, docs: Uint32Array, count: number): number {
    const reading = this.#reading
    const head = reading.varint()
    let end = count
    if ((head & 1) === 1) {
      for (const doc of this.#segment.longPostings(head, reading).all()) docs[end++] = renumbered[doc]!
      return end
    }
    const { buffer } = reading
    let at = reading.at
    let doc = 0
    for (let left = head >>> 1; left > 0; left--) {
      let byte = buffer[at++]!
      let difference = byte & 127
      for (let shift = 7; byte > 127; shift += 7) {
        byte = buffer[at++]!
        difference |= (byte & 127) << shift
      }
      doc += difference
      docs[end++] = renumbered[doc]!
    }
    reading.at = at
    return end
  }
}

export class Segment {
  readonly footer: Footer
  readonly docs: number
  readonly times: Column
  readonly sequences: Column
  readonly chunks: Column
  readonly lines: Column
  readonly sourceFacets: Column
  readonly deedFacets: Column
  readonly #source: Source
  readonly #book: FacetBook
  readonly #books: TextBooks
  readonly #held = new Map<string, HeldReader>()
  readonly #texts = new Map<string, KnownTexts>()
  #facets: Facet[] | null = null
  #keys: Float64Array | null = null
  #offsets: Float64Array = new Float64Array(0)
  #lengths: Uint32Array = new Uint32Array(0)

  constructor(source: Source, book: FacetBook, books: TextBooks) {
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

  get facets(): readonly Facet[] {
    if (this.#facets === null) {
      const { offset, length } = this.footer.facets
      const texts = JSON.parse(this.#source.read(offset, length).toString('utf8')) as string[]
      this.#facets = texts.map((text) => this.#book.fromText(text))
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

function skipPostings(reading: Reading): void {
  const head = reading.varint()
  const more = (head & 1) === 1 ? 2 : head / 2
  for (let i = 0; i < more; i++) while (reading.buffer[reading.at++]! > 127);
}
