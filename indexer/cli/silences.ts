import type { Argv } from 'yargs'
import { duration } from '../../config/index.ts'
import { type SilenceShape, silenceShape, silencesShape } from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { PRIORITIES } from '../../schema/rule.ts'
import { timeText } from '../query/index.ts'
import { AnswerError, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { EXIT, jsonLines, UsageError, writeLines } from './output.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

const names = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list', '$0'],
      'List the silences',
      (list) => list,
      (given) => list(given),
    )
    .command(
      'add <reason>',
      'Silence notifications for a time; the alerts themselves go on',
      (add) =>
        add
          .positional('reason', {
            type: 'string',
            demandOption: true,
            describe: 'The reason, for the others',
          })
          .option('for', {
            type: 'string',
            demandOption: true,
            requiresArg: true,
            describe: 'How long: 2h, 3d',
          })
          .option('rules', names('Only alerts of these rules, separated by commas'))
          .option('channels', names('Only these channels'))
          .option('users', names('Only incidents about these users alone'))
          .option('addresses', names('Only incidents about these addresses alone'))
          .option('up-to', {
            choices: PRIORITIES,
            requiresArg: true,
            describe: 'Only incidents of this priority, and less serious ones',
          }),
      (given) => add(given),
    )
    .command(
      'end <id>',
      'End a silence now',
      (end) => end.positional('id', { type: 'string', demandOption: true, describe: 'As the list shows it' }),
      (given) => end(given),
    )
    .epilogue(
      closing(
        [
          ["waybill silences add 'The nightly scan' --for 3h --addresses 192.0.2.10", 'A known scanner'],
          [
            "waybill silences add 'Migration' --for 1d --rules mass-delete --up-to high",
            'Critical ones still come',
          ],
        ],
        'Whoever is silenced hears afterwards of what is still open. Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable; 4 there is no such silence.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly json: boolean
}

async function list(given: Given): Promise<void> {
  const { silences } = understood(silencesShape, await connect(given).json('/v1/silences'))
  if (given.json) return writeLines(jsonLines(silences))
  if (silences.length === 0) {
    process.stderr.write('There is no silence.\n')
    return
  }
  const head = ['SILENCE', 'FROM (UTC)', 'UNTIL (UTC)', 'BY', 'ABOUT', 'REASON']
  await writeLines(table(head, silences.map(rowOf), terminalWidth(), paintFor(process.stdout)))
}

const rowOf = ({ id, about, from, until, reason, by }: SilenceShape): string[] => [
  id,
  timeText(from).slice(0, 16).replace('T', ' '),
  timeText(until).slice(0, 16).replace('T', ' '),
  by,
  Object.entries(about)
    .map(([name, value]) => `${name} ${[value].flat().join(',')}`)
    .join('; ') || 'everything',
  reason,
]

interface AddGiven extends Given {
  readonly reason: string
  readonly for: string
  readonly rules: string | undefined
  readonly channels: string | undefined
  readonly users: string | undefined
  readonly addresses: string | undefined
  readonly upTo: SilenceShape['about']['up-to'] | undefined
}

async function add(given: AddGiven): Promise<void> {
  const span = duration({ min: 60_000, max: 90 * 86_400_000 }).safeParse(given.for)
  if (!span.success)
    throw new UsageError(`--for: ${span.error.issues[0]?.message ?? 'expected a time such as 2h'}`)
  const listed = Object.fromEntries(
    (['rules', 'channels', 'users', 'addresses'] as const).flatMap((name) => {
      const text = given[name]
      return text === undefined ? [] : [[name, text.split(',').map((one) => one.trim())]]
    }),
  )
  const about = { ...listed, ...(given.upTo !== undefined && { 'up-to': given.upTo }) }
  const body = { about, until: Date.now() + span.data, reason: given.reason }
  const made = understood(silenceShape, await connect(given).json('/v1/silences', { method: 'POST', body }))
  await writeLines(
    given.json ? jsonLines([made]) : [`Silence ${made.id} lasts until ${timeText(made.until)}.`],
  )
}

async function end(given: Given & { readonly id: string }): Promise<void> {
  try {
    await connect(given).json(`/v1/silences/${encodeURIComponent(given.id)}`, { method: 'DELETE' })
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw new OperatorError(
      'WB-NOT-FOUND',
      `There is no silence ${harmless(given.id)} that lasts; \`waybill silences\` lists them`,
      { exitCode: EXIT.notFound, cause: error },
    )
  }
  await writeLines(
    given.json ? jsonLines([{ id: given.id, ended: true }]) : [`Silence ${harmless(given.id)} has ended.`],
  )
}
