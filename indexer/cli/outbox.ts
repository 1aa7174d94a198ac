import type { Argv } from 'yargs'
import {
  MESSAGE_STATES,
  type OutboxMessageShape,
  outboxMessageShape,
  outboxShape,
} from '../../schema/api/index.ts'
import { timeText } from '../query/index.ts'
import { understood } from './client.ts'
import { type ConnectionGiven, connect } from './connection.ts'
import { jsonLines, UsageError, writeLines } from './output.ts'
import { spanText, table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

/** `waybill alerts outbox`, below a command that has the options for a connection and `--json`. */
export function outboxCommands(cli: Argv<Given>) {
  return cli
    .command(
      ['list', '$0'],
      'List the messages about incidents, the newest first',
      (list) =>
        list
          .option('state', {
            choices: MESSAGE_STATES,
            describe: 'Only messages in this state',
            requiresArg: true,
          })
          .option('limit', {
            alias: 'n',
            type: 'number',
            default: 100,
            requiresArg: true,
            describe: 'The greatest number of messages',
          }),
      (given) => list(given),
    )
    .command(
      'retry [ids..]',
      'Send messages again',
      (retry) =>
        retry
          .positional('ids', {
            type: 'string',
            array: true,
            default: [] as string[],
            describe: 'As the list shows them',
          })
          .option('failed', { type: 'boolean', default: false, describe: 'All that have failed' }),
      (given) => retry(given),
    )
    .epilogue(
      closing(
        [
          ['waybill alerts outbox --state failed', 'What did not arrive, and why'],
          ['waybill alerts outbox retry --failed', 'After the cause was corrected'],
        ],
        'A message is tried for two days, and its record is kept for 30. Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly json: boolean
}

async function list(
  given: Given & { readonly state: OutboxMessageShape['state'] | undefined; readonly limit: number },
): Promise<void> {
  if (!(Number.isSafeInteger(given.limit) && given.limit >= 1 && given.limit <= 1000))
    throw new UsageError('--limit takes a whole number, from 1 to 1000')
  const query = { limit: given.limit, state: given.state }
  const { messages, total } = understood(outboxShape, await connect(given).json('/v1/outbox', { query }))
  if (given.json) return writeLines(jsonLines(messages))
  if (total === 0) {
    process.stderr.write('There are no such messages.\n')
    return
  }
  const head = ['MESSAGE', 'MADE (UTC)', 'CHANNEL', 'TO', 'STATE', 'TRIED', 'WHAT', 'REASON']
  await writeLines(table(head, messages.map(rowOf), terminalWidth(), paintFor(process.stdout)))
  if (messages.length < total)
    process.stderr.write(`${messages.length} of ${total} messages; --limit lists more.\n`)
}

function rowOf(message: OutboxMessageShape): string[] {
  const { state, due } = message
  const isToCome = state === 'waiting' || state === 'held'
  const next = isToCome ? `, in ${spanText(Math.max(0, due - Date.now()))}` : ''
  return [
    message.id,
    timeText(message.created).slice(0, 19).replace('T', ' '),
    message.channel,
    message.to === '' ? message.target : message.to,
    `${state}${next}`,
    String(message.attempts),
    message.title,
    message.reason ?? '',
  ]
}

async function retry(given: Given & { readonly ids: string[]; readonly failed: boolean }): Promise<void> {
  if (given.failed === given.ids.length > 0)
    throw new UsageError('Name the messages to send again, or --failed; `waybill alerts outbox` lists them')
  const client = connect(given)
  const failed = async (): Promise<string[]> => {
    const query = { state: 'failed', limit: 1000 }
    return understood(outboxShape, await client.json('/v1/outbox', { query })).messages.map(({ id }) => id)
  }
  const ids = given.failed ? await failed() : given.ids
  for (const id of ids) {
    const path = `/v1/outbox/${encodeURIComponent(id)}/retry`
    const message = understood(outboxMessageShape, await client.json(path, { method: 'POST', body: {} }))
    await writeLines(
      given.json ? jsonLines([message]) : [`${harmless(message.title)}: sent again to ${message.channel}.`],
    )
  }
  if (ids.length === 0) process.stderr.write('No message has failed.\n')
}
