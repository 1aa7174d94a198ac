import type { Argv } from 'yargs'
import {
  type IdentifierShape,
  onePersonShape,
  peopleActShape,
  peopleActsShape,
  peopleShape,
} from '../../schema/api/index.ts'
import { timeText } from '../query/index.ts'
import { understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { jsonLines, UsageError, writeLines } from './output.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

const ACCOUNT =
  'An e-mail address, SYSTEM/USER such as linux-auth/jdoe, or SYSTEM/id:ID such as github/id:9009'
const account = (describe: string) =>
  ({ type: 'string', demandOption: true, describe: `${describe}. ${ACCOUNT}` }) as const

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list [query..]', '$0'],
      'List the people whose events a query finds, the most active first',
      (list) =>
        list
          .positional('query', { type: 'string', array: true, describe: 'By default all events' })
          .option('from', { type: 'string', requiresArg: true, describe: 'Events of this time or later' })
          .option('to', { type: 'string', requiresArg: true, describe: 'Events before this time' })
          .option('top', { type: 'number', default: 50, requiresArg: true, describe: 'How many' }),
      (given) => list(given),
    )
    .command(
      'show <person>',
      'Show the accounts of one person, and why they are one person’s',
      (show) =>
        show.positional('person', {
          type: 'string',
          demandOption: true,
          describe: 'The id, the name, or an account',
        }),
      (given) => show(given),
    )
    .command(
      'join <one> <other>',
      'Decide that two accounts are one person’s',
      (join) => join.positional('one', account('An account')).positional('other', account('Another one')),
      (given) =>
        decide(given, { kind: 'same', one: identifierOf(given.one), other: identifierOf(given.other) }),
    )
    .command(
      'part <account>',
      'Decide that an account is a person of its own, whatever its events carry',
      (part) => part.positional('account', account('The account')),
      (given) => decide(given, { kind: 'apart', account: identifierOf(given.account) }),
    )
    .command(
      'decisions',
      'List what was decided about people',
      (decisions) => decisions,
      (given) => decisions(given),
    )
    .command(
      'undo <decision>',
      'Undo a decision',
      (undo) =>
        undo.positional('decision', {
          type: 'string',
          demandOption: true,
          describe: 'As `waybill people decisions` lists it',
        }),
      (given) => undo(given),
    )
    .epilogue(
      closing(
        [
          ["waybill people show 'John Smith'", 'His accounts in all systems'],
          ['waybill people join jane@example.com linux-auth/jdoe', 'Also her account on the hosts'],
          ["waybill search 'person: jane@example.com'", 'All that she did, in every system'],
        ],
        'Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable; 4 there is no such person or decision.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly json: boolean
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export function identifierOf(text: string): IdentifierShape {
  const [system = '', ...others] = text.split('/')
  const value = others.join('/')
  if (others.length === 0 && text.includes('@')) return { kind: 'email', value: text }
  if (others.length === 0 && UUID.test(text)) return { kind: 'uuid', value: text }
  if (system === '' || value === '' || value === 'id:')
    throw new UsageError(
      `"${text}" names no account: write ${ACCOUNT.charAt(0).toLowerCase()}${ACCOUNT.slice(1)}`,
    )
  return value.startsWith('id:')
    ? { kind: 'id', system, value: value.slice(3) }
    : { kind: 'name', system, value }
}

interface ListGiven extends Given {
  readonly query: readonly string[] | undefined
  readonly from: string | undefined
  readonly to: string | undefined
  readonly top: number
}

async function list(given: ListGiven): Promise<void> {
  const asked = new URLSearchParams({ q: (given.query ?? []).join(' '), top: String(given.top) })
  for (const name of ['from', 'to'] as const) if (given[name] !== undefined) asked.set(name, given[name])
  const answer = understood(peopleShape, await connect(given).json(`/v1/people?${asked}`))
  if (given.json) return writeLines(jsonLines(answer.people))
  if (answer.partial !== null) process.stderr.write(`${answer.partial}\n`)
  if (answer.people.length === 0) {
    process.stderr.write('No event names a person.\n')
    return
  }
  const rows = answer.people.map(({ id, name, systems, count }) => [
    String(count),
    harmless(name),
    harmless(id),
    systems.join(', '),
  ])
  await writeLines(
    table(['EVENTS', 'NAME', 'PERSON', 'SYSTEMS'], rows, terminalWidth(), paintFor(process.stdout)),
  )
}

async function show(given: Given & { readonly person: string }): Promise<void> {
  const asked = new URLSearchParams({ person: given.person })
  const person = understood(onePersonShape, await connect(given).json(`/v1/people/one?${asked}`))
  if (given.json) return writeLines(jsonLines([person]))
  const rows = person.accounts.map(({ system, names, ids, emails }) => [
    system,
    harmless(names.join(', ')),
    harmless(ids.join(', ')),
    harmless(emails.join(', ')),
  ])
  process.stdout.write(`${harmless(person.name)} (${harmless(person.id)})\n`)
  await writeLines(table(['SYSTEM', 'USER', 'ID', 'E-MAIL'], rows, terminalWidth(), paintFor(process.stdout)))
  if (person.joins.length > 0) process.stdout.write('\nWhy these are one person:\n')
  for (const { reason } of person.joins) process.stdout.write(`  ${harmless(reason)}.\n`)
}

async function decide(given: Given, what: object): Promise<void> {
  const made = understood(
    peopleActShape,
    await connect(given).json('/v1/people/acts', { method: 'POST', body: what }),
  )
  if (given.json) return writeLines(jsonLines([made]))
  process.stdout.write(`${made.id}: ${harmless(made.about)}. Undo it with waybill people undo ${made.id}.\n`)
}

async function decisions(given: Given): Promise<void> {
  const { acts } = understood(peopleActsShape, await connect(given).json('/v1/people/acts'))
  if (given.json) return writeLines(jsonLines(acts))
  if (acts.length === 0) {
    process.stderr.write('Nothing was decided about people.\n')
    return
  }
  const rows = acts.map(({ id, at, by, about }) => [
    id,
    timeText(at).slice(0, 16).replace('T', ' '),
    harmless(by),
    harmless(about),
  ])
  await writeLines(
    table(['DECISION', 'AT (UTC)', 'BY', 'WHAT'], rows, terminalWidth(), paintFor(process.stdout)),
  )
}

async function undo(given: Given & { readonly decision: string }): Promise<void> {
  await connect(given).json(`/v1/people/acts/${encodeURIComponent(given.decision)}`, { method: 'DELETE' })
  process.stdout.write(`${given.decision} is undone.\n`)
}
