import type { Facet } from '../facets.ts'
import type { Terms } from '../terms.ts'
import { MemorySink, SegmentWriter } from './write.ts'

/** A document that goes into a new segment. */
export interface NewDocs {
  readonly count: number
  readonly times: Float64Array
  readonly sequences: Float64Array
  readonly chunks: Uint32Array
  readonly lines: Uint16Array
  readonly sourceFacets: readonly Facet[]
  readonly deedFacets: readonly Facet[]
  readonly ids: readonly string[]
  /** Where each document's terms are, and in which list. */
  readonly terms: readonly Terms[]
  readonly termStarts: Uint32Array
  readonly termEnds: Uint32Array
}

const byBytes = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))

/** The documents' numbers in the total order of events. */
function ordered(docs: NewDocs): Uint32Array {
  const { count, times, sequences, sourceFacets, ids } = docs
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  const compare = (a: number, b: number): number =>
    times[a]! - times[b]! ||
    (sourceFacets[a] === sourceFacets[b] ? 0 : byBytes(sourceFacets[a]!.agent, sourceFacets[b]!.agent)) ||
    sequences[a]! - sequences[b]! ||
    (ids[a]! < ids[b]! ? -1 : ids[a]! > ids[b]! ? 1 : 0)
  for (let i = 1; i < count; i++) {
    if (compare(i - 1, i) > 0) {
      order.sort(compare)
      break
    }
  }
  return order
}

/** Which terms stand in which documents: open addressing over typed arrays, then lists by counting. */
class Dictionary {
  high: Uint32Array
  low: Uint16Array
  counts: Uint32Array
  last: Int32Array
  size = 0
  #table: Int32Array
  #mask: number

  constructor(expected: number) {
    let slots = 1024
    while (slots < expected * 2) slots *= 2
    this.#table = new Int32Array(slots).fill(-1)
    this.#mask = slots - 1
    this.high = new Uint32Array(slots >> 1)
    this.low = new Uint16Array(slots >> 1)
    this.counts = new Uint32Array(slots >> 1)
    this.last = new Int32Array(slots >> 1)
  }

