import type { Argv } from 'yargs'
import { bytesText } from '../../config/index.ts'
import {
  type DeadLetterShape,
  deadLettersShape,
  replayShape,
  wholeDeadLetterShape,
} from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { timeText } from '../query/index.ts'
import { AnswerError, type IndexerClient, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { EXIT, UsageError, write, writeLines } from './output.ts'
import { GrowingTable } from './table.ts'
import { harmless, harmlessJson, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

const PAGE = 200

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list', '$0'],
      'List the events that could not be stored, with the reason',
      (list) =>
        list.option('limit', {
          alias: 'n',
          type: 'number',
          default: 100,
          requiresArg: true,
          describe: 'The greatest number of letters; 0 for all',
        }),
      (given) => list(given),
    )
    .command(
      'show <id>',
      'Show one dead letter with its original bytes',
      (cli) => withId(cli),
      (given) => show(given),
    )
    .command(
      'replay [ids..]',
      'Try to store them again, after the cause was corrected',
      (replay) =>
        withIds(replay).option('all', { type: 'boolean', default: false, describe: 'All dead letters' }),
      (given) => replay(given),
    )
    .command(
      'discard <ids..>',
      'Discard them for good; the audit trail records it',
      (cli) => withIds(cli),
      (given) => discard(given),
    )
    .epilogue(
      closing(
        [
          ['waybill dead-letters replay --all', 'After the cause was corrected'],
          ['waybill dead-letters list --json | jq -r .reason | sort | uniq -c', 'The reasons, with counts'],
        ],
        'Exit codes: 0 done; 1 refused, or some could not be stored again; 2 wrong command line; 3 the indexer is not reachable; 4 there is no such letter.',
      ),
    )
}

const withId = <Base>(cli: Argv<Base>) =>
  cli.positional('id', { type: 'string', demandOption: true, describe: 'As the list shows it' })

const withIds = <Base>(cli: Argv<Base>) =>
  cli.positional('ids', {
    type: 'string',
    array: true,
    default: [] as string[],
    describe: 'As the list shows them',
  })

interface Given extends ConnectionGiven {
  readonly json: boolean
}

const jsonText = (object: unknown): string =>
  process.stdout.isTTY ? harmlessJson(JSON.stringify(object)) : JSON.stringify(object)

async function* allLetters(
  client: IndexerClient,
  most: number,
): AsyncGenerator<{ letters: DeadLetterShape[]; total: number }> {
  let after: string | undefined
  for (let left = most; left > 0; ) {
    const query = { limit: Math.min(PAGE, left), after }
    const page = understood(deadLettersShape, await client.json('/v1/dead-letters', { query }))
    yield page
    left -= page.letters.length
    if (page.next === null) return
    after = page.next
  }
}

async function list(given: Given & { readonly limit: number }): Promise<void> {
  if (!(Number.isSafeInteger(given.limit) && given.limit >= 0))
    throw new UsageError('--limit takes a whole number; 0 is all')
  const most = given.limit === 0 ? Number.POSITIVE_INFINITY : given.limit
  const growing = new GrowingTable(
    ['LETTER', 'AT (UTC)', 'KIND', 'AGENT', 'WAYBILL', 'SIZE', 'REASON'],
    terminalWidth(),
    paintFor(process.stdout),
  )
  let listed = 0
  let all = 0
  for await (const { letters, total } of allLetters(connect(given), most)) {
    listed += letters.length
    all = total
    await writeLines(
      given.json ? letters.map(jsonText) : letters.flatMap((letter) => growing.add(rowOf(letter))),
    )
  }
  if (given.json) return
  await writeLines(growing.settle())
  if (all === 0) process.stderr.write('There are no dead letters.\n')
  else if (listed < all) process.stderr.write(`${listed} of ${all} dead letters; --limit 0 lists all.\n`)
}

const rowOf = (letter: DeadLetterShape): string[] => [
  letter.id,
  timeText(letter.at).slice(0, 19).replace('T', ' '),
  letter.kind,
  letter.agent,
  `${letter.sequence}/${letter.position}`,
  bytesText(letter.bytes),
  letter.reason,
]

async function show(given: Given & { readonly id: string }): Promise<void> {
  const found = await orNotFound(given.id, connect(given).json(pathOf(given.id)))
  const letter = understood(wholeDeadLetterShape, found)
  if (given.json) return writeLines([jsonText(letter)])
  const paint = paintFor(process.stdout)
  const facts: readonly (readonly [string, string])[] = [
    ['Came', timeText(letter.at)],
    ['Kind', letter.kind],
    ['Reason', letter.reason],
    ['Event', letter.eventId],
    ['Agent', letter.agent],
    ['Waybill', `${letter.sequence} of incarnation ${letter.incarnation}, position ${letter.position}`],
    ['Source', letter.source],
    ['Size', bytesText(letter.bytes)],
    ...placeOf(letter),
  ]
  await writeLines([
    paint('bold', harmless(`Dead letter ${letter.id}`)),
    ...facts.map(([name, value]) => `  ${paint('dim', name.padEnd(8))}  ${harmless(value)}`),
    '',
    paint('bold', letter.whole === undefined ? 'Original bytes' : 'Beginning of the original'),
    harmless(letter.line),
  ])
}

/** The place of the whole line, if the store has only its beginning. */
function placeOf({ whole, agent }: DeadLetterShape): (readonly [string, string])[] {
  if (whole === undefined) return []
  const { at } = whole
  const where =
    at === null ? '' : `; the whole is in ${at.path} at ${agent}, between bytes ${at.from} and ${at.to}`
  return [['Kept', `its beginning only, since the cluster accepts no more${where}`]]
}

async function replay(
  given: Given & { readonly ids: readonly string[]; readonly all: boolean },
): Promise<void> {
  if (given.all === given.ids.length > 0)
    throw new UsageError('Name the letters to replay, or --all; `waybill dead-letters` lists them')
  const client = connect(given)
  let stored = 0
  let failed = 0
  const one = async (id: string): Promise<void> => {
    const answer = understood(
      replayShape,
      await orNotFound(id, client.json(`${pathOf(id)}/replay`, { method: 'POST', body: {} })),
    )
    if (answer.stored) stored++
    else failed++
    if (given.json) await write(`${jsonText({ id, ...answer })}\n`)
    else if (!answer.stored)
      await writeLines([harmless(`${id}: not stored: ${answer.reason ?? 'no reason given'}`)])
  }
  if (given.all) {
    for await (const { letters } of allLetters(client, Number.POSITIVE_INFINITY))
      for (const { id } of letters) await one(id)
  } else {
    for (const id of given.ids) await one(id)
  }
  if (!given.json) await write(`${stored} stored, ${failed} still dead letters.\n`)
  if (failed > 0) process.exitCode = EXIT.failed
}

async function discard(given: Given & { readonly ids: readonly string[] }): Promise<void> {
  const client = connect(given)
  for (const id of given.ids) {
    await orNotFound(id, client.json(pathOf(id), { method: 'DELETE' }))
    await write(given.json ? `${jsonText({ id, discarded: true })}\n` : `${harmless(id)} is discarded.\n`)
  }
}

const pathOf = (id: string): string => `/v1/dead-letters/${encodeURIComponent(id)}`

async function orNotFound(id: string, asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw new OperatorError(
      'WB-NOT-FOUND',
      `There is no dead letter ${harmless(id)}; \`waybill dead-letters\` lists them`,
      {
        exitCode: EXIT.notFound,
        cause: error,
      },
    )
  }
}
