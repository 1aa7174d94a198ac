import type { Numbers } from './column.ts'
import type { PackedFooter } from './footer.ts'
import { KeyQueue } from './key-queue.ts'
import { mergedHeld } from './merge-held.ts'
import { PackedSegmentWriter } from './packed-segment.ts'
import { packedKey } from './packed-terms.ts'
import type { Segment } from './read.ts'
import type { Columns, Sink } from './write.ts'

const byBytes = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))

/**
 * Writes the documents of several segments, of one list of fields, into one. `idOf` reads an event's id, which only settles the order of documents
 * that agree in time, agent and sequence.
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

  // What arrived together mostly stands together: the first gives documents until the second has its turn.
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
  const cursors = segments.map((segment) => segment.terms())
  const queue = new KeyQueue(cursors.length)
  for (const [s, cursor] of cursors.entries()) if (cursor.next()) queue.add(s, packedKey(cursor.key))
  // Several values of a document may have one key: then there is more than one of each, until they are sorted.
  const docs = new Uint32Array(total * 2)
  while (!queue.isEmpty) {
    const key = queue.firstKey
    let count = 0
    let from = 0
    do {
      const s = queue.first
      const cursor = cursors[s]!
      from = count
      count = cursor.docs(renumbered[s]!, docs, count)
      if (count > total) count = sortedOnce(docs, count)
      if (cursor.next()) queue.next(packedKey(cursor.key))
      else queue.end()
    } while (!queue.isEmpty && queue.firstKey === key)
    // Of one term of one segment they ascend already.
    if (from > 0) count = sortedOnce(docs, count)
    writer.add(key, docs, count)
  }
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

/** Sorts the numbers, and keeps each once: two values whose keys agree may be of one document. The new count. */
function sortedOnce(docs: Uint32Array, count: number): number {
  sortAscending(docs, count)
  let kept = 1
  for (let i = 1; i < count; i++) if (docs[i] !== docs[kept - 1]) docs[kept++] = docs[i]!
  return kept
}

/** Lists of several segments one behind the other are mostly in order; if not, short ones are sorted by insertion. */
function sortAscending(docs: Uint32Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const doc = docs[i]!
    if (docs[i - 1]! <= doc) continue
    if (count > 64) {
      docs.subarray(0, count).sort()
      return
    }
    let at = i
    for (; at > 0 && docs[at - 1]! > doc; at--) docs[at] = docs[at - 1]!
    docs[at] = doc
  }
}
