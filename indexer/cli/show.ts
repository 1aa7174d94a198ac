import type { Argv } from 'yargs'
import { eventAnswerShape } from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { AnswerError, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { layoutOf } from './event-layout.ts'
import { EXIT, writeLines } from './output.ts'
import { harmless, harmlessJson, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function options(cli: Argv) {
  return withConnection(cli)
    .positional('event-id', { type: 'string', demandOption: true, describe: 'The event.id: 40 hex digits' })
    .option('json', jsonOption)
    .epilogue(
      closing(
        [
          [
            'waybill show 5a0c8d3b9e1f4a6b7c8d000000000000000001f4',
            'Shows the event, its changes and its original line; --json: the event as stored, and derived values',
          ],
        ],
        'Exit codes: 0 shown; 1 failed or refused; 3 the indexer is not reachable; 4 there is no such event.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly eventId: string
  readonly json: boolean
}

export async function run(given: Given): Promise<void> {
  let answer: unknown
  try {
    answer = await connect(given).json(`/v1/events/${encodeURIComponent(given.eventId)}`)
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw new OperatorError(
      'WB-EVENT-UNKNOWN',
      `There is no event ${harmless(given.eventId)}; it may have expired, or not have arrived yet (waybill agents shows what is pending)`,
      { exitCode: EXIT.notFound, cause: error },
    )
  }
  const { event, derived } = understood(eventAnswerShape, answer)
  if (given.json) {
    const line = JSON.stringify({ event, derived })
    return writeLines([process.stdout.isTTY ? harmlessJson(line) : line])
  }
  await writeLines(layoutOf(event, derived, terminalWidth(), paintFor(process.stdout)))
}
