import { hashOf } from '../held.ts'
import { HELD, HELD_KINDS } from '../layout.ts'
import type { Numbers } from './column.ts'
import type { PackedFooter } from './footer.ts'
import { type HeldColumn, type HeldKind, heldText, numberColumn, TextNumbers } from './held-column.ts'
import type { HeldReader } from './held-reader.ts'
import { PackedSegmentWriter } from './packed-segment.ts'
import type { Segment } from './read.ts'
import { TermMerger } from './term-merger.ts'
import type { Columns, Sink } from './write.ts'

const byBytes = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))

/** One a thread, from the first merge on. */
let terms: TermMerger | null = null

/**
 * Merges the documents of several segments, of one list of fields, into one. `idOf` reads an event's id, which only settles the order of
 * documents that agree in time, agent and sequence.
 */
export function mergeSegments(
  segments: readonly Segment[],
  sink: Sink,
  idOf: (chunk: number, line: number) => string,
): PackedFooter {
  const total = segments.reduce((sum, segment) => sum + segment.docs, 0)
  const columns: Columns = {
    times: new Float64Array(total),
    sequences: new Float64Array(total),
    chunks: new Uint32Array(total),
    lines: new Uint16Array(total),
    sourceFacets: new Uint32Array(total),
    deedFacets: new Uint32Array(total),
  }
  const texts: string[] = []
  const numbers = new Map<string, number>()
  const facetNumbers = segments.map((segment) =>
    segment.facetTexts.map((text) => {
      let number = numbers.get(text)
      if (number === undefined) {
        number = texts.push(text) - 1
        numbers.set(text, number)
      }
      return number
    }),
  )
  const parts = segments.map((segment) => partOf(segment, idOf))

  // Events that arrived together mostly lie together. So one segment gives documents until the head of the second one comes first.
  for (let doc = 0; doc < total; ) {
    let first = -1
    let second = -1
    for (let s = 0; s < parts.length; s++) {
      if (parts[s]!.head >= parts[s]!.docs) continue
      if (first === -1 || compareHeads(parts[s]!, parts[first]!) < 0) {
        second = first
        first = s
      } else if (second === -1 || compareHeads(parts[s]!, parts[second]!) < 0) second = s
    }
    const part = parts[first]!
    const rival = second === -1 ? null : parts[second]!
    const numbers = facetNumbers[first]!
    const { times, sequences, chunks, lines, sourceFacets, deedFacets, renumbered } = part
    do {
      const from = part.head++
      renumbered[from] = doc
      columns.times[doc] = times[from]!
      columns.sequences[doc] = sequences[from]!
      columns.chunks[doc] = chunks[from]!
      columns.lines[doc] = lines[from]!
      columns.sourceFacets[doc] = numbers[sourceFacets[from]!]!
      columns.deedFacets[doc] = numbers[deedFacets[from]!]!
      doc++
    } while (part.head < part.docs && (rival === null || compareHeads(part, rival) < 0))
  }
  const renumbered = parts.map((part) => part.renumbered)

  const writer = new PackedSegmentWriter(sink, total)
  terms ??= new TermMerger()
  const dictionaries = segments.map((segment) => segment.terms)
  for (const merged of terms.merge(dictionaries, renumbered, total)) writer.add(merged)
  return writer.finish(columns, texts, mergedHeld(segments, renumbered, total))
}

/** A segment that is merged: its columns as a whole, and how far it has given its documents. */
interface Part {
  readonly docs: number
  readonly times: Numbers
  readonly sequences: Numbers
  readonly chunks: Numbers
  readonly lines: Numbers
  readonly sourceFacets: Numbers
  readonly deedFacets: Numbers
  readonly agents: readonly string[]
  /** New numbers of its documents. */
  readonly renumbered: Uint32Array
  head: number
  readonly headId: () => string
}

