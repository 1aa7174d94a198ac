import type { Argv } from 'yargs'
import { closest } from '../../config/index.ts'
import { namedField, nearestName, timeText } from '../query/index.ts'
import type { IndexerClient } from './client.ts'
import { type ConnectionGiven, connect, withConnection } from './connection.ts'
import { follow } from './follow.ts'
import { type EventWriter, FORMATS, type Format, writerFor } from './formats.ts'
import { UsageError, write } from './output.ts'
import { queryPositional, sayNothingFound, spanOf, spanOptions, withPlace } from './question.ts'
import { closing } from './usage.ts'

const DEFAULT_TABLE_LIMIT = 100

export function options(cli: Argv) {
  return withConnection(cli)
    .positional('query', queryPositional)
    .options(spanOptions)
    .option('sort', {
      type: 'string',
      requiresArg: true,
      describe: 'newest, oldest, or a field: user; =-user for descending order [default: newest]',
    })
    .option('limit', {
      alias: 'n',
      type: 'number',
      requiresArg: true,
      describe: `The greatest number of events [default: ${DEFAULT_TABLE_LIMIT} in a table, else all]`,
    })
    .option('format', {
      alias: 'f',
      choices: FORMATS,
      default: 'table' as Format,
      describe: 'json prints one event a line, as stored',
    })
    .option('columns', {
      type: 'string',
      requiresArg: true,
      describe: 'Fields to show in a table or CSV, separated by commas: time,user,ip',
    })
    .option('own', {
      type: 'boolean',
      default: false,
      describe: "Also find Waybill's own events of searches and views",
    })
    .option('restored', {
      type: 'string',
      requiresArg: true,
      describe: 'Search what this restore of the archive has (waybill archive restores)',
    })
    .option('follow', {
      type: 'boolean',
      default: false,
      describe: 'Show the last events, then each new one, until Ctrl-C',
    })
    .epilogue(
      closing(
        [
          ["waybill search 'user: jane and action: update*' --from now-7d", "Jane's changes of this week"],
          [
            "waybill search 'outcome: failure and not ip: 10.0.0.0/8' --follow",
            'Failures from outside, as they arrive',
          ],
          [
            "waybill search 'audit.changes: { field: credit_limit }' --format csv > limits.csv",
            'For a spreadsheet',
          ],
          ["waybill search 'category: security' --format json | jq .user.name", 'For a program'],
        ],
        'docs/query.md describes the query language. For a large file, `waybill export` makes it on the indexer, and a download that breaks goes on. Exit codes: 0 done, even if nothing was found; 1 failed or refused; 2 wrong command line or query; 3 the indexer is not reachable.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly query: readonly string[]
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly sort?: string | undefined
  readonly limit?: number | undefined
  readonly format: Format
  readonly columns?: string | undefined
  readonly own: boolean
  readonly restored?: string | undefined
  readonly follow: boolean
}

export async function run(given: Given): Promise<void> {
  const { limit, format } = given
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0))
    throw new UsageError('--limit takes a whole number, such as 500')
  if (given.sort !== undefined) checkSort(given.sort)
  const now = Date.now()
  const { from, to } = spanOf(given, now)
  const columns = given.columns
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (columns !== undefined && format === 'json')
    throw new UsageError('--columns is for tables and CSV; JSON has the whole event, as stored')
  const query = given.query.join(' ')
  const writer = writerFor(format, columns)
  const client = connect(given)
  try {
    if (given.follow) {
      if (to !== undefined || given.sort !== undefined || given.restored !== undefined)
        throw new UsageError(
          '--follow shows new events as they arrive, so it can not be combined with --to, --sort or --restored',
        )
      await follow({ client, query, from, limit, own: given.own, writer })
    } else {
      await print(client, writer, {
        q: query,
        from: from === undefined ? undefined : timeText(from),
        to: to === undefined ? undefined : timeText(to),
        sort: given.sort ?? 'newest',
        own: given.own,
        restored: given.restored,
        limit: limit ?? (format === 'table' ? DEFAULT_TABLE_LIMIT : undefined),
      })
    }
  } catch (error) {
    throw withPlace(error, query, now)
  }
}

const ORDERS = ['newest', 'oldest']

function checkSort(text: string): void {
  const name = text.replace(/^-/, '')
  if (ORDERS.includes(text) || namedField(name) !== undefined) return
  const near = closest(name, ORDERS) ?? nearestName(name)
  const remedy =
    near === undefined
      ? `; ${ORDERS.join(', ')} and the fields of docs/fields.md can be`
      : `; did you mean ${near}?`
  throw new UsageError(`There is no field ${name} to sort by${remedy}`)
}

interface Search {
  readonly q: string
  readonly from: string | undefined
  readonly to: string | undefined
  readonly sort: string
  readonly own: boolean
  readonly restored: string | undefined
  readonly limit: number | undefined
}

async function print(client: IndexerClient, writer: EventWriter, asked: Search): Promise<void> {
  await write(writer.begin())
  let found = 0
  if (asked.limit !== 0) {
    // A table waits for some rows to know its widths, but a person does not wait for a slow search.
    const settle = setTimeout(() => void write(writer.settle()), 500).unref()
    const { own, ...query } = asked
    for await (const lines of client.lines('/v1/search', {
      query: { ...query, ...(own && { own: 'true' }) },
    })) {
      found += lines.length
      settle.refresh()
      await write(writer.lines(lines))
    }
    clearTimeout(settle)
  }
  await write(writer.settle())
  if (found === 0 && asked.limit !== 0) await sayNothingFound(client, 'search', asked)
  else if (found === asked.limit && process.stderr.isTTY && process.stdout.isTTY)
    process.stderr.write(`These are the first ${found}; there may be more (--limit, --from, --to).\n`)
}
