import { float64s, Reading, uint32s } from './codec.ts'
import type { Dictionary, TermWalk } from './dictionary.ts'
import { PageDirectory } from './page-directory.ts'
import { LongPostings, type Postings, ShortPostings, skipPostings } from './postings.ts'
import type { Source } from './source.ts'
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

  walk(): TermWalk {
    return new PlainWalk(this)
  }

  forget(): void {
    this.pages.forget()
  }
}

class PlainWalk implements TermWalk {
  key = 0
  readonly #terms: PlainTerms
  #page = -1
  #reading = new Reading(new Uint8Array(0))
  #end = 0

  constructor(terms: PlainTerms) {
    this.#terms = terms
  }

  next(): boolean {
    if (this.#reading.at >= this.#end) {
      const { pages } = this.#terms
      if (++this.#page >= pages.count) return false
      const bytes = pages.page(this.#page)
      this.#reading = new Reading(bytes)
      this.#end = bytes.length
      this.key = pages.firstKey(this.#page)
    }
    this.key += this.#reading.varint()
    return true
  }

  docs(renumbered: Uint32Array, docs: Uint32Array, count: number): number {
    const reading = this.#reading
    const head = reading.varint()
    let end = count
    if ((head & 1) === 1) {
      for (const doc of this.#terms.longPostings(head, reading).all()) docs[end++] = renumbered[doc]!
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
