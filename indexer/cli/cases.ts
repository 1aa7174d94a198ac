import { open } from 'node:fs/promises'
import type { Argv } from 'yargs'
import {
  CASE_STATES,
  type CasePin,
  type CaseShape,
  type CaseSummary,
  caseShape,
  casesShape,
} from '../../schema/api/index.ts'
import { OperatorError, reasonOf, textAt } from '../../schema/index.ts'
import { timeText } from '../query/index.ts'
import { type IndexerClient, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { jsonLines, UsageError, writeLines } from './output.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list', '$0'],
      'List your cases, and those that others share; by default the open ones',
      (list) =>
        list.option('state', {
          choices: [...CASE_STATES, 'any'] as const,
          default: 'open' as const,
          requiresArg: true,
          describe: 'Only cases in this state',
        }),
      (given) => list(given),
    )
    .command(
      'show <case>',
      'Show a case: what is pinned to it, and who did what',
      (show) => withCase(show),
      (given) => show(given),
    )
    .command(
      'add <name>',
      'Open a case',
      (add) =>
        add
          .positional('name', {
            type: 'string',
            demandOption: true,
            describe: 'What it is about, in a few words',
          })
          .option('about', { type: 'string', default: '', requiresArg: true, describe: 'A description' })
          .option('shared', {
            type: 'boolean',
            default: false,
            describe: 'Everybody who may investigate sees it',
          }),
      (given) => add(given),
    )
    .command(
      'pin <case>',
      'Pin events, alerts, a search or a note to a case',
      (pin) =>
        withCase(pin)
          .option('event', { ...ids, describe: 'An event.id; may be repeated' })
          .option('alert', { ...ids, describe: 'The id of an alert; may be repeated' })
          .option('search', {
            type: 'string',
            requiresArg: true,
            describe: 'A query; `--name` says what it is for',
          })
          .option('name', { type: 'string', requiresArg: true, describe: 'The name of the search' })
          .option('note', {
            type: 'string',
            requiresArg: true,
            describe: 'A note; beside events, alerts or a search a comment on them',
          }),
      (given) => pin(given),
    )
    .command(
      'export <case>',
      'Write a case as a sealed bundle: a ZIP file with the report, the events, their proofs, and the notes',
      (bundle) =>
        withCase(bundle)
          .option('output', {
            alias: 'o',
            type: 'string',
            requiresArg: true,
            describe: 'The file; by default case-ID.zip',
          })
          .option('zone', {
            type: 'string',
            requiresArg: true,
            describe: 'The time zone of its times; by default that of the indexer',
          }),
      (given) => bundle(given),
    )
    .epilogue(
      closing(
        [
          ['waybill cases add "Export of all customers" --shared', 'Opens a case, and prints its id'],
          ['waybill cases pin 4f2a90c1d7e3b865 --event EVENT-ID --note "the export"', 'Copies an event'],
          ['waybill cases export 4f2a90c1d7e3b865', 'Writes what others can verify without Waybill’s store'],
        ],
        'Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable; 4 there is no such case.',
      ),
    )
}

const ids = { type: 'string', array: true, requiresArg: true, nargs: 1, default: [] as string[] } as const

const withCase = <Base>(cli: Argv<Base>) =>
  cli.positional('case', {
    type: 'string',
    demandOption: true,
    describe: 'Its id, as `waybill cases` shows it',
  })

interface Given extends ConnectionGiven {
  readonly json: boolean
}
interface OneGiven extends Given {
  readonly case: string
}

const pathOf = (id: string): string => `/v1/cases/${encodeURIComponent(id)}`

const HEAD = ['ID', 'CHANGED', 'STATE', 'OWNER', 'SHARED', 'PINS', 'NAME']

const rowOf = (one: CaseSummary): string[] => [
  one.id,
  timeText(one.changed),
  one.state,
  one.owner,
  one.shared ? 'yes' : 'no',
  String(one.pins),
  one.name,
]

async function list(given: Given & { readonly state: string }): Promise<void> {
  const { cases } = understood(casesShape, await connect(given).json('/v1/cases'))
  const found = cases.filter(({ state }) => given.state === 'any' || state === given.state)
  if (given.json) return writeLines(jsonLines(found))
  if (found.length === 0) {
    process.stderr.write('There is no such case.\n')
    return
  }
  await writeLines(table(HEAD, found.map(rowOf), terminalWidth(), paintFor(process.stdout)))
}

