import type { Argv } from 'yargs'
import { type ChannelsShape, channelsShape, testedChannelShape } from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { timeText } from '../query/index.ts'
import { AnswerError, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { EXIT, jsonLines, writeLines } from './output.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list', '$0'],
      'List the channels, and how they fare',
      (list) => list,
      (given) => list(given),
    )
    .command(
      'test <name>',
      'Send a test message through all targets of a channel',
      (test) =>
        test.positional('name', { type: 'string', demandOption: true, describe: 'As the list shows it' }),
      (given) => test(given),
    )
    .epilogue(
      closing(
        [['waybill channels test security', 'Does it arrive?']],
        'Channels are settings (channels in indexer.yml). Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable; 4 there is no such channel.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly json: boolean
}

async function list(given: Given): Promise<void> {
  const answer = understood(channelsShape, await connect(given).json('/v1/channels'))
  if (given.json) return writeLines(jsonLines(answer.channels))
  const rows = answer.channels.flatMap((channel) =>
    channel.targets.map((target) => rowOf(channel.name, target)),
  )
  const head = ['CHANNEL', 'TARGET', 'WHERE', 'STATE', 'LAST SENT (UTC)', 'WAITING', 'FAILED', 'REASON']
  if (rows.length > 0) await writeLines(table(head, rows, terminalWidth(), paintFor(process.stdout)))
  else process.stderr.write('There are no channels: write them under channels in indexer.yml.\n')
  for (const [rota, person] of Object.entries(answer.onCall))
    await writeLines([harmless(`On call in ${rota}: ${person}`)])
  if (answer.unknown.length > 0)
    process.stderr.write(
      `Rules name channels that are not in indexer.yml: ${harmless(answer.unknown.join(', '))}. Their alerts reach nobody there.\n`,
    )
}

function rowOf(channel: string, target: ChannelsShape['channels'][number]['targets'][number]): string[] {
  return [
    channel,
    target.name,
    target.about,
    target.state,
    target.sent === null ? '' : timeText(target.sent).slice(0, 19).replace('T', ' '),
    String(target.waiting + target.held),
    String(target.failed),
    target.reason ?? '',
  ]
}

async function test(given: Given & { readonly name: string }): Promise<void> {
  const path = `/v1/channels/${encodeURIComponent(given.name)}/test`
  let answer: unknown
  try {
    answer = await connect(given).json(path, { method: 'POST', body: {} })
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw new OperatorError(
      'WB-NOT-FOUND',
      `There is no channel ${harmless(given.name)}; \`waybill channels\` lists them`,
      { exitCode: EXIT.notFound, cause: error },
    )
  }
  const { results } = understood(testedChannelShape, answer)
  if (given.json) await writeLines(jsonLines(results))
  else
    await writeLines(
      results.map(({ target, to, sent, reason }) =>
        harmless(
          `${to === '' ? target : to}: ${sent ? 'sent' : `not sent: ${reason ?? 'no reason is known'}`}`,
        ),
      ),
    )
  if (results.some(({ sent }) => !sent)) process.exitCode = EXIT.failed
}
