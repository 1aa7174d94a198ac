import type { AuditEvent } from '../../../../schema/index.ts'
import { AGGREGATE_LIMITS, type Bucket, type Group, type SplitAnswer } from '../../aggregate.ts'
import type { BucketRoom } from '../../aggregate-bounds.ts'
import { keysBetween } from '../../calendar.ts'
import type { FieldValue } from '../../field-values.ts'
import type { Dimension } from './dimension.ts'
import { type Address, Cell, type Question, Sums, type Tally } from './tally.ts'

/** The shown keys of a split, in their order, and the number of other values and of their events. */
export interface Shown {
  readonly keys: readonly FieldValue[]
  readonly distinct: number
  readonly others: number
}

export function shownOf({ split, compare }: Dimension, counts: Iterable<[FieldValue, number]>): Shown {
  if (split.kind !== 'values') {
    let first = Number.POSITIVE_INFINITY
    let last = Number.NEGATIVE_INFINITY
    for (const [key] of counts) {
      first = Math.min(first, Number(key))
      last = Math.max(last, Number(key))
    }
    const keys = first > last ? [] : keysBetween(split, first, last, AGGREGATE_LIMITS.buckets)
    return { keys, distinct: keys.length, others: 0 }
  }
  const byValue = split.order !== undefined
  const sorted = [...counts].sort(([a, some], [b, others]) => (byValue ? 0 : others - some) || compare(a, b))
  let others = 0
  for (const [, count] of sorted.slice(split.top)) others += count
  return { keys: sorted.slice(0, split.top).map(([key]) => key), distinct: sorted.length, others }
}

export function* countsOf(tally: Tally): Iterable<[FieldValue, number]> {
  for (const [key, { count }] of tally.buckets) yield [key, count]
}

export interface AnswerParts {
  readonly question: Question
  readonly tally: Tally
  /** The shown keys of the first split. */
  readonly shown: Shown | null
  readonly room: BucketRoom
  readonly eventAt: (address: Address) => AuditEvent | null
}

/** The tally in the form of the port. */
export function answerOf({ question, tally, shown, room, eventAt }: AnswerParts): Group {
  const { first, second, sums, distinct, latest } = question
  const metricsOf = (cell: Cell): Omit<Group, 'count'> => ({
    ...(sums !== null && {
      sums: Object.fromEntries(
        [...sums.keys()].map((field) => [field, (cell.sums.get(field) ?? NO_SUMS).numbers]),
      ),
    }),
    ...(distinct !== null && {
      distinct: Object.fromEntries(
        [...distinct.keys()].map((field) => [field, cell.distinct.get(field)?.size ?? 0]),
      ),
    }),
    ...(latest && { latest: cell.latest === null ? null : eventAt(cell.latest.at) }),
  })
  const innerOf = (cell: Cell, dimension: Dimension): SplitAnswer => {
    const { keys, ...rest } = shownOf(dimension, cell.inner)
    room.demand(keys.length)
    const buckets = keys.map((key) => ({ key, count: cell.inner.get(key) ?? 0 }))
    return { buckets, ...rest, none: cell.innerNone }
  }
  const bucketOf = (key: FieldValue): Bucket => {
    const cell = tally.buckets.get(key) ?? NO_EVENTS
    return {
      key,
      count: cell.count,
      ...(second !== null && { split: innerOf(cell, second) }),
      ...metricsOf(cell),
    }
  }
  const splitOf = ({ keys, ...rest }: Shown): SplitAnswer => {
    room.demand(keys.length)
    return { buckets: keys.map(bucketOf), ...rest, none: tally.none }
  }
  return {
    count: tally.whole.count,
    ...(first !== null && shown !== null && { split: splitOf(shown) }),
    ...metricsOf(tally.whole),
  }
}

const NO_EVENTS = new Cell()
const NO_SUMS = new Sums()
