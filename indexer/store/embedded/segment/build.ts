import type { Facet } from '../facets.ts'
import type { HeldValues } from '../held.ts'
import type { Terms } from '../terms.ts'
import { Holder } from './hold.ts'
import { type Columns, MemorySink, SegmentWriter } from './write.ts'

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
  /** Where each document's held values are, and in which list. */
  readonly held: readonly HeldValues[]
  readonly heldStarts: Uint32Array
  readonly heldEnds: Uint32Array
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

/** A term in the dictionary: its key's upper and lower bits, how many documents have it, the last that was counted. */
const FIELDS = 4
const HIGH = 0
const LOW = 1
const COUNT = 2
const LAST = 3

/** Room that is kept from one segment to the next, and made anew only where it is too small. */
class Room<Numbers extends Uint32Array | Int32Array> {
  numbers: Numbers
  readonly #make: (length: number) => Numbers

  constructor(make: (length: number) => Numbers) {
    this.#make = make
    this.numbers = make(1024)
  }

  atLeast(length: number): Numbers {
    if (this.numbers.length < length) this.numbers = this.#make(Math.ceil(length * 1.25))
    return this.numbers
  }
}

const uint32Room = (): Room<Uint32Array> => new Room((length) => new Uint32Array(length))

/**
 * Which terms stand in which documents: open addressing over typed arrays, then lists by counting. What stands together is asked for
 * together: a term's four numbers are one line of the cache.
 */
class Dictionary {
  terms = new Uint32Array(0)
  size = 0
  #table = new Int32Array(0)
  #slots = 0

  /** Forgets all terms; `expected` are about as many as will come. */
  clear(expected: number): void {
    let slots = 1024
    while (slots < expected * 2) slots *= 2
    this.#makeRoom(slots)
    this.size = 0
  }

  #makeRoom(slots: number): void {
    this.#slots = slots
    if (this.#table.length < slots) this.#table = new Int32Array(slots)
    this.#table.fill(-1, 0, slots)
    if (this.terms.length < (slots >> 1) * FIELDS + FIELDS) {
      const wider = new Uint32Array((slots >> 1) * FIELDS + FIELDS)
      wider.set(this.terms.subarray(0, this.size * FIELDS))
      this.terms = wider
    }
  }

  /** The number of this term; counts the document once. -1 where the document has the term already. */
  add(high: number, low: number, doc: number): number {
    const { terms } = this
    const table = this.#table
    const mask = this.#slots - 1
    let slot = slotOf(high, low) & mask
    for (;;) {
      const term = table[slot]!
      if (term === -1) break
      const at = term * FIELDS
      if (terms[at + HIGH] === high && terms[at + LOW] === low) {
        if (terms[at + LAST] === doc) return -1
        terms[at + LAST] = doc
        terms[at + COUNT] = terms[at + COUNT]! + 1
        return term
      }
      slot = (slot + 1) & mask
    }
    const term = this.size++
    table[slot] = term
    const at = term * FIELDS
    terms[at + HIGH] = high
    terms[at + LOW] = low
    terms[at + COUNT] = 1
    terms[at + LAST] = doc
    if (this.size * 2 > mask) this.#grow()
    return term
  }

  #grow(): void {
    this.#makeRoom(this.#slots * 2)
    const table = this.#table
    const mask = this.#slots - 1
    for (let term = 0; term < this.size; term++) {
      const at = term * FIELDS
      let slot = slotOf(this.terms[at + HIGH]!, this.terms[at + LOW]!) & mask
      while (table[slot] !== -1) slot = (slot + 1) & mask
      table[slot] = term
    }
  }
}

const slotOf = (high: number, low: number): number =>
  (Math.imul(high, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b)) >>> 7

export interface BuiltSegment {
  /** Valid until the next segment is built. */
  readonly bytes: Buffer
  readonly docs: number
  readonly least: number
  readonly greatest: number
}

/**
 * Builds segments of what is stored together. All room is used again: with arrays made for each segment the thread's collector ran every
 * 5,000 events, which took 5 µs an event in V8's own threads.
 */
