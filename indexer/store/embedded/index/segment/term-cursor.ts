import { Reading } from './codec.ts'
import type { Segment } from './read.ts'

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
