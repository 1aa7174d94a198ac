import { writeFile } from 'node:fs/promises'
import type { Argv } from 'yargs'
import { eventProofShape } from '../../schema/api/index.ts'
import { OperatorError, reasonOf } from '../../schema/index.ts'
import { understood } from './client.ts'
import { type ConnectionGiven, connect, withConnection } from './connection.ts'
import { writeLines } from './output.ts'
import { closing } from './usage.ts'

export function options(cli: Argv) {
  return withConnection(cli)
    .positional('event-id', { type: 'string', demandOption: true, describe: 'The event.id: 40 hex digits' })
    .option('output', {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe: 'The file; by default EVENT-ID.proof.json',
    })
    .epilogue(
      closing(
        [
          ['waybill proof 5a0c8d3b9e1f4a6b7c8d000000000000000001f4', 'Writes the proof into a file'],
          [
            "python3 verify_proof.py EVENT.proof.json --log-key 'NAME+ID+KEY' --agent-key agent.pem",
            'Verifies it without Waybill (docs/vectors/verify_proof.py)',
          ],
        ],
        'Exit codes: 0 written; 1 failed or refused; 3 the indexer is not reachable; 4 there is no such event.',
      ),
    )
}

export async function run(
  given: ConnectionGiven & { readonly eventId: string; readonly output?: string | undefined },
): Promise<void> {
  const answer = await connect(given).json(`/v1/events/${encodeURIComponent(given.eventId)}/proof`)
  const proof = understood(eventProofShape, answer)
  const file = given.output ?? `${given.eventId}.proof.json`
  try {
    await writeFile(file, `${JSON.stringify(proof, null, 2)}\n`)
  } catch (error) {
    throw new OperatorError('WB-FILE-UNWRITABLE', `${file} can't be written (${reasonOf(error)})`, {
      cause: error,
    })
  }
  await writeLines([`The proof of the event is in ${file}.`])
}
