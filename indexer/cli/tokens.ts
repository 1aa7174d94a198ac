import type { Argv } from 'yargs'
import { apiTokensShape, madeTokenShape, type TokenShape } from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { timeText } from '../query/index.ts'
import { AnswerError, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { EXIT, jsonLines, UsageError, writeLines } from './output.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list', '$0'],
      'List your tokens; an admin sees those of all users',
      (list) => list,
      (given) => list(given),
    )
    .command(
      'create <name>',
      'Make a token for a program; it is shown only once',
      (create) =>
        create
          .positional('name', {
            type: 'string',
            demandOption: true,
            describe: 'The name that the audit trail shows',
          })
          .option('scopes', {
            type: 'string',
            default: 'search',
            requiresArg: true,
            describe: 'Its permissions, separated by commas: search, status, report, export...',
          })
          .option('expires', {
            type: 'string',
            default: '90d',
            requiresArg: true,
            describe: 'How long it is valid: 12h, 90d, or never',
          }),
      (given) => create(given),
    )
    .command(
      'revoke <id>',
      'Revoke a token',
      (revoke) =>
        revoke.positional('id', {
          type: 'string',
          demandOption: true,
          describe: 'As `waybill tokens` shows it',
        }),
      (given) => revoke(given),
    )
    .epilogue(
      closing(
        [
          ['waybill tokens create nightly-export --scopes search,export --expires 365d', 'For a program'],
          ['WAYBILL_TOKEN=$(cat token) waybill search ...', 'The program uses it like this'],
        ],
        'A token never has more permissions than you have at that moment. To make tokens sign in first (waybill login). Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable; 4 there is no such token.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly json: boolean
}

async function list(given: Given): Promise<void> {
  const { tokens } = understood(apiTokensShape, await connect(given).json('/v1/tokens'))
  if (given.json) return writeLines(jsonLines(tokens))
  if (tokens.length === 0) {
    process.stderr.write('There is no token; `waybill tokens create NAME` makes one.\n')
    return
  }
  const head = ['TOKEN', 'NAME', 'OF', 'SCOPES', 'MADE', 'EXPIRES']
  await writeLines(table(head, tokens.map(rowOf), terminalWidth(), paintFor(process.stdout)))
}

function rowOf(token: TokenShape): string[] {
  const expires = token.expires === null ? 'never' : timeText(token.expires)
  return [
    token.id,
    token.name,
    token.owner ?? 'the service',
    token.scopes.join(', '),
    timeText(token.created),
    token.expired ? 'expired' : expires,
  ]
}

async function create(given: Given & { name: string; scopes: string; expires: string }): Promise<void> {
  const { duration } = await import('../../config/index.ts')
  const span =
    given.expires === 'never'
      ? null
      : duration({ min: 60_000, max: 730 * 86_400_000 }).safeParse(given.expires)
  if (span !== null && !span.success)
    throw new UsageError(
      `--expires: ${span.error.issues[0]?.message ?? 'expected a time such as 90d, or never'}`,
    )
  const scopes = given.scopes
    .split(',')
    .map((scope) => scope.trim())
    .filter((scope) => scope !== '')
  const body = {
    name: given.name,
    scopes,
    expiresSeconds: span === null ? null : Math.ceil(span.data / 1000),
  }
  const made = understood(madeTokenShape, await connect(given).json('/v1/tokens', { method: 'POST', body }))
  if (given.json) return writeLines(jsonLines([made]))
  const until = made.expires === null ? 'without expiry' : `until ${timeText(made.expires)}`
  process.stderr.write(`For ${made.scopes.join(', ')}, ${until}, shown only once:\n`)
  await writeLines([harmless(made.token)])
}

async function revoke(given: Given & { id: string }): Promise<void> {
  try {
    await connect(given).json(`/v1/tokens/${encodeURIComponent(given.id)}`, { method: 'DELETE' })
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw new OperatorError(
      'WB-NOT-FOUND',
      `There is no token ${harmless(given.id)}; \`waybill tokens\` lists them by their ids`,
      {
        exitCode: EXIT.notFound,
        cause: error,
      },
    )
  }
  await writeLines(
    given.json ? jsonLines([{ id: given.id, revoked: true }]) : [`Token ${harmless(given.id)} is revoked.`],
  )
}