export class SegmentBuilder {
  readonly #dictionary = new Dictionary()
  readonly #termOf = new Room((length) => new Int32Array(length))
  readonly #ends = uint32Room()
  readonly #lists = uint32Room()
  readonly #places = uint32Room()
  readonly #others = uint32Room()
  readonly #holder = new Holder()
  readonly #sink = new MemorySink()

  build(docs: NewDocs): BuiltSegment {
    const { count } = docs
    const order = ordered(docs)
    const dictionary = this.#dictionary
    let total = 0
    for (let i = 0; i < count; i++) total += docs.termEnds[i]! - docs.termStarts[i]!
    dictionary.clear(Math.max(512, total >> 3))
    const termOf = this.#termOf.atLeast(total)
    let at = 0
    for (let doc = 0; doc < count; doc++) {
      const from = order[doc]!
      const { high, low } = docs.terms[from]!
      for (let i = docs.termStarts[from]!, end = docs.termEnds[from]!; i < end; i++) {
        termOf[at++] = dictionary.add(high[i]!, low[i]!, doc)
      }
    }

    const { size, terms } = dictionary
    const ends = this.#ends.atLeast(size)
    let listed = 0
    for (let term = 0; term < size; term++) {
      ends[term] = listed
      listed += terms[term * FIELDS + COUNT]!
    }
    const lists = this.#lists.atLeast(listed)
    at = 0
    for (let doc = 0; doc < count; doc++) {
      const from = order[doc]!
      for (let n = docs.termEnds[from]! - docs.termStarts[from]!; n > 0; n--) {
        const term = termOf[at++]!
        if (term === -1) continue
        const end = ends[term]!
        lists[end] = doc
        ends[term] = end + 1
      }
    }

    const sink = this.#sink
    sink.clear()
    const writer = new SegmentWriter(sink)
    const places = this.#sorted()
    for (let i = 0; i < size; i++) {
      const term = places[i]!
      const own = term * FIELDS
      const held = terms[own + COUNT]!
      writer.add(terms[own + HIGH]! * 65_536 + terms[own + LOW]!, lists, ends[term]! - held, held)
    }
    const footer = writer.finish(...columnsOf(docs, order), this.#holder.columns(docs, order))
    return { bytes: sink.view(), docs: count, least: footer.least, greatest: footer.greatest }
  }

  /** Numbers of the terms in the order of their keys: counting by some bits, the last first. */
  #sorted(): Uint32Array {
    const { size, terms } = this.#dictionary
    let places = this.#places.atLeast(size)
    let others = this.#others.atLeast(size)
    for (let term = 0; term < size; term++) places[term] = term
    for (const [member, shift, mask] of DIGITS) {
      const starts = counters.fill(0)
      for (let term = 0; term < size; term++) {
        const value = (terms[term * FIELDS + member]! >>> shift) & mask
        starts[value + 1] = starts[value + 1]! + 1
      }
      for (let i = 1; i < starts.length; i++) starts[i] = starts[i]! + starts[i - 1]!
      for (let i = 0; i < size; i++) {
        const term = places[i]!
        const value = (terms[term * FIELDS + member]! >>> shift) & mask
        const place = starts[value]!
        others[place] = term
        starts[value] = place + 1
      }
      const sorted = others
      others = places
      places = sorted
    }
    return places
  }
}

/** The 48 bits of a key from its end, as bits of its two numbers. */
const DIGITS: readonly (readonly [member: number, shift: number, mask: number])[] = [
  [LOW, 0, 0xff],
  [LOW, 8, 0xff],
  [HIGH, 0, 0x7ff],
  [HIGH, 11, 0x7ff],
  [HIGH, 22, 0x3ff],
]
const counters = new Uint32Array(0x800 + 1)

/** The documents' columns in their order, and the texts of their facets. */
function columnsOf(docs: NewDocs, order: Uint32Array): [Columns, string[]] {
  const { count } = docs
  const numbers = new Map<Facet, number>()
  const texts: string[] = []
  const numberOf = (facet: Facet): number => {
    let number = numbers.get(facet)
    if (number === undefined) {
      number = texts.push(facet.text) - 1
      numbers.set(facet, number)
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
  return [columns, texts]
}
