import { OperatorError } from '../../schema/index.ts'
import { parseQuery, parseTime, QueryError, timeText, withCaret } from '../query/index.ts'
import { AnswerError } from './client.ts'
import { UsageError } from './exit.ts'

/** What the commands that ask with a query have in common. */

/** `--from` and `--to` in ms. */
export function spanOf(
  given: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
): { from: number | undefined; to: number | undefined } {
  const from = given.from === undefined ? undefined : timeFor('--from', given.from, now)
  const to = given.to === undefined ? undefined : timeFor('--to', given.to, now)
  if (from !== undefined && to !== undefined && from >= to)
    throw new UsageError(`--from (${timeText(from)}) is not before --to (${timeText(to)})`)
  return { from, to }
}

/** A refused query, with carets under the place; anything else as it is. */
export function withPlace(error: unknown, query: string, now: number): unknown {
  if (!(error instanceof AnswerError) || error.column === undefined) return error
  const { column } = error
  const carets = withCaret(query, column, lengthAt(query, column, now))
  return new OperatorError(`${error.message} (column ${column})\n${carets}`, {
    exitCode: error.exitCode,
    cause: error,
  })
}

/** The indexer says where the query goes wrong; how much of it, this reading of the same text knows. */
function lengthAt(query: string, column: number, now: number): number {
  try {
    parseQuery(query, { now })
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    if (error.column === column) return error.length
  }
  return 1
}

function timeFor(option: string, text: string, now: number): number {
  try {
    return parseTime(text, now)
  } catch (error) {
    if (error instanceof OperatorError) throw new UsageError(`${option}: ${error.message}`)
    throw error
  }
}
