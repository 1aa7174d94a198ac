import type { Facet } from '../facets.ts'
import type { HeldValues } from '../held.ts'
import { HELD, HELD_KINDS } from '../layout.ts'
import type { Terms } from '../terms.ts'
import { type HeldColumn, heldNumber, numberColumn, TextNumbers } from './held-column.ts'
import { MOST_DOCS, MOST_PAIRS, TermListMaker } from './term-lists.ts'
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
  /** The parcel that each came in, and its number there. */
  readonly parcels: readonly { idBytes(event: number): Buffer }[]
  readonly numbers: Uint32Array
  /** The start of each document's terms in the list of all. */
  readonly terms: Terms
  readonly termStarts: Uint32Array
  readonly termEnds: Uint32Array
  /** The start of each document's held values in the list of all. */
  readonly held: HeldValues
  readonly heldStarts: Uint32Array
  readonly heldEnds: Uint32Array
}

const byBytes = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))

/** The documents' numbers in the total order of events. */
function ordered(docs: NewDocs): Uint32Array {
  const { count, times, sequences, sourceFacets, parcels, numbers } = docs
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  const compare = (a: number, b: number): number =>
    times[a]! - times[b]! ||
    (sourceFacets[a] === sourceFacets[b] ? 0 : byBytes(sourceFacets[a]!.agent, sourceFacets[b]!.agent)) ||
    sequences[a]! - sequences[b]! ||
    Buffer.compare(parcels[a]!.idBytes(numbers[a]!), parcels[b]!.idBytes(numbers[b]!))
  for (let i = 1; i < count; i++) {
    if (compare(i - 1, i) > 0) {
      order.sort(compare)
      break
    }
  }
  return order
}

export interface BuiltSegment {
  /** Valid until the next segment is built. */
  readonly bytes: Buffer
  readonly docs: number
  readonly least: number
  readonly greatest: number
}

/**
 * Builds segments of events that are stored together. All memory is reused: a fresh allocation for each segment kept the thread's garbage
 * collector busy.
 */
export class SegmentBuilder {
  readonly #lists = new TermListMaker()
  readonly #holder = new Holder()
  readonly #sink = new MemorySink()

  #part(docs: NewDocs, order: Uint32Array): BuiltSegment {
    const lists = this.#lists
    lists.begin(order.reduce((sum, from) => sum + docs.termEnds[from]! - docs.termStarts[from]!, 0))
    for (let doc = 0; doc < order.length; doc++) {
      const from = order[doc]!
      lists.add(docs.terms, docs.termStarts[from]!, docs.termEnds[from]!, doc)
    }
    const sink = this.#sink
    sink.clear()
    const writer = new SegmentWriter(sink)
    writer.take(lists.made())
    const footer = writer.finish(...columnsOf(docs, order), this.#holder.columns(docs, order))
    return { bytes: sink.view(), docs: order.length, least: footer.least, greatest: footer.greatest }
  }

  /**
   * Builds mostly one segment; more if there are more documents or terms than the module takes at once. Each is valid until the next is
   * requested.
   */
  *build(docs: NewDocs): Generator<BuiltSegment> {
    const order = ordered(docs)
    for (let from = 0; from < docs.count; ) {
      const to = endOfPart(docs, order, from)
      yield this.#part(docs, order.subarray(from, to))
      from = to
    }
  }
}

/** The end of the documents from here on that go into one segment: at least one. */
function endOfPart({ termStarts, termEnds }: NewDocs, order: Uint32Array, from: number): number {
  let pairs = 0
  for (let doc = from; doc < order.length; doc++) {
    pairs += termEnds[order[doc]!]! - termStarts[order[doc]!]!
    if (doc > from && (pairs > MOST_PAIRS || doc - from === MOST_DOCS)) return doc
  }
  return order.length
}

/** The documents' columns in their order, and the texts of their facets. */
function columnsOf(docs: NewDocs, order: Uint32Array): [Columns, string[]] {
  const count = order.length
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

/** Makes the columns of a new segment out of its documents' values. Its room is used again. */
class Holder {
  readonly #texts = new TextNumbers()
  readonly #used = new Uint32Array(HELD.length)
  #places = new Uint32Array(1024)

  /** Returns null unless all values are numbers, or addresses of four bytes. */
  #numbers({ held }: NewDocs, field: number, places: Uint32Array): HeldColumn | null {
    const kind = HELD_KINDS[field]!
    if (kind === 'texts') return null
    const numbers = new Float64Array(places.length).fill(Number.NaN)
    for (let doc = 0; doc < places.length; doc++) {
      const place = places[doc]! - 1
      if (place === -1) continue
      const number = heldNumber(kind, held.bytes, held.startOf(place), held.ends[place]!)
      if (Number.isNaN(number)) return null
      numbers[doc] = number
    }
    return numberColumn(numbers)
  }

  /** Makes each column in turn, valid until the next is requested. A field that no document has makes none. */
  *columns(docs: NewDocs, order: Uint32Array): Generator<readonly [field: number, column: HeldColumn]> {
    const count = order.length
    const needed = count * HELD.length
    if (this.#places.length < needed) this.#places = new Uint32Array(Math.ceil(needed * 1.25))
    const places = this.#places
    places.fill(0, 0, needed)
    this.#used.fill(0)
    // The index, plus 1, of each document's value in the list of each field.
    for (let doc = 0; doc < count; doc++) {
      const from = order[doc]!
      const { columns } = docs.held
      for (let i = docs.heldStarts[from]!, end = docs.heldEnds[from]!; i < end; i++) {
        const field = columns[i]!
        this.#used[field] = 1
        places[field * count + doc] = i + 1
      }
    }
    for (let field = 0; field < HELD.length; field++) {
      if (this.#used[field] === 0) continue
      const own = places.subarray(field * count, (field + 1) * count)
      yield [field, this.#numbers(docs, field, own) ?? this.#textsOf(docs, own)]
    }
  }

  #textsOf({ held }: NewDocs, places: Uint32Array): HeldColumn {
    const texts = this.#texts
    texts.clear()
    const ordinals = new Uint32Array(places.length)
    for (let doc = 0; doc < places.length; doc++) {
      const place = places[doc]! - 1
      if (place === -1) continue
      ordinals[doc] = texts.of(held.hashes[place]!, held.bytes, held.startOf(place), held.ends[place]!)
    }
    return texts.column(ordinals)
  }
}
