import { type AuditEvent, comparePlaces } from '../../../../../schema/index.ts'
import {
  AGGREGATE_LIMITS,
  type Aggregate,
  type AggregateRequest,
  type Bucket,
  type Group,
  type NumberSums,
  type SplitAnswer,
} from '../../../aggregate.ts'
import { BucketRoom, Budget, demandBounded } from '../../../aggregate-bounds.ts'
import { keysBetween } from '../../../calendar.ts'
import { numericField } from '../../../field-values.ts'
import type { SearchContext } from '../search.ts'
import { asStored } from '../view.ts'
import { isIn } from './bits.ts'
import { type Counts, firstOf, greatestOf, SparseCounts } from './counts.ts'
import { type Hits, hitsOf } from './hits.ts'
import { Dimension } from './reading.ts'
import { type Cross, crossOf, Ranking, tallyOf } from './tally.ts'

interface Context extends Omit<SearchContext, 'late'> {
  readonly now: () => number
  /** Throws if nobody waits for the answer any more. */
  readonly demandWanted: () => void
}

/** Works an aggregate out: which documents match, then one pass over columns for each thing that is asked of them. */
export function aggregate(request: AggregateRequest, context: Context): Aggregate {
  // Wherever the work looks at the clock it learns that it can stop.
  const budget = Budget.of(request, () => {
    context.demandWanted()
    return context.now()
  })
  const question = new Question(request, budget)
  const hits = hitsOf(request, context, budget)
  if (request.whole === true) budget.foresee(question.workOn(hits))
  const group = question.answer(hits)
  return { ...group, partial: budget.partiality }
}

/** The least time to read an event, ms; it mostly takes three to six times as long. */
const LEAST_TO_READ = 0.005

class Question {
  readonly #request: AggregateRequest
  readonly #budget: Budget
  readonly #first: Dimension | null
  readonly #second: Dimension | null
  readonly #sums: readonly (readonly [string, Dimension])[]
  readonly #distinct: readonly (readonly [string, Dimension])[]
  readonly #room = new BucketRoom()

  constructor(request: AggregateRequest, budget: Budget) {
    demandBounded(request)
    this.#request = request
    this.#budget = budget
    const [first, second] = request.by
    this.#first = first === undefined ? null : new Dimension(first, budget)
    this.#second = second === undefined ? null : new Dimension(second, budget)
    const values = (field: string): readonly [string, Dimension] => [
      field,
      new Dimension({ kind: 'values', field, top: 1 }, budget),
    ]
    this.#sums = (request.sums ?? []).map((field) => values(numericField(field).name))
    this.#distinct = (request.distinct ?? []).map(values)
  }

  /** Returns the least time, ms, that the answer will take. */
  workOn(all: readonly Hits[]): number {
    const read = [this.#first, this.#second].filter((dimension) => dimension?.isReadFromEvents).length
    return read * all.reduce((sum, { count }) => sum + count, 0) * LEAST_TO_READ
  }

  answer(all: readonly Hits[]): Group {
    const count = all.reduce((sum, hits) => sum + hits.count, 0)
    const { sums, distinct, latest } = this.#request
    // First of the whole: then it is known which values there are, and the buckets can be counted in a table.
    const whole = {
      ...(sums !== undefined && {
        sums: Object.fromEntries(
          this.#sums.map(([field, dimension]) => [
            field,
            sumsOf(dimension, tallyOf(all, dimension, this.#budget).counts),
          ]),
        ),
      }),
      ...(distinct !== undefined && {
        distinct: Object.fromEntries(
          this.#distinct.map(([field, dimension]) => [
            field,
            tallyOf(all, dimension, this.#budget).counts.size,
          ]),
        ),
      }),
      ...(latest === true && { latest: lastEvent(all) }),
    }
    return {
      count,
      ...(this.#first !== null && { split: this.#split(all, this.#first) }),
      ...whole,
    }
  }

  #split(all: readonly Hits[], dimension: Dimension): SplitAnswer {
    const tally = tallyOf(all, dimension, this.#budget)
    const { counts } = tally
    const chosen = this.#chosen(dimension, counts)
    const ranking = new Ranking(dimension, chosen.numbers)
    const cross = this.#second === null ? null : crossOf(all, ranking, this.#second, this.#budget)
    const metrics = this.#metrics(all, ranking, chosen.numbers.length)
    const rankOf = new Map(chosen.numbers.map((number, rank) => [number, rank]))
    const bucket = (number: number | undefined, key: Bucket['key']): Bucket => {
      const rank = number === undefined ? undefined : rankOf.get(number)
      const split =
        this.#second === null
          ? undefined
          : this.#inner(this.#second, rank === undefined ? null : cross, rank ?? 0)
      return {
        key,
        count: number === undefined ? 0 : counts.get(number),
        ...(split !== undefined && { split }),
        ...(rank === undefined ? this.#nothing() : metrics[rank]),
      }
    }
    return { buckets: chosen.bucketsWith(bucket), ...chosen.rest, none: tally.none }
  }

  /** The second split within one bucket of the first. */
  #inner(dimension: Dimension, cross: Cross | null, rank: number): SplitAnswer {
    const counts = cross?.counts[rank] ?? NO_COUNTS
    const chosen = this.#chosen(dimension, counts)
    const bucket = (number: number | undefined, key: Bucket['key']): Bucket => ({
      key,
      count: number === undefined ? 0 : counts.get(number),
    })
    return { buckets: chosen.bucketsWith(bucket), ...chosen.rest, none: cross?.none[rank] ?? 0 }
  }

  /** Returns the buckets that are shown, in their order. */
  #chosen(
    dimension: Dimension,
    counts: Counts,
  ): {
    numbers: readonly number[]
    rest: { distinct: number; others: number }
    bucketsWith: (make: (number: number | undefined, key: Bucket['key']) => Bucket) => Bucket[]
  } {
    const { split, numbers } = dimension
    if (split.kind === 'values') {
      const top =
        split.order === undefined
          ? greatestOf(counts, split.top, (a, b) => numbers.compare(a, b))
          : firstOf(counts, split.top, numbers.inOrder(split.order))
      let others = 0
      counts.each((_, count) => {
        others += count
      })
      for (const number of top) others -= counts.get(number)
      this.#room.demand(top.length)
      return {
        numbers: top,
        rest: { distinct: counts.size, others },
        bucketsWith: (make) => top.map((number) => make(number, numbers.value(number))),
      }
    }
    const byKey = new Map<number, number>()
    let first = Number.POSITIVE_INFINITY
    let last = Number.NEGATIVE_INFINITY
    counts.each((number) => {
      const key = Number(numbers.value(number))
      byKey.set(key, number)
      first = Math.min(first, key)
      last = Math.max(last, key)
    })
    const keys = byKey.size === 0 ? [] : keysBetween(split, first, last, AGGREGATE_LIMITS.buckets)
    this.#room.demand(keys.length)
    return {
      numbers: [...byKey.values()],
      rest: { distinct: keys.length, others: 0 },
      bucketsWith: (make) => keys.map((key) => make(byKey.get(key), key)),
    }
  }