async function show(given: OneGiven): Promise<void> {
  const one = understood(caseShape, await connect(given).json(pathOf(given.case)))
  if (given.json) return writeLines(jsonLines([one]))
  const paint = paintFor(process.stdout)
  await writeLines([
    paint('bold', harmless(one.name)),
    ...(one.about === '' ? [] : [harmless(one.about)]),
    paint('dim', harmless(`${one.state}, owned by ${one.owner}, ${one.shared ? 'shared' : 'private'}`)),
    '',
    ...one.items.map((item) => harmless(`${timeText(item.at)}  ${item.by}  ${textOf(item)}`)),
    ...(one.items.length === 0 ? ['Nothing is pinned to it yet.'] : []),
    '',
    ...one.timeline.map(({ at, by, act, pin, text }) =>
      harmless(
        `${timeText(at)}  ${by} ${act}${pin === null ? '' : ` ${pin.kind} ${pin.id}`}${text === null ? '' : `: ${text}`}`,
      ),
    ),
  ])
}

function textOf(item: CasePin): string {
  const comment = 'comment' in item && item.comment !== '' ? ` (${item.comment})` : ''
  switch (item.kind) {
    case 'event': {
      const of = (field: string): string => textAt(item.event, field) ?? ''
      return `event ${of('event.id')}  ${of('@timestamp')} ${of('user.name')} ${of('event.action')} ${of('message')}${comment}`
    }
    case 'alert':
      return `alert ${item.alert.id}  ${item.alert.message}${comment}`
    case 'search':
      return `search "${item.name}" ${item.search}${comment}`
    case 'note':
      return `note ${item.text}`
    case 'hidden':
      return `${item.of} that you may not see`
  }
}

async function add(
  given: Given & { readonly name: string; readonly about: string; readonly shared: boolean },
): Promise<void> {
  const { name, about, shared } = given
  const body = { name, about, shared }
  await said(given, await connect(given).json('/v1/cases', { method: 'POST', body }), 'was opened')
}

interface PinGiven extends OneGiven {
  readonly event: readonly string[]
  readonly alert: readonly string[]
  readonly search?: string | undefined
  readonly name?: string | undefined
  readonly note?: string | undefined
}

async function pin(given: PinGiven): Promise<void> {
  const { search, name = search, note = '' } = given
  const comment = note
  const things = [
    ...given.event.map((event) => ({ kind: 'event', event, comment })),
    ...given.alert.map((alert) => ({ kind: 'alert', alert, comment })),
    ...(search === undefined
      ? []
      : [{ kind: 'search', name, search: `?${new URLSearchParams({ q: search })}`, comment }]),
  ]
  const pins = things.length === 0 && note !== '' ? [{ kind: 'note', text: note }] : things
  if (pins.length === 0) throw new UsageError('give --event, --alert, --search or --note')
  const answer = await connect(given).json(`${pathOf(given.case)}/pins`, { method: 'POST', body: { pins } })
  await said(given, answer, `has ${pins.length === 1 ? 'one pin' : `${pins.length} pins`} more`)
}

async function said(given: Given, answer: unknown, what: string): Promise<void> {
  const one: CaseShape = understood(caseShape, answer)
  if (given.json) return writeLines(jsonLines([one]))
  await writeLines([harmless(`${one.id}: the case "${one.name}" ${what}.`)])
}

async function bundle(
  given: OneGiven & { readonly output?: string | undefined; readonly zone?: string | undefined },
): Promise<void> {
  const client: IndexerClient = connect(given)
  const query = given.zone === undefined ? '' : `?${new URLSearchParams({ zone: given.zone })}`
  const { body } = await client.bytes(`${pathOf(given.case)}/bundle${query}`, { from: 0, etag: '' })
  const path = given.output ?? `case-${given.case.replaceAll(/[^\w-]/g, '_')}.zip`
  try {
    const file = await open(path, 'w', 0o600)
    try {
      for await (const bytes of body) await file.write(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof OperatorError) throw error
    throw new OperatorError('WB-FILE-UNWRITABLE', `${path} can't be written (${reasonOf(error)})`, {
      cause: error,
    })
  }
  await writeLines([`The case is in ${path}; the README in it says how to verify it.`])
}
