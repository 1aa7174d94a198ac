import type { Facet } from '../facets.ts'
import type { HeldValues } from '../held.ts'
import type { Terms } from '../terms.ts'
import { Holder } from './hold.ts'
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
  /** Where each document's terms are in the list of all. */
  readonly terms: Terms
  readonly termStarts: Uint32Array
  readonly termEnds: Uint32Array
  /** Where each document's held values are in the list of all. */
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

/** Builds segments of what is stored together. All room is used again: made anew for each segment, it kept the thread's collector at work. */
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

  /** Mostly one; more where there are more documents or terms than the kernel takes at once. Each is valid until the next is asked for. */
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
