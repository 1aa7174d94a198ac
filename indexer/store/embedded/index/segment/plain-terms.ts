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

/** Goes over the bytes of its pages itself: called for each number, `Reading` took a third of the time. */
class PlainWalk implements TermWalk {
  key = 0
  readonly #terms: PlainTerms
  #page = -1
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(terms: PlainTerms) {
    this.#terms = terms
  }

  next(): boolean {
    if (this.#at >= this.#bytes.length) {
      const { pages } = this.#terms
      if (++this.#page >= pages.count) return false
      this.#bytes = pages.page(this.#page)
      this.#at = 0
      this.key = pages.firstKey(this.#page)
    }
    const bytes = this.#bytes
    let at = this.#at
    let byte = bytes[at++]!
    let difference = byte & 127
    for (let factor = 128; byte > 127; factor *= 128) {
      byte = bytes[at++]!
      difference += (byte & 127) * factor
    }
    this.#at = at
    this.key += difference
    return true
  }

  docs(renumbered: Uint32Array, docs: Uint32Array, count: number): number {
    const bytes = this.#bytes
    let at = this.#at
    let end = count
    let byte = bytes[at++]!
    let head = byte & 127
    for (let shift = 7; byte > 127; shift += 7) {
      byte = bytes[at++]!
      head |= (byte & 127) << shift
    }
    if ((head & 1) === 1) {
      const reading = new Reading(bytes, at)
      for (const doc of this.#terms.longPostings(head, reading).all()) docs[end++] = renumbered[doc]!
      this.#at = reading.at
      return end
    }
    let doc = 0
    for (let left = head >>> 1; left > 0; left--) {
      byte = bytes[at++]!
      let difference = byte & 127
      for (let shift = 7; byte > 127; shift += 7) {
        byte = bytes[at++]!
        difference |= (byte & 127) << shift
      }
      doc += difference
      docs[end++] = renumbered[doc]!
    }
    this.#at = at
    return end
  }
}
