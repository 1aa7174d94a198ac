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
  const agents = segments.map((segment) => segment.facets.map(({ agent }) => agent))

  /** New numbers of each segment's documents. */
  const renumbered = segments.map((segment) => new Uint32Array(segment.docs))
  const heads = segments.map(() => 0)
  /** Ids of the heads, read once each. */
  const ids: (string | null)[] = segments.map(() => null)
  const headId = (s: number): string => {
    const { chunks, lines } = segments[s]!
    ids[s] ??= idOf(chunks.at(heads[s]!), lines.at(heads[s]!))
    return ids[s]
  }
  const compare = (a: number, b: number): number => {
    const one = segments[a]!
    const other = segments[b]!
    const i = heads[a]!
    const k = heads[b]!
    return (
      one.times.at(i) - other.times.at(k) ||
      byBytes(agents[a]![one.sourceFacets.at(i)]!, agents[b]![other.sourceFacets.at(k)]!) ||
      one.sequences.at(i) - other.sequences.at(k) ||
      byBytes(headId(a), headId(b))
    )
  }
  // What arrived together mostly stands together: the first gives documents until the second has its turn.
  for (let doc = 0; doc < total; ) {
    let first = -1
    let second = -1
    for (let s = 0; s < segments.length; s++) {
      if (heads[s]! >= segments[s]!.docs) continue
      if (first === -1 || compare(s, first) < 0) {
        second = first
        first = s
      } else if (second === -1 || compare(s, second) < 0) second = s
    }
    const segment = segments[first]!
    const numbers = facetNumbers[first]!
    do {
      const from = heads[first]!++
      ids[first] = null
      renumbered[first]![from] = doc
      columns.times[doc] = segment.times.at(from)
      columns.sequences[doc] = segment.sequences.at(from)
      columns.chunks[doc] = segment.chunks.at(from)
      columns.lines[doc] = segment.lines.at(from)
      columns.sourceFacets[doc] = numbers[segment.sourceFacets.at(from)]!
      columns.deedFacets[doc] = numbers[segment.deedFacets.at(from)]!
      doc++
    } while (heads[first]! < segment.docs && (second === -1 || compare(first, second) < 0))
  }

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
