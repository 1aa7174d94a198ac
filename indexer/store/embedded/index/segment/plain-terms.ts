import { float64s, Reading, uint32s } from './codec.ts'
import type { Dictionary, TermWalk } from './dictionary.ts'
import { PageDirectory } from './page-directory.ts'
import { LongPostings, type Postings, ShortPostings, skipPostings } from './postings.ts'
import type { Source } from './source.ts'
import { LONG_LIST, RANGE_END, type ReadPage, type TermMerger } from './term-merger.ts'
import type { Footer } from './write.ts'

/** The dictionary of a segment of version 1. */
export class PlainTerms implements Dictionary {
  readonly pages: PageDirectory
  readonly #source: Source

  constructor(source: Source, { count, keys, offsets, lengths }: Footer['pages']) {
    this.#source = source
    this.pages = new PageDirectory(source, count, () => ({
      keys: float64s(source.read(keys, count * 8)),
      offsets: float64s(source.read(offsets, count * 8)),
      lengths: uint32s(source.read(lengths, count * 4)),
    }))
  }

  #postingsAt(reading: Reading): Postings {
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

  lookUp(key: number): Postings | null {
    return this.range(key, key)[0] ?? null
  }

  range(first: number, last: number): Postings[] {
    const { pages } = this
    const found: Postings[] = []
    for (let page = Math.max(0, pages.pageOf(first)); page < pages.count; page++) {
      let key = pages.firstKey(page)
      if (key > last) break
      const bytes = pages.page(page)
      const reading = new Reading(bytes)
      while (reading.at < bytes.length) {
        key += reading.varint()
        if (key > last) return found
        if (key >= first) found.push(this.#postingsAt(reading))
        else skipPostings(reading)
      }
    }
    return found
  }

  get firstKeys(): Float64Array {
    return this.pages.firstKeys
  }

  walk(into: TermMerger, first: number): TermWalk {
    return new PlainWalk(this, into, first)
  }

  forget(): void {
    this.pages.forget()
  }
}

class PlainWalk implements TermWalk {
  readonly #terms: PlainTerms
  readonly #into: TermMerger
  readonly #first: number
  #number = -1
  #page: ReadPage | null = null

  constructor(terms: PlainTerms, into: TermMerger, first: number) {
    this.#terms = terms
    this.#into = into
    this.#first = first
  }

  take(): void {
    for (;;) {
      this.#page ??= this.#next()
      if (this.#page === null) return
      const state = this.#into.takePage(this.#page, this.#first)
      if (state === RANGE_END) return
      if (state === LONG_LIST) this.#takeLong(this.#page)
      else this.#page = null
    }
  }

  #next(): ReadPage | null {
    const { pages } = this.#terms
    if (this.#number + 1 === pages.count || pages.firstKey(this.#number + 1) >= this.#into.until) return null
    const number = ++this.#number
    return { bytes: pages.page(number), at: 0, key: pages.firstKey(number) }
  }

  #takeLong(page: ReadPage): void {
    const reading = new Reading(page.bytes, page.at)
    const postings = this.#terms.longPostings(this.#into.head, reading)
    page.at = reading.at
    this.#into.add(page.key, postings.all(), this.#first)
  }
}
