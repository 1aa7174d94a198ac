import type { Argv } from 'yargs'
import { type LogStatusShape, logStatusShape } from '../../schema/api/index.ts'
import { timeText } from '../query/index.ts'
import { understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { jsonLines, write, writeLines } from './output.ts'
import { harmless } from './terminal.ts'
import { closing } from './usage.ts'

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['status', '$0'],
      'Show the size of the log, its keys, and what is wrong with it',
      (status) => status,
      async (given) => show(await status(given), given.json),
    )
    .command(
      'proof <agent> <incarnation> <sequence>',
      'Print the proof that a waybill is in the log (C2SP tlog-proof)',
      (proof) =>
        proof
          .positional('agent', { type: 'string', demandOption: true, describe: 'The id of the agent' })
          .positional('incarnation', {
            type: 'string',
            demandOption: true,
            describe: 'The incarnation of its chain: 32 hex digits',
          })
          .positional('sequence', {
            type: 'number',
            demandOption: true,
            describe: 'The number of the waybill',
          }),
      async ({ agent, incarnation, sequence, ...given }) =>
        write(await connect(given).text('/v1/log/proof', { query: { agent, incarnation, sequence } })),
    )
    .command(
      'checkpoint',
      'Print the newest checkpoint, for a place where nobody can change it',
      (checkpoint) => checkpoint,
      async (given) => write(await connect(given).text('/log/checkpoint')),
    )
    .command(
      'rotate',
      'Give the log a new key: the old one signs it, and signs checkpoints beside it for a while',
      (rotate) => rotate,
      async (given) =>
        show(
          understood(logStatusShape, await connect(given).json('/v1/log/rotate', { method: 'POST' })),
          given.json,
        ),
    )
    .epilogue(
      closing(
        [
          ['waybill log', 'The size of the log, and the keys that others need to check it'],
          ['waybill log checkpoint >> /mnt/worm/checkpoints', 'Keeps a checkpoint elsewhere'],
        ],
        'Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable.',
      ),
    )
}

type Given = ConnectionGiven & { readonly json: boolean }

const status = async (given: Given): Promise<LogStatusShape> =>
  understood(logStatusShape, await connect(given).json('/v1/log'))

async function show(answer: LogStatusShape, asJson: boolean): Promise<void> {
  if (asJson) return writeLines(jsonLines([answer]))
  const { head, problem, anchors, witness } = answer
  const lines =
    head === null
      ? ['The transparency log has not begun.']
      : [
          `The transparency log ${head.origin} has ${head.size} entries.`,
          `Root: ${head.root}`,
          `Signed: ${timeText(head.at)}`,
          'Keys:',
          ...head.keys.map(
            ({ key, until }) => `  ${key}${until === null ? '' : ` (ends ${timeText(until)})`}`,
          ),
        ]
  for (const { name, size, at, problem: why } of anchors) {
    const reached = at === null ? 'has no checkpoint yet' : `has ${size} entries, since ${timeText(at)}`
    lines.push(`Anchor ${name} ${reached}${why === null ? '' : `; it fails: ${why}`}`)
  }
  if (head !== null && anchors.length === 0)
    lines.push('No anchor: nobody else has a checkpoint of this log. Name some in transparency-log.anchors.')
  if (witness !== null)
    lines.push('This indexer is a witness with the keys:', ...witness.keys.map((key) => `  ${key}`))
  await writeLines([...lines, ...(problem === null ? [] : ['', problem])].map((line) => harmless(line)))
}