function partOf(segment: Segment, idOf: (chunk: number, line: number) => string): Part {
  const { docs } = segment
  const chunks = segment.chunks.slice(0, docs)
  const lines = segment.lines.slice(0, docs)
  /** Read once for each head. */
  let known = { head: -1, id: '' }
  const part: Part = {
    docs,
    times: segment.times.slice(0, docs),
    sequences: segment.sequences.slice(0, docs),
    chunks,
    lines,
    sourceFacets: segment.sourceFacets.slice(0, docs),
    deedFacets: segment.deedFacets.slice(0, docs),
    agents: segment.facets.map(({ agent }) => agent),
    renumbered: new Uint32Array(docs),
    head: 0,
    headId: () => {
      const { head } = part
      if (known.head !== head) known = { head, id: idOf(chunks[head]!, lines[head]!) }
      return known.id
    },
  }
  return part
}

const compareHeads = (a: Part, b: Part): number =>
  a.times[a.head]! - b.times[b.head]! ||
  byBytes(a.agents[a.sourceFacets[a.head]!]!, b.agents[b.sourceFacets[b.head]!]!) ||
  a.sequences[a.head]! - b.sequences[b.head]! ||
  byBytes(a.headId(), b.headId())

/** A column as one of the segments has it, and where its documents go. */
interface HeldPart {
  readonly reader: HeldReader
  readonly docs: number
  readonly renumbered: Uint32Array
}

/** The columns of values of several segments as one; each is valid until the next is asked for. */
function* mergedHeld(
  segments: readonly Segment[],
  renumbered: readonly Uint32Array[],
  total: number,
): Generator<readonly [field: number, column: HeldColumn]> {
  const texts = new TextNumbers()
  for (const [field, path] of HELD.entries()) {
    const parts: HeldPart[] = []
    for (const [s, segment] of segments.entries()) {
      const reader = segment.held(path)
      if (reader !== undefined) parts.push({ reader, docs: segment.docs, renumbered: renumbered[s]! })
    }
    if (parts.length === 0) continue
    if (parts.every(({ reader }) => reader.kind === 'numbers')) yield [field, mergedNumbers(parts, total)]
    else {
      texts.clear()
      yield [field, mergedTexts(parts, total, texts, HELD_KINDS[field]!)]
    }
  }
}

const isSet = (bits: Uint32Array | null, doc: number): boolean =>
  bits === null || ((bits[doc >>> 5]! >>> (doc & 31)) & 1) === 1

function mergedNumbers(parts: readonly HeldPart[], total: number): HeldColumn {
  const merged = new Float64Array(total).fill(Number.NaN)
  for (const { reader, docs, renumbered } of parts) {
    if (reader.kind !== 'numbers') continue
    const values = reader.values.slice(0, docs)
    for (let doc = 0; doc < docs; doc++)
      if (isSet(reader.present, doc)) merged[renumbered[doc]!] = values[doc]!
  }
  return numberColumn(merged)
}

function mergedTexts(
  parts: readonly HeldPart[],
  total: number,
  texts: TextNumbers,
  kind: HeldKind,
): HeldColumn {
  const merged = new Uint32Array(total)
  for (const { reader, docs, renumbered } of parts) {
    if (reader.kind === 'numbers') {
      // The field has a value that is no number in another segment, so its numbers become texts here, too.
      const values = reader.values.slice(0, docs)
      for (let doc = 0; doc < docs; doc++) {
        if (!isSet(reader.present, doc)) continue
        const bytes = Buffer.from(heldText(kind, values[doc]!))
        merged[renumbered[doc]!] = texts.of(hashOf(bytes, 0, bytes.length), bytes, 0, bytes.length)
      }
      continue
    }
    const { bytes, ends, count } = reader.texts
    const numbers = new Uint32Array(count + 1)
    for (let ordinal = 1; ordinal <= count; ordinal++) {
      const start = reader.texts.startOf(ordinal)
      const end = ends[ordinal - 1]!
      numbers[ordinal] = texts.of(hashOf(bytes, start, end), bytes, start, end)
    }
    const ordinals = reader.ordinals.slice(0, docs)
    for (let doc = 0; doc < docs; doc++) merged[renumbered[doc]!] = numbers[ordinals[doc]!]!
  }
  return texts.column(merged)
}
