import type { AuditEvent } from '../../schema/index.ts'
import type { Query } from '../query/tree.ts'

/**
 * What is counted, and how the counts are split. Both stores answer alike:
 *
 * - An event has each value of a field once, spelled as it stands there: `Jane` and `jane` are two values, though a condition finds both.
 *   Addresses are in their usual form. What no condition on the field finds (null, another type, a keyword too long) is no value.
 * - An event with several values is in the bucket of each, so buckets may add up to more than their events.
 * - Values come by count, the greatest first; among equals by value, the least first: texts by their UTF-8 bytes, numbers and addresses
 *   as such. Times come in their order, with empty buckets between the first and the last that hold something; the hours of
 *   a day and the days of a week are always all there.
 * - Counts are exact. An answer that could not be finished says so in `partial`.
 */
export interface AggregateRequest {
  readonly query: Query
  /** `@timestamp` in ms, at or after. */
  readonly from?: number
  /** `@timestamp` in ms, before. */
  readonly to?: number
  /** At most two: the second within each bucket of the first. */
  readonly by: readonly Split[]
  /** Numeric fields to be added up, in the whole and in each bucket of the first split. */
  readonly sums?: readonly string[]
  /** Fields whose values are counted, in the whole and in each bucket of the first split. */
  readonly distinct?: readonly string[]
  /** The last event in the total order, of the whole and of each bucket of the first split. */
  readonly latest?: boolean
  /** How long it may take, ms, before it is answered as far as it has come. */
  readonly budget?: number
  /** A part of the answer is of no use: where the time will surely be over before the end, it is answered with nothing at once. */
  readonly whole?: boolean
}

export type Split =
  | { readonly kind: 'time'; readonly every: Interval; readonly zone: string }
  | { readonly kind: 'hour-of-day' | 'day-of-week'; readonly zone: string }
  | ValueSplit

export interface ValueSplit {
  readonly kind: 'values'
  readonly field: string
  readonly top: number
  /** Only values that begin so, A to Z as a to z; others are as if they were not there. */
  readonly prefix?: string
  /** By value in place of by count: texts with A to Z as a to z, and among those that are then equal as they are spelled. */
  readonly order?: ValueOrder
  /** With an order: only values behind this one, whose other spellings are left out, too. */
  readonly after?: string | number
}

export type ValueOrder = 'ascending' | 'descending'

/** So many ms, counted from 1970 in UTC; or as the calendar of the time zone has it. Weeks begin on Monday. */
export type Interval = number | CalendarUnit
export type CalendarUnit = 'day' | 'week' | 'month' | 'year'

export interface Aggregate extends Group {
  /** Why this is not everything; null where it is. */
  readonly partial: Partiality | null
}

export interface Partiality {
  /** The time was over, or there were more different values than are held. */
  readonly reason: 'time' | 'values'
  /** For people. */
  readonly sentence: string
}

export interface Group {
  readonly count: number
  readonly split?: SplitAnswer
  readonly sums?: Readonly<Record<string, NumberSums>>
  readonly distinct?: Readonly<Record<string, number>>
  /** Null where there is no event. */
  readonly latest?: AuditEvent | null
}

export interface Bucket extends Group {
  /** The value; the start of the interval, ms; the hour of the day (0 to 23); the day of the week (1 is Monday). */
  readonly key: string | number
}

export interface SplitAnswer {
  readonly buckets: readonly Bucket[]
  /** How many buckets there are in all: those shown, and those beyond the top. */
  readonly distinct: number
  /** Sum of the counts of those that are not shown. */
  readonly others: number
  /** Events without a value. */
  readonly none: number
}

export interface NumberSums {
  /** How many values there are. */
  readonly values: number
  readonly sum: number
  readonly min: number | null
  readonly max: number | null
  readonly avg: number | null
}

export { AGGREGATE_LIMITS } from '../../schema/index.ts'