  /** Sums, distinct values and last events, by rank. */
  #metrics(all: readonly Hits[], ranking: Ranking, ranks: number): Omit<Group, 'count'>[] {
    const { sums, distinct, latest } = this.#request
    const made: { -readonly [Member in keyof Omit<Group, 'count'>]: Group[Member] }[] = Array.from(
      { length: ranks },
      () => ({}),
    )
    if (sums !== undefined) {
      for (const one of made) one.sums = {}
      for (const [field, dimension] of this.#sums) {
        const { counts } = crossOf(all, ranking, dimension, this.#budget)
        for (const [rank, one] of made.entries())
          one.sums = { ...one.sums, [field]: sumsOf(dimension, counts[rank] ?? NO_COUNTS) }
      }
    }
    if (distinct !== undefined) {
      for (const one of made) one.distinct = {}
      for (const [field, dimension] of this.#distinct) {
        const { counts } = crossOf(all, ranking, dimension, this.#budget)
        for (const [rank, one] of made.entries())
          one.distinct = { ...one.distinct, [field]: counts[rank]?.size ?? 0 }
      }
    }
    if (latest === true) {
      const events = lastEvents(all, ranking, ranks, this.#budget)
      for (const [rank, one] of made.entries()) one.latest = events[rank] ?? null
    }
    return made
  }

  /** Returns the figures of an empty bucket. */
  #nothing(): Omit<Group, 'count'> {
    const { sums, distinct, latest } = this.#request
    return {
      ...(sums !== undefined && {
        sums: Object.fromEntries(
          this.#sums.map(([field, dimension]) => [field, sumsOf(dimension, NO_COUNTS)]),
        ),
      }),
      ...(distinct !== undefined && { distinct: Object.fromEntries(distinct.map((field) => [field, 0])) }),
      ...(latest === true && { latest: null }),
    }
  }
}

const NO_COUNTS: Counts = new SparseCounts()

function sumsOf({ numbers }: Dimension, counts: Counts): NumberSums {
  let values = 0
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  counts.each((number, count) => {
    const value = Number(numbers.value(number))
    values += count
    sum += value * count
    min = Math.min(min, value)
    max = Math.max(max, value)
  })
  if (values === 0) return { values, sum, min: null, max: null, avg: null }
  return { values, sum, min, max, avg: sum / values }
}

interface Last {
  readonly hits: Hits
  readonly doc: number
}

/** The last event of each rank in the total order. */
function lastEvents(
  all: readonly Hits[],
  ranking: Ranking,
  ranks: number,
  budget: Budget,
): (AuditEvent | undefined)[] {
  const last: (Last | undefined)[] = Array.from({ length: ranks })
  for (const hits of all) {
    // The documents of a segment lie in the total order.
    const own = new Float64Array(ranks).fill(-1)
    ranking.each(hits, budget, (rank, doc) => {
      own[rank] = doc
    })
    for (const [rank, doc] of own.entries()) {
      if (doc === -1) continue
      const before = last[rank]
      const one = { hits, doc }
      if (before === undefined || compareLast(before, one) < 0) last[rank] = one
    }
  }
  return last.map((one) => (one === undefined ? undefined : eventOf(one)))
}

function lastEvent(all: readonly Hits[]): AuditEvent | null {
  let last: Last | null = null
  for (const hits of all) {
    let doc = hits.high - 1
    while (!isIn(hits.bits, doc)) doc--
    const one = { hits, doc }
    if (last === null || compareLast(last, one) < 0) last = one
  }
  return last === null ? null : eventOf(last)
}

const eventOf = ({ hits: { view, segment }, doc }: Last): AuditEvent =>
  asStored(view.event(segment.chunks.at(doc), segment.lines.at(doc)))

function compareLast(a: Last, b: Last): number {
  const place = ({ hits: { segment }, doc }: Last) => ({
    timestamp: segment.times.at(doc),
    agent: segment.facets[segment.sourceFacets.at(doc)]!.agent,
    sequence: segment.sequences.at(doc),
    id: '',
  })
  const idOf = ({ hits: { view, segment }, doc }: Last): string =>
    view.chunk(segment.chunks.at(doc)).id(segment.lines.at(doc))
  return (
    comparePlaces(place(a), place(b)) ||
    comparePlaces({ ...place(a), id: idOf(a) }, { ...place(b), id: idOf(b) })
  )
}
