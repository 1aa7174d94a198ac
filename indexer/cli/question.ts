import { alternativesShape } from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { parseQuery, parseTime, QueryError, timeText, withCaret } from '../query/index.ts'
import { AnswerError, type IndexerClient, understood } from './client.ts'
import { UsageError } from './output.ts'
import { harmless } from './terminal.ts'

/** What the commands that ask with a query have in common. */

export const queryPositional = {
  type: 'string',
  array: true,
  default: [] as string[],
  defaultDescription: 'all events',
  describe: 'The query, in the language of Kibana (KQL); quote it for the shell',
} as const

/** The time that is asked about. */
export const spanOptions = {
  from: {
    type: 'string',
    requiresArg: true,
    describe: 'Events of this time or later: 2026-01-15, now-1h, -24h (UTC without a zone)',
  },
  to: {
    type: 'string',
    requiresArg: true,
    describe: 'Events before this time; a date is its beginning: that day is not covered',
  },
} as const

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
  return new OperatorError(error.code, `${error.message} (column ${column})\n${carets}`, {
    exitCode: error.exitCode,
    cause: error,
  })
}

/** Finds the length of the mistake in a query: the indexer reports only its place, and this parser of the same text knows its length. */
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

interface Asked {
  readonly q: string
  readonly from: string | undefined
  readonly to: string | undefined
  readonly own: boolean
}

/**
 * Reports that nothing was found, and which command would find something. It writes to standard error, since standard output is for
 * results.
 */
export async function sayNothingFound(
  client: IndexerClient,
  command: 'search' | 'count',
  asked: Asked,
): Promise<void> {
  process.stderr.write('No events found.\n')
  const near = await alternatives(client, asked)
  if (near.length === 0) return
  const width = Math.max(...near.map(({ count }) => String(count).length))
  const lines = near.map(({ q, from, to, own, difference, count }) => {
    const options = [
      ...(from === null ? [] : [`--from ${shellWord(from)}`]),
      ...(to === null ? [] : [`--to ${shellWord(to)}`]),
      ...(own ? ['--own'] : []),
    ]
    const line = ['waybill', command, ...(q === '*' ? [] : [shellWord(q)]), ...options].join(' ')
    return `  ${String(count).padStart(width)}  ${difference}\n  ${' '.repeat(width)}  ${line}`
  })
  process.stderr.write(`${harmless(['Similar searches that find events:', ...lines].join('\n'), '\n')}\n`)
}

/** Asks for alternatives; an older indexer has none. */
async function alternatives(client: IndexerClient, { q, from, to, own }: Asked) {
  try {
    const query = { q, from, to, ...(own && { own: 'true' }) }
    return understood(alternativesShape, await client.json('/v1/alternatives', { query })).alternatives
  } catch (error) {
    if (error instanceof AnswerError) return []
    throw error
  }
}

const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
