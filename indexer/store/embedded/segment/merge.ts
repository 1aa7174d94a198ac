import type { Segment } from './read.ts'
import { TermCursor } from './read.ts'
import { type Columns, type Footer, SegmentWriter, type Sink } from './write.ts'

const byBytes = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))

/**
 * Writes the documents of several segments into one. `idOf` reads an event's id, which only settles the order of documents
 * that agree in time, agent and sequence.
 */
export function mergeSegments(
  segments: readonly Segment[],
  sink: Sink,
  idOf: (chunk: number, line: number) => string,
): Footer {
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
    segment.facets.map(({ text }) => {
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
  for (let doc = 0; doc < total; doc++) {
    let least = -1
    for (let s = 0; s < segments.length; s++) {
      if (heads[s]! < segments[s]!.docs && (least === -1 || compare(s, least) < 0)) least = s
    }
    const segment = segments[least]!
    const from = heads[least]!++
    ids[least] = null
    renumbered[least]![from] = doc
    columns.times[doc] = segment.times.at(from)
    columns.sequences[doc] = segment.sequences.at(from)
    columns.chunks[doc] = segment.chunks.at(from)
    columns.lines[doc] = segment.lines.at(from)
    columns.sourceFacets[doc] = facetNumbers[least]![segment.sourceFacets.at(from)]!
    columns.deedFacets[doc] = facetNumbers[least]![segment.deedFacets.at(from)]!
  }

  const writer = new SegmentWriter(sink)
  const cursors = segments.map((segment) => new TermCursor(segment))
  const live = cursors.map((cursor) => cursor.next())
  const docs = new Uint32Array(total)
  for (;;) {
    let key = Number.POSITIVE_INFINITY
    for (let s = 0; s < cursors.length; s++) if (live[s] && cursors[s]!.key < key) key = cursors[s]!.key
    if (key === Number.POSITIVE_INFINITY) break
    let count = 0
    let ascending = true
    for (let s = 0; s < cursors.length; s++) {
      const cursor = cursors[s]!
      if (!live[s] || cursor.key !== key) continue
      const map = renumbered[s]!
      for (const doc of cursor.docs()) {
        const number = map[doc]!
        if (count > 0 && docs[count - 1]! > number) ascending = false
        docs[count++] = number
      }
      live[s] = cursor.next()
    }
    if (!ascending) docs.subarray(0, count).sort()
    writer.add(key, docs, 0, count)
  }
  return writer.finish(columns, texts)
}
