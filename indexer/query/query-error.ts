import { OperatorError } from '../../schema/index.ts'
import { withCaret } from './caret.ts'

/** A query that can't be understood, with the place: what was found there, what was expected, what may have been meant. */
export class QueryError extends OperatorError {
  override name = 'QueryError'
  /** Where in the query, from 1, in UTF-16 units; one behind the end means that something is missing there. */
  readonly column: number
  /** How many units from there; at least 1. */
  readonly length: number
  readonly found: string
  readonly expected: string
  /** What may have been meant: a field's name. */
  readonly suggestion: string | undefined
  readonly query: string

  constructor(place: {
    query: string
    at: number
    length?: number
    sentence: string
    found: string
    expected: string
    suggestion?: string | undefined
  }) {
    super(place.sentence, { exitCode: 2 })
    this.query = place.query
    this.column = place.at + 1
    this.length = Math.max(1, place.length ?? 1)
    this.found = place.found
    this.expected = place.expected
    this.suggestion = place.suggestion
  }

  /** The sentence, then the line of the query with carets under the place. */
  get rendered(): string {
    return `${this.message} (column ${this.column})\n${withCaret(this.query, this.column, this.length)}`
  }
}
