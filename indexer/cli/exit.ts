import { OperatorError } from '../../schema/index.ts'

/** What `waybill` exits with; `--help` says the same. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, notFound: 4 } as const

/** A wrong command line. */
export class UsageError extends OperatorError {
  override name = 'UsageError'
  constructor(sentence: string) {
    super(sentence, { exitCode: EXIT.usage })
  }
}
