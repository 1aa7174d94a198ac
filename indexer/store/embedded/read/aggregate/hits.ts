import { matches, type Query } from '../../../../query/index.ts'
import type { Budget } from '../../../aggregate-bounds.ts'
import { categoryOf } from '../../disk/index.ts'
import { type Segment, WINDOW } from '../../index/index.ts'
import { timesOf, withinCategory } from '../candidates.ts'
import type { SearchContext } from '../search.ts'
import type { PartitionView } from '../view.ts'
import { countOf, within } from './bits.ts'
import { Decisions, Judge } from './verdict.ts'

/** The documents of one segment that a question is about: those from `low` up to but without `high`, or of these the bits that are set. */
export interface Hits {
  readonly view: PartitionView
  readonly segment: Segment
  readonly low: number
  readonly high: number
  /** Null where all are. */
  readonly bits: Uint32Array | null
  readonly count: number
}

export interface Asked {
  readonly query: Query
  readonly from?: number
  readonly to?: number
}

/** What matches, segment by segment. Where the time is over, documents that only their event could decide are left out. */
export function hitsOf(
  asked: Asked,
  context: Omit<SearchContext, 'late'> & { readonly demandWanted: () => void },
  budget: Budget,
): Hits[] {
  const { query } = asked
  const times = timesOf(query)
  const from = Math.max(asked.from ?? Number.NEGATIVE_INFINITY, times.from)
  const to = Math.min(asked.to ?? Number.POSITIVE_INFINITY, times.to)
  const found: Hits[] = []
  const decisions = new Decisions(context.demandWanted)
  for (const row of context.partitions) {
    if (row.greatest < from || row.least >= to) continue
    const own = withinCategory(query, categoryOf(row.name))
    if (own.kind === 'none') continue
    const view = context.view(row.name)
    for (const { id, least, greatest } of view.segments()) {
      if (greatest < from || least >= to) continue
      const hits = hitsIn({ view, segment: view.segment(id), decisions }, own, from, to, budget)
      if (hits.count > 0) found.push(hits)
    }
  }
  return found
}

function hitsIn(
  { view, segment, decisions }: { view: PartitionView; segment: Segment; decisions: Decisions },
  query: Query,
  from: number,
  to: number,
  budget: Budget,
): Hits {
  const low = segment.firstAt(from)
  const high = segment.firstAt(to)
  const { yes, maybe } = new Judge(segment, decisions).verdict(query)
  if (yes === 'all') return { view, segment, low, high, bits: null, count: high - low }
  const bits = within(yes, low, high, segment.docs)
  if (maybe !== 'none') {
    const open = within(maybe, low, high, segment.docs)
    eachBit(open, low, high, (doc) => {
      if (budget.late) return false
      if (matches(query, view.event(segment.chunks.at(doc), segment.lines.at(doc))))
        bits[doc >>> 5] = bits[doc >>> 5]! | (1 << (doc & 31))
      return true
    })
  }
  return { view, segment, low, high, bits, count: countOf(bits) }
}

/** Visits the documents that are set, in order, until told to stop. */
export function eachBit(bits: Uint32Array, low: number, high: number, visit: (doc: number) => boolean): void {
  for (let i = low >>> 5, last = (high - 1) >>> 5; i <= last; i++) {
    for (let rest = bits[i]!; rest !== 0; rest &= rest - 1) {
      if (!visit(i * 32 + (31 - Math.clz32(rest & -rest)))) return
    }
  }
}

const EVERY = Uint32Array.from({ length: WINDOW }, (_, place) => place)
const places = new Uint32Array(WINDOW)

/**
 * Where the hits of a stretch of at most a window are, counted from its first document; valid until the next are asked for. Mostly few are hit:
 * to go from one to the next takes a fifth of the time of asking each document.
 */
export function placesIn({ bits }: Hits, from: number, to: number): Uint32Array {
  if (bits === null) return EVERY.subarray(0, to - from)
  let count = 0
  for (let i = from >>> 5, last = (to - 1) >>> 5; i <= last; i++) {
    const base = i * 32 - from
    for (let rest = bits[i]!; rest !== 0; rest &= rest - 1) {
      const place = base + 31 - Math.clz32(rest & -rest)
      if (place >= 0 && place < to - from) places[count++] = place
    }
  }
  return places.subarray(0, count)
}

/** The stretches of a segment in which something is hit, of at most a window. */
export function* stretches({ low, high, bits }: Hits): Generator<readonly [from: number, to: number]> {
  for (let from = low; from < high; ) {
    const to = Math.min(high, (Math.floor(from / WINDOW) + 1) * WINDOW)
    if (bits === null || isAnySet(bits, from, to)) yield [from, to]
    from = to
  }
}

function isAnySet(bits: Uint32Array, from: number, to: number): boolean {
  for (let i = from >>> 5, last = (to - 1) >>> 5; i <= last; i++) if (bits[i] !== 0) return true
  return false
}