  /** The number of this term; counts the document once. -1 where the document has the term already. */
  add(high: number, low: number, doc: number): number {
    let slot = (Math.imul(high, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b)) >>> 7
    for (;;) {
      slot &= this.#mask
      const term = this.#table[slot]!
      if (term === -1) break
      if (this.high[term] === high && this.low[term] === low) {
        if (this.last[term] === doc) return -1
        this.last[term] = doc
        this.counts[term] = this.counts[term]! + 1
        return term
      }
      slot++
    }
    const term = this.size++
    this.#table[slot] = term
    this.high[term] = high
    this.low[term] = low
    this.counts[term] = 1
    this.last[term] = doc
    if (this.size * 2 > this.#mask) this.#grow()
    return term
  }

  #grow(): void {
    const slots = (this.#mask + 1) * 2
    this.#mask = slots - 1
    this.#table = new Int32Array(slots).fill(-1)
    const wider = <A extends Uint32Array | Uint16Array | Int32Array>(from: A, to: A): A => {
      to.set(from)
      return to
    }
    this.high = wider(this.high, new Uint32Array(slots >> 1))
    this.low = wider(this.low, new Uint16Array(slots >> 1))
    this.counts = wider(this.counts, new Uint32Array(slots >> 1))
    this.last = wider(this.last, new Int32Array(slots >> 1))
    for (let term = 0; term < this.size; term++) {
      let slot = (Math.imul(this.high[term]!, 0x9e3779b1) ^ Math.imul(this.low[term]!, 0x85ebca6b)) >>> 7
      for (slot &= this.#mask; this.#table[slot] !== -1; slot = (slot + 1) & this.#mask);
      this.#table[slot] = term
    }
  }
}

export interface BuiltSegment {
  readonly bytes: Buffer
  readonly docs: number
  readonly least: number
  readonly greatest: number
}

export function buildSegment(docs: NewDocs): BuiltSegment {
  const { count } = docs
  const order = ordered(docs)
  let total = 0
  for (let i = 0; i < count; i++) total += docs.termEnds[i]! - docs.termStarts[i]!
  const dictionary = new Dictionary(Math.max(512, total >> 2))
  const termOf = new Int32Array(total)
  let at = 0
  for (let doc = 0; doc < count; doc++) {
    const from = order[doc]!
    const { high, low } = docs.terms[from]!
    for (let i = docs.termStarts[from]!; i < docs.termEnds[from]!; i++) {
      termOf[at++] = dictionary.add(high[i]!, low[i]!, doc)
    }
  }

  const { size } = dictionary
  const sorted = new Float64Array(size)
  const places = sortedTerms(dictionary, sorted)
  const starts = new Uint32Array(size + 1)
  for (let term = 0; term < size; term++) starts[term + 1] = starts[term]! + dictionary.counts[term]!
  const ends = starts.slice(0, size)
  const lists = new Uint32Array(starts[size]!)
  at = 0
  for (let doc = 0; doc < count; doc++) {
    const from = order[doc]!
    const n = docs.termEnds[from]! - docs.termStarts[from]!
    for (let i = 0; i < n; i++) {
      const term = termOf[at++]!
      if (term !== -1) lists[ends[term]!++] = doc
    }
  }

  const sink = new MemorySink()
  const writer = new SegmentWriter(sink)
  for (let i = 0; i < size; i++) {
    const term = places[i]!
    writer.add(sorted[i]!, lists.subarray(starts[term]!, ends[term]!), ends[term]! - starts[term]!)
  }

  const facetNumbers = new Map<Facet, number>()
  const facetTexts: string[] = []
  const numberOf = (facet: Facet): number => {
    let number = facetNumbers.get(facet)
    if (number === undefined) {
      number = facetTexts.push(facet.text) - 1
      facetNumbers.set(facet, number)
    }
    return number
  }
  const columns = {
    times: new Float64Array(count),
    sequences: new Float64Array(count),
    chunks: new Uint32Array(count),
    lines: new Uint16Array(count),
    sourceFacets: new Uint32Array(count),
    deedFacets: new Uint32Array(count),
  }
  for (let doc = 0; doc < count; doc++) {
    const from = order[doc]!
    columns.times[doc] = docs.times[from]!
    columns.sequences[doc] = docs.sequences[from]!
    columns.chunks[doc] = docs.chunks[from]!
    columns.lines[doc] = docs.lines[from]!
    columns.sourceFacets[doc] = numberOf(docs.sourceFacets[from]!)
    columns.deedFacets[doc] = numberOf(docs.deedFacets[from]!)
  }
  const footer = writer.finish(columns, facetTexts)
  return { bytes: sink.view(), docs: count, least: footer.least, greatest: footer.greatest }
}

const DIGITS = 65_536

/** The terms in the order of their keys, and the keys themselves: counting by 16 bits, the last first. */
function sortedTerms(dictionary: Dictionary, sorted: Float64Array): Uint32Array {
  const { size, high, low } = dictionary
  let places = new Uint32Array(size)
  for (let term = 0; term < size; term++) places[term] = term
  if (size < 4096) {
    const key = (term: number): number => high[term]! * 65536 + low[term]!
    places.sort((a, b) => key(a) - key(b))
  } else {
    let other = new Uint32Array(size)
    const starts = new Uint32Array(DIGITS + 1)
    for (const shift of [-1, 0, 16]) {
      const digit = (term: number): number => (shift === -1 ? low[term]! : (high[term]! >>> shift) & 0xffff)
      starts.fill(0)
      for (let term = 0; term < size; term++) {
        const next = digit(term) + 1
        starts[next] = starts[next]! + 1
      }
      for (let i = 1; i <= DIGITS; i++) starts[i] = starts[i]! + starts[i - 1]!
      for (let i = 0; i < size; i++) {
        const term = places[i]!
        other[starts[digit(term)]!++] = term
      }
      const full = other
      other = places
      places = full
    }
  }
  for (let i = 0; i < size; i++) sorted[i] = high[places[i]!]! * 65536 + low[places[i]!]!
  return places
}
