import type { AuditEvent } from '../../schema/index.ts'
import type { Query } from '../query/tree.ts'

/**
 * A request for counts, and how to split them. Both stores answer alike:
 *
 * - An event has each value of a field once, spelled as it is there: `Jane` and `jane` are two values, though a condition finds both.
 *   Addresses are in their usual form. A value that no condition on the field finds (null, another type, a keyword too long) does not count.
 * - An event with several values is in the bucket of each, so buckets may add up to more than their events.
 * - Values come by count, the greatest first; among equals by value, the least first: texts by their UTF-8 bytes, numbers and addresses
 *   as such. Times come in their order, with empty buckets between the first and the last that are not empty; the hours of
 *   a day and the days of a week are always all there.
 * - Counts are exact. An unfinished answer has `partial`.
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
  /** The time that it may take, ms; then it returns what it has. */
  readonly budget?: number
  /** Whether a part of the answer is useless: if the time will surely be over before the end, the answer comes at once, and is empty. */
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
  /** Only values with this beginning (A to Z equal a to z); all others are ignored. */
  readonly prefix?: string
  /** The order by value instead of by count: texts ignore case from A to Z, and equal ones then sort as they are spelled. */
  readonly order?: ValueOrder
  /** With an order: only values after this one; other spellings of it are left out, too. */
  readonly after?: string | number
}

export type ValueOrder = 'ascending' | 'descending'

/** This many ms, counted from 1970 in UTC; or as the calendar of the time zone has it. Weeks begin on Monday. */
export type Interval = number | CalendarUnit
export type CalendarUnit = 'day' | 'week' | 'month' | 'year'

export interface Aggregate extends Group {
  /** Why the answer is partial; null if it is complete. */
  readonly partial: Partiality | null
}

export interface Partiality {
  /** Why it is partial: the time was over, or there were more different values than are held. */
  readonly reason: 'time' | 'values'
  /** A sentence for people. */
  readonly sentence: string
}

export interface Group {
  readonly count: number
  readonly split?: SplitAnswer
  readonly sums?: Readonly<Record<string, NumberSums>>
  readonly distinct?: Readonly<Record<string, number>>
  /** Null if there is no event. */
  readonly latest?: AuditEvent | null
}

export interface Bucket extends Group {
  /** The value; the start of the interval, ms; the hour of the day (0 to 23); the day of the week (1 is Monday). */
  readonly key: string | number
}

export interface SplitAnswer {
  readonly buckets: readonly Bucket[]
  /** The number of all buckets: those shown, and those beyond the top. */
  readonly distinct: number
  /** The sum of the counts of the buckets that are not shown. */
  readonly others: number
  /** Events without a value. */
  readonly none: number
}

export interface NumberSums {
  /** The number of different values. */
  readonly values: number
  readonly sum: number
  readonly min: number | null
  readonly max: number | null
  readonly avg: number | null
}

export { AGGREGATE_LIMITS } from '../../schema/index.ts'
