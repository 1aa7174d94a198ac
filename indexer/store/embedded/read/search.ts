import { type AuditEvent, comparePlaces, type Place } from '../../../../schema/index.ts'
import { matches, type Query } from '../../../query/index.ts'
import { cursorOf, placeOfCursor } from '../../cursor.ts'
import type { SearchRequest } from '../../port.ts'
import { categoryOf, type PartitionRow } from '../disk/index.ts'
import type { Facet, Segment, Ways } from '../index/index.ts'
import { type Candidates, candidatesOf, categoryFits, excludedBy, timesOf } from './candidates.ts'
import { SegmentStream } from './stream.ts'
import { asStored, type PartitionView } from './view.ts'

export interface SearchContext {
  readonly partitions: readonly PartitionRow[]
  readonly view: (name: string) => PartitionView
  /** Whether the page has used up its time: it then ends early, with a cursor. */
  readonly late: () => boolean
}

/** A segment that may still have matches. */
interface Head {
  readonly view: PartitionView
  readonly segment: Segment
  readonly stream: SegmentStream
  /** `doc` is a candidate; otherwise it is how far the stream has looked. */
  found: boolean
  timestamp: number
  agent: string
  sequence: number
  id: string | null
}

interface Unopened {
  readonly partition: string
  readonly segment: number
  /** `@timestamp` of its first document in the order of the search. */
  readonly nearest: number
}

/**
 * One page of a search. Segments give their candidates in the total order; the page merges them, opens a segment only when
 * its time comes, and looks at each candidate's event. What was looked at is behind the cursor, whether it matched or not.
 */
export function searchPage(
  request: SearchRequest,
  context: SearchContext,
): { events: AuditEvent[]; next: string | null } {
  const { query, order, limit } = request
  const newest = order === 'newest'
  const asked = timesOf(query)
  const from = Math.max(request.from ?? Number.NEGATIVE_INFINITY, asked.from)
  const to = Math.min(request.to ?? Number.POSITIVE_INFINITY, asked.to)
  const after = request.after === undefined ? null : placeOfCursor(request.after)
  const asks = asksOf(query)
  const events: AuditEvent[] = []
  if (from >= to || limit <= 0) return { events, next: null }

  const unopened = segmentsWithin(query, context, from, to, newest, after?.place.timestamp)
  const heads: Head[] = []
  const direction = newest ? -1 : 1
  const compare = (a: Head, b: Head): number => direction * compareHeads(a, b)

  const push = (head: Head): void => {
    head.found = head.stream.seek(context.late)
    if (head.stream.ended) return
    readPlace(head)
    heads.push(head)
    siftUp(heads, compare)
  }
  const openNext = (): void => {
    const { partition, segment: id } = unopened.pop()!
    const view = context.view(partition)
    const segment = view.segment(id)
    const { candidates, excluded } = asks(segment.ways)
    if (candidates.kind === 'none') return
    let low = segment.firstAt(from)
    let high = segment.firstAt(to)
    if (after !== null) {
      const bound = firstBehind(view, segment, after.place, newest === after.inclusive)
      if (newest) high = Math.min(high, bound)
      else low = Math.max(low, bound)
    }
    if (low >= high) return
    const stream = new SegmentStream(segment, { excluded, candidates, newest, low, high })
    push({ view, segment, stream, found: false, timestamp: 0, agent: '', sequence: 0, id: null })
  }

  let looked = 0
  for (;;) {
    while (unopened.length > 0) {
      const nearest = unopened[unopened.length - 1]!.nearest
      if (heads.length > 0 && (newest ? nearest < heads[0]!.timestamp : nearest > heads[0]!.timestamp)) break
      openNext()
    }
    const head = heads[0]
    if (head === undefined) return { events, next: null }
    if (looked > 0 && context.late())
      return { events, next: cursorOf({ place: placeOfHead(head), inclusive: true }) }
    looked++
    if (!head.found) {
      // This stream has found nothing up to here; the documents that it passed lie before the page's position.
      dropTop(heads, compare)
      push(head)
      continue
    }
    const { chunks, lines } = head.segment
    const event = head.view.event(chunks.at(head.stream.doc), lines.at(head.stream.doc))
    if (matches(query, event)) events.push(asStored(event))
    // An id is read out of a line that must be parsed once more: only the place where the page ends needs it.
    const place = events.length >= limit ? placeOfHead(head) : null
    head.stream.step()
    dropTop(heads, compare)
    push(head)
    if (place !== null) {
      const more = heads.length > 0 || unopened.length > 0
      return { events, next: more ? cursorOf({ place, inclusive: false }) : null }
    }
  }
}

