import type { Problem } from '../schema/wire/index.ts'

/** A request that is not done as asked, as data: what the asker is told, and when to come back. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly status: number
  readonly code: Problem['code']
  readonly retryAfter: number | undefined
  /** Column of the query that the sentence is about, from 1. */
  readonly column: number | undefined
  /** Who it was, where that is known. */
  readonly by: string | undefined

  constructor(
    status: number,
    code: Problem['code'],
    sentence: string,
    more: { retryAfter?: number; column?: number; by?: string; cause?: unknown } = {},
  ) {
    super(sentence, more.cause === undefined ? undefined : { cause: more.cause })
    this.status = status
    this.code = code
    this.retryAfter = more.retryAfter
    this.column = more.column
    this.by = more.by
  }
}
