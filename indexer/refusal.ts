import { ERRORS, type RefusalCode } from '../schema/index.ts'
import type { Problem } from '../schema/wire/index.ts'

/** A request that the indexer refuses, as data: the answer, and when the client may try again. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: RefusalCode
  readonly status: number
  /** The kind on which programs base their reaction. */
  readonly kind: Problem['code']
  readonly retryAfter: number | undefined
  /** Column of the query that the sentence is about, from 1. */
  readonly column: number | undefined
  /** The name of the client, if it is known. */
  readonly by: string | undefined

  constructor(
    code: RefusalCode,
    sentence: string,
    more: { status?: number; retryAfter?: number; column?: number; by?: string; cause?: unknown } = {},
  ) {
    super(sentence, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.status = more.status ?? ERRORS[code].status
    this.kind = ERRORS[code].kind
    this.retryAfter = more.retryAfter
    this.column = more.column
    this.by = more.by
  }
}
