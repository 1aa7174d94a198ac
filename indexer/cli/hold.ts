import type { Argv } from 'yargs'
import { age } from '../../config/index.ts'
import { type HoldShape, holdShape, holdsShape } from '../../schema/api/index.ts'
import { timeText } from '../query/index.ts'
import { understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { jsonLines, UsageError, writeLines } from './output.ts'
import { withPlace } from './question.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list', '$0'],
      'List legal holds',
      (list) => list,
      (given) => list(given),
    )
    .command(
      'add <case> [query..]',
      'Keep all events that a query finds, in the store and in the archive',
      (add) =>
        add
          .positional('case', {
            type: 'string',
            demandOption: true,
            describe: 'The name or number of the case',
          })
          .positional('query', {
            type: 'string',
            array: true,
            default: [] as string[],
            describe: 'The query',
          })
          .option('all', {
            type: 'boolean',
            default: false,
            describe: 'Keep all events: without it a query is needed',
          })
          .option('for', {
            type: 'string',
            requiresArg: true,
            describe: 'How long: 180d, 2y [default: until somebody ends it]',
          }),
      (given) => add(given),
    )
    .command(
      'end <id>',
      'End a hold; what is past its time may go then',
      (end) => end.positional('id', { type: 'string', demandOption: true, describe: 'As the list shows it' }),
      (given) => end(given),
    )
    .epilogue(
      closing(
        [["waybill hold add 'Doe v. Roe' 'user: jane and action: invoice*' --for 2y", 'Keeps these events']],
        'Exit codes: 0 done; 1 failed or refused; 2 wrong command line or query; 3 the indexer is not reachable; 4 there is no such hold.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly json: boolean
}

async function list(given: Given): Promise<void> {
  const { holds } = understood(holdsShape, await connect(given).json('/v1/holds'))
  if (given.json) return writeLines(jsonLines(holds))
  if (holds.length === 0) return writeLines(['There is no legal hold.'])
  const head = ['HOLD', 'CASE', 'QUERY', 'BY', 'MADE', 'ENDS']
  await writeLines(table(head, holds.map(rowOf), terminalWidth(), paintFor(process.stdout)))
}

const rowOf = ({ id, case: name, query, by, made, until, ended }: HoldShape): string[] => [
  id,
  name,
  query,
  by,
  timeText(made),
  ended !== null ? `ended by ${ended.by}` : until === null ? 'never by itself' : timeText(until),
]

async function add(
  given: Given & { case: string; query: string[]; all: boolean; for?: string | undefined },
): Promise<void> {
  const now = Date.now()
  const query = given.query.join(' ')
  if (query.trim() === '' && !given.all)
    throw new UsageError('Name what to keep, such as user.name: smith; --all keeps all events')
  const span = given.for === undefined ? null : age({ min: 60_000 }).safeParse(given.for)
  if (span !== null && !span.success)
    throw new UsageError(`--for: ${span.error.issues[0]?.message ?? 'expected a time such as 180d'}`)
  const body = { case: given.case, query, until: span === null ? null : now + span.data }
  try {
    const hold = understood(holdShape, await connect(given).json('/v1/holds', { method: 'POST', body }))
    const end = hold.until === null ? 'until you end it' : `until ${timeText(hold.until)}`
    await writeLines(
      given.json ? jsonLines([hold]) : [harmless(`The hold ${hold.id} keeps what "${query}" finds, ${end}.`)],
    )
  } catch (thrown) {
    throw withPlace(thrown, query, now)
  }
}

async function end(given: Given & { id: string }): Promise<void> {
  const answer = await connect(given).json(`/v1/holds/${encodeURIComponent(given.id)}`, { method: 'DELETE' })
  const hold = understood(holdShape, answer)
  await writeLines(
    given.json ? jsonLines([hold]) : [harmless(`The hold ${hold.id} for "${hold.case}" has ended.`)],
  )
}