interface Asks {
  readonly candidates: Candidates
  readonly excluded: (source: Facet, action: Facet) => boolean
}

/** Prepares a query for segments, once for all that are indexed alike. */
function asksOf(query: Query): (ways: Ways) => Asks {
  const known = new Map<Ways, Asks>()
  return (ways) => {
    let asks = known.get(ways)
    if (asks === undefined) {
      asks = { candidates: candidatesOf(query, ways), excluded: excludedBy(query, ways) }
      known.set(ways, asks)
    }
    return asks
  }
}

/** Segments that may hold something, the nearest in the search's order last. */
function segmentsWithin(
  query: SearchRequest['query'],
  context: SearchContext,
  from: number,
  to: number,
  newest: boolean,
  reached: number | undefined,
): Unopened[] {
  const least = !newest && reached !== undefined ? Math.max(from, reached) : from
  const most = newest && reached !== undefined ? Math.min(to, reached + 1) : to
  const found: Unopened[] = []
  for (const row of context.partitions) {
    if (row.greatest < least || row.least >= most || !categoryFits(query, categoryOf(row.name))) continue
    for (const segment of context.view(row.name).segments()) {
      if (segment.greatest < least || segment.least >= most) continue
      const nearest = newest ? segment.greatest : segment.least
      found.push({ partition: row.name, segment: segment.id, nearest })
    }
  }
  return found.sort((a, b) => (newest ? a.nearest - b.nearest : b.nearest - a.nearest))
}

function readPlace(head: Head): void {
  const { segment, stream } = head
  head.timestamp = segment.times.at(stream.doc)
  head.agent = segment.facets[segment.sourceFacets.at(stream.doc)]!.agent
  head.sequence = segment.sequences.at(stream.doc)
  head.id = null
}

/** The id is in the event itself; it is read only where time, agent and sequence agree. */
function idOf(head: Head): string {
  head.id ??= head.view
    .chunk(head.segment.chunks.at(head.stream.doc))
    .id(head.segment.lines.at(head.stream.doc))
  return head.id
}

const placeOfHead = (head: Head): Place => ({
  timestamp: head.timestamp,
  agent: head.agent,
  sequence: head.sequence,
  id: idOf(head),
})

function compareHeads(a: Head, b: Head): number {
  if (a.timestamp !== b.timestamp) return a.timestamp - b.timestamp
  if (a.agent !== b.agent || a.sequence !== b.sequence) {
    return comparePlaces({ ...a, id: '' }, { ...b, id: '' })
  }
  return comparePlaces(placeOfHead(a), placeOfHead(b))
}

/** Returns the first document after a place; `withIt` makes an equal document count as before it. */
function firstBehind(view: PartitionView, segment: Segment, place: Place, withIt: boolean): number {
  let low = segment.firstAt(place.timestamp)
  let high = segment.firstAt(place.timestamp + 1)
  while (low < high) {
    const middle = (low + high) >>> 1
    const agent = segment.facets[segment.sourceFacets.at(middle)]!.agent
    const sequence = segment.sequences.at(middle)
    let order = comparePlaces({ timestamp: place.timestamp, agent, sequence, id: '' }, { ...place, id: '' })
    if (order === 0) {
      const id = view.chunk(segment.chunks.at(middle)).id(segment.lines.at(middle))
      order = id < place.id ? -1 : id > place.id ? 1 : 0
    }
    if (order < 0 || (order === 0 && withIt)) low = middle + 1
    else high = middle
  }
  return low
}

function siftUp(heads: Head[], compare: (a: Head, b: Head) => number): void {
  let at = heads.length - 1
  const head = heads[at]!
  while (at > 0) {
    const parent = (at - 1) >>> 1
    if (compare(heads[parent]!, head) <= 0) break
    heads[at] = heads[parent]!
    at = parent
  }
  heads[at] = head
}

function dropTop(heads: Head[], compare: (a: Head, b: Head) => number): void {
  const last = heads.pop()!
  const { length } = heads
  if (length === 0) return
  let at = 0
  for (;;) {
    let child = at * 2 + 1
    if (child >= length) break
    if (child + 1 < length && compare(heads[child + 1]!, heads[child]!) < 0) child++
    if (compare(last, heads[child]!) <= 0) break
    heads[at] = heads[child]!
    at = child
  }
  heads[at] = last
}
