import { type Stated, statedByName, statedByResult } from '../../../schema/index.ts'
import type { Asked } from './condition.ts'
import { remembered } from './remembered.ts'
import type { Rule } from './rules.ts'

/** What decides the outcome of an integration's events. */
export interface OutcomeSources {
  /** Members that say how it ended. */
  readonly columns: readonly Pick<Rule, 'sources' | 'first' | 'applies'>[]
  /** What it is where a condition holds, and no column decides. */
  readonly constants: readonly Rule[]
  /** Texts whose words say so where no column does. */
  readonly names: readonly ((asked: Asked) => string | undefined)[]
  /** Whether a rule can make it `unknown`. */
  readonly mayBeUnknown: boolean
  readonly words: OutcomeWords
}

/** Columns of integrations that name none. */
export const USUAL_COLUMNS: readonly string[] = ['result', 'outcome', 'event_result']

/**
 * What a record says of its outcome where no field took it from a column: a result of unknown spelling decides by its words, and else the
 * words of its action do. A result that nobody understands is no success, whatever its event type would have.
 */
export class OutcomeWords {
  readonly #results = remembered(statedByResult)
  readonly #names = remembered(statedByName)
  #byResult: Stated | undefined
  #byName: Stated | undefined
  /** A default of success does not hold: the record says something else, which nobody understands. */
  isBarred = false

  begin(isUnknown: boolean): void {
    this.#byResult = undefined
    this.#byName = undefined
    this.isBarred = isUnknown
  }

  result(text: string): void {
    const stated = this.#results(text)
    if (stated === undefined) this.isBarred = true
    else if (this.#byResult !== 'failure') this.#byResult = stated
  }

  /** What it is because a condition holds. */
  given(outcome: unknown): void {
    if (outcome === 'failure' || (outcome === 'success' && !this.isBarred)) this.#byResult ??= outcome
    else this.isBarred = true
  }

  name(text: string): void {
    if (this.#byName !== 'failure') this.#byName = this.#names(text) ?? this.#byName
  }

  /** Undefined where the record doesn't say: then its type may. */
  end(): Stated | undefined {
    const stated = this.#byResult ?? (this.#byName === 'success' && this.isBarred ? undefined : this.#byName)
    if (stated !== undefined) this.isBarred = false
    return stated
  }
}
