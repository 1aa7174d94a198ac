import { OperatorError } from '../../schema/index.ts'
import { AGGREGATE_LIMITS, type AggregateRequest, type Partiality } from './aggregate.ts'

/** What an aggregate may cost, and what it had to leave out because of that. */
export class Budget {
  readonly #end: number
  readonly #now: () => number
  #late = false
  /** More different values came than are held. */
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
    // The clock is asked each time: it may also say that nobody waits any more.
    if (this.#now() >= this.#end) this.#late = true
    return this.#late
  }

  /** Says that the time is over now, where so much work, ms, will surely not be done in what is left. */
  foresee(work: number): void {
    if (work > this.left) this.#late = true
  }

  /** ms. */
  get left(): number {
    return this.#end - this.#now()
  }

  /** Whether it was found to be over. */
  get wasLate(): boolean {
    return this.#late
  }

  /** Why the answer is not everything; null where it is. */
  get partiality(): Partiality | null {
    if (this.#late)
      return {
        reason: 'time',
        sentence: 'The time for this was over: not all events were looked at, and counts may be too low.',
      }
    if (this.tooManyValues)
      return {
        reason: 'values',
        sentence:
          'There are more different values than are counted: some are left out, and counts may be too low.',
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
        `the answer would have more than ${AGGREGATE_LIMITS.allBuckets} buckets; ask for fewer values, longer intervals or a shorter time`,
      )
  }
}

/** Refuses what asks for more than there may be in one answer. */
export function demandBounded({ by, sums, distinct }: AggregateRequest): void {
  const { splits, fields, top } = AGGREGATE_LIMITS
  if (by.length > splits) throw new OperatorError(`there may be ${splits} splits, one within the other`)
  for (const split of by) {
    if (split.kind === 'values' && !(Number.isInteger(split.top) && split.top >= 1 && split.top <= top))
      throw new OperatorError(`top is ${split.top}, expected 1 to ${top}`)
    if (split.kind === 'values' && split.after !== undefined && split.order === undefined)
      throw new OperatorError('after goes with an order: ascending or descending')
  }
  if ((sums?.length ?? 0) > fields || (distinct?.length ?? 0) > fields)
    throw new OperatorError(`at most ${fields} fields can be added up or counted at once`)
}
