import { matches, type Query } from '../../../../query/index.ts'
import type { AggregateRequest } from '../../../aggregate.ts'
import type { Budget } from '../../../aggregate-bounds.ts'
import { axisOf, type Slot, type TimeSplit } from '../../../calendar.ts'
import { countableField } from '../../../field-values.ts'
import { categoryOf } from '../../disk/index.ts'
import { type Segment, WINDOW } from '../../index/index.ts'
import { timesOf, withinCategory } from '../candidates.ts'
import type { SearchContext } from '../search.ts'
import type { PartitionView } from '../view.ts'
import { countOf, within } from './bits.ts'
import { type Groups, HOUR, isDecidedByGroup, isKept, type RollUp, type Rows } from './roll-up.ts'
import { Decisions, SegmentMatcher } from './verdict.ts'

/** The rows of one segment that a question is about: those from `low` up to but without `high`, or of these the bits that are set. */
export interface Hits {
  readonly view: PartitionView
  readonly id: number
  readonly segment: Segment
  /** The segment's documents, or the groups of its roll-up. */
  readonly rows: Rows
  /** The number of documents in each row; null if each row is one document. */
  readonly weights: Uint32Array | null
  readonly low: number
  readonly high: number
  /** Null if all are hits. */
  readonly bits: Uint32Array | null
  /** The number of documents. */
  readonly count: number
}

/** The share of a question's time in which roll-ups are made: the rest is counted by documents, and the next question makes more. */
const SHARE_TO_ROLL = 1 / 2

/** Returns the matching documents, segment by segment. When the time is up, documents that only their event could decide are left out. */
export function hitsOf(
  asked: AggregateRequest,
  context: Omit<SearchContext, 'late'> & { readonly demandWanted: () => void },
  budget: Budget,
): Hits[] {
  const { query } = asked
  const times = timesOf(query)
  const from = Math.max(asked.from ?? Number.NEGATIVE_INFINITY, times.from)
  const to = Math.min(asked.to ?? Number.POSITIVE_INFINITY, times.to)
  const found: Hits[] = []
  const decisions = new Decisions(context.demandWanted)
  const rolling = Rolling.of(asked)
  const least = budget.left * SHARE_TO_ROLL
  for (const row of context.partitions) {
    if (row.greatest < from || row.least >= to) continue
    const own = withinCategory(query, categoryOf(row.name))
    if (own.kind === 'none') continue
    const view = context.view(row.name)
    const rolls = rolling !== null && isDecidedByGroup(own)
    for (const { id, ...span } of view.segments()) {
      if (span.greatest < from || span.least >= to) continue
      const segment = view.segment(id)
      const rollUp = rolls ? view.rollUp(id, () => budget.left > least) : null
      for (const part of partsOf(segment, rollUp, rolling, { ...span, from, to })) {
        const hits = hitsIn({ view, id, segment, decisions }, part, own, budget)
        if (hits.count > 0) found.push(hits)
      }
    }
  }
  return found
}

interface Span {
  readonly least: number
  readonly greatest: number
  readonly from: number
  readonly to: number
}

interface Part {
  readonly rows: Rows
  readonly weights: Uint32Array | null
  readonly from: number
  readonly to: number
}

/**
 * Splits a segment into parts that are counted by groups and parts that are counted by documents: the hours that lie only partly in the
 * time range.
 */
function partsOf(segment: Segment, rollUp: RollUp | null, rolling: Rolling | null, span: Span): Part[] {
  // A segment within the time range has no cut hour.
  const from = span.least >= span.from ? Number.NEGATIVE_INFINITY : span.from
  const to = span.greatest < span.to ? Number.POSITIVE_INFINITY : span.to
  const documents = (from: number, to: number): Part => ({ rows: segment, weights: null, from, to })
  if (rollUp === null || rolling === null) return [documents(from, to)]
  const { byHour, total } = rollUp
  const groups = (rows: Groups, from: number, to: number): Part => ({ rows, weights: rows.counts, from, to })
  if (!rolling.byTime && from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY)
    return [groups(total, from, to)]
  const first = Math.ceil(from / HOUR) * HOUR
  const end = Math.floor(to / HOUR) * HOUR
  if (first >= end || !rolling.keepsWhole(byHour, first, end)) return [documents(from, to)]
  return [
    ...(from < first ? [documents(from, first)] : []),
    groups(byHour, first, end),
    ...(end < to ? [documents(end, to)] : []),
  ]
}

/** A question that roll-ups can answer. */
class Rolling {
  readonly byTime: boolean
  readonly #axes: readonly ((time: number) => Slot)[]
  readonly #known = new Map<number, boolean>()

  private constructor(splits: readonly TimeSplit[]) {
    this.byTime = splits.length > 0
    // Hours of UTC are whole in each interval that is made of them.
    this.#axes = splits
      .filter(
        (split) => !(split.kind === 'time' && typeof split.every === 'number' && split.every % HOUR === 0),
      )
      .map(axisOf)
  }

  /** Returns null if the question needs more than times and fields that are kept. */
  static of({ by, sums = [], distinct = [], latest }: AggregateRequest): Rolling | null {
    const fields = [...by.flatMap((split) => (split.kind === 'values' ? [split.field] : [])), ...distinct]
    if (latest === true || sums.length > 0) return null
    if (!fields.every((field) => isKept(countableField(field).name))) return null
    return new Rolling(by.filter((split) => split.kind !== 'values'))
  }

  /** Whether each hour is in one bucket: not so where local time is ahead by half an hour, or a bucket is shorter. */
  keepsWhole({ hours }: Groups, from: number, to: number): boolean {
    if (this.#axes.length === 0) return true
    return hours.every((hour) => hour < from || hour >= to || this.#isWhole(hour))
  }

  #isWhole(hour: number): boolean {
    let is = this.#known.get(hour)
    if (is === undefined) {
      is = this.#axes.every((axis) => axis(hour).until >= hour + HOUR)
      this.#known.set(hour, is)
    }
    return is
  }
}

function hitsIn(
  { view, id, segment, decisions }: Pick<Hits, 'view' | 'id' | 'segment'> & { decisions: Decisions },
  { rows, weights, from, to }: Part,
  query: Query,
  budget: Budget,
): Hits {
  const low = rows.firstAt(from)
  const high = rows.firstAt(to)
  const { yes, maybe } = new SegmentMatcher(segment, rows, decisions).verdict(query)
  const countOfRows = (bits: Uint32Array | null): number => {
    if (weights === null) return bits === null ? high - low : countOf(bits)
    let count = 0
    if (bits === null) for (let row = low; row < high; row++) count += weights[row]!
    else
      eachBit(bits, low, high, (row) => {
        count += weights[row]!
        return true
      })
    return count
  }
  if (yes === 'all')
    return { view, id, segment, rows, weights, low, high, bits: null, count: countOfRows(null) }
  const bits = within(yes, low, high, rows.docs)
  if (maybe !== 'none') {
    const open = within(maybe, low, high, rows.docs)
    eachBit(open, low, high, (doc) => {
      if (budget.late) return false
      if (matches(query, view.event(segment.chunks.at(doc), segment.lines.at(doc))))
        bits[doc >>> 5] = bits[doc >>> 5]! | (1 << (doc & 31))
      return true
    })
  }
  return { view, id, segment, rows, weights, low, high, bits, count: countOfRows(bits) }
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
 * Returns the positions of the hits in a stretch of at most a window, counted from its first document; valid until the next call. Hits are
 * mostly few: going from one to the next takes a fifth of the time of testing each document.
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
