import { OperatorError } from '../../schema/index.ts'
import { AGGREGATE_LIMITS, type AggregateRequest, type Partiality } from './aggregate.ts'

/** The limits of an aggregate's cost, and what they made it leave out. */
export class Budget {
  readonly #end: number
  readonly #now: () => number
  #late = false
  /** Set when more different values came than can be held. */
  tooManyValues = false

  constructor(ms: number, now: () => number) {
    this.#now = now
    this.#end = now() + ms
  }

  /** The budget that was asked for, or the usual one. */
  static of({ budget }: AggregateRequest, now: () => number): Budget {
    return new Budget(Math.min(budget ?? AGGREGATE_LIMITS.budget, AGGREGATE_LIMITS.longestBudget), now)
  }

  /** Whether the time is over; once it is, it stays so. */
  get late(): boolean {
    // `now` is read each time: it may also report that nobody waits any more.
    if (this.#now() >= this.#end) this.#late = true
    return this.#late
  }

  /** Marks the time as over if the work, ms, will surely not be done in the time that is left. */
  foresee(work: number): void {
    if (work > this.left) this.#late = true
  }

  /** The time left, ms. */
  get left(): number {
    return this.#end - this.#now()
  }

  /** Whether it was found to be over. */
  get wasLate(): boolean {
    return this.#late
  }

  /** Why the answer is not complete; null if it is. */
  get partiality(): Partiality | null {
    if (this.#late)
      return {
        reason: 'time',
        sentence: 'The time limit was reached: not all events were counted, and counts may be too low.',
      }
    if (this.tooManyValues)
      return {
        reason: 'values',
        sentence:
          'There are more different values than the limit: some are left out, and counts may be too low.',
      }
    return null
  }
}

/** The buckets of one answer, all splits together. */
export class BucketRoom {
  #buckets = 0

  demand(more: number): void {
    this.#buckets += more
    if (this.#buckets > AGGREGATE_LIMITS.allBuckets)
      throw new OperatorError(
        'WB-ANSWER-TOO-LARGE',
        `the answer would have more than ${AGGREGATE_LIMITS.allBuckets} buckets; ask for fewer values, longer intervals or a shorter time`,
      )
  }
}

/** Refuses a request for more than one answer may hold. */
export function demandBounded({ by, sums, distinct }: AggregateRequest): void {
  const { splits, fields, top } = AGGREGATE_LIMITS
  if (by.length > splits)
    throw new OperatorError('WB-ANSWER-TOO-LARGE', `at most ${splits} splits are allowed`)
  for (const split of by) {
    if (split.kind === 'values' && !(Number.isInteger(split.top) && split.top >= 1 && split.top <= top))
      throw new OperatorError('WB-ANSWER-TOO-LARGE', `top is ${split.top}, expected 1 to ${top}`)
    if (split.kind === 'values' && split.after !== undefined && split.order === undefined)
      throw new OperatorError('WB-ANSWER-TOO-LARGE', 'after needs an order: ascending or descending')
  }
  if ((sums?.length ?? 0) > fields || (distinct?.length ?? 0) > fields)
    throw new OperatorError(
      'WB-ANSWER-TOO-LARGE',
      `at most ${fields} fields can be added up or counted at once`,
    )
}
