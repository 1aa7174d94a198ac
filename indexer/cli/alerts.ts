import type { Argv } from 'yargs'
import {
  ALERT_STATES,
  type AlertAction,
  type AlertShape,
  alertEvidenceShape,
  alertShape,
  alertsShape,
  changedAlertsShape,
} from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { PRIORITIES } from '../../schema/rule.ts'
import { csvCell } from '../columns.ts'
import { parseTime, timeText } from '../query/index.ts'
import { AnswerError, type IndexerClient, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { outboxCommands } from './outbox.ts'
import { EXIT, jsonLines, UsageError, writeLines } from './output.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth, wrapped } from './terminal.ts'
import { closing } from './usage.ts'

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list', '$0'],
      'List alerts, the newest first; by default those that are not resolved',
      (list) =>
        list
          .option('state', {
            choices: [...ALERT_STATES, 'unresolved', 'any'] as const,
            default: 'unresolved' as const,
            requiresArg: true,
            describe: 'Only alerts in this state',
          })
          .option('rule', { type: 'string', requiresArg: true, describe: 'Only those of this rule' })
          .option('priority', {
            choices: PRIORITIES,
            requiresArg: true,
            describe: 'Only those of this priority, or a higher one',
          })
          .option('assignee', { type: 'string', requiresArg: true, describe: 'Only those of this user' })
          .option('text', {
            type: 'string',
            requiresArg: true,
            describe: 'Only those that have this in the message, the users or the addresses',
          })
          .option('from', {
            type: 'string',
            requiresArg: true,
            describe: 'Of this time or later: 2026-01-15, -7d',
          })
          .option('to', { type: 'string', requiresArg: true, describe: 'Before this time' })
          .option('limit', {
            alias: 'n',
            type: 'number',
            default: 100,
            requiresArg: true,
            describe: 'The greatest number of alerts',
          })
          .option('csv', { type: 'boolean', default: false, describe: 'As CSV, safe for spreadsheets' }),
      (given) => list(given),
    )
    .command(
      'show <id>',
      'Show an alert: what happened, what to do, and what was done',
      (show) => withId(show),
      (given) => show(given),
    )
    .command(
      'evidence <id>',
      'Print copies of the events of an alert, and of what the same users and addresses did around it, as JSON lines',
      (evidence) => withId(evidence),
      (given) => evidence(given),
    )
    .command(
      'ack <ids..>',
      'Acknowledge alerts: you look after them',
      (ack) => withNote(withIds(ack)),
      (given) => act(given, { do: 'acknowledge', ids: given.ids, note: given.note }),
    )
    .command(
      'assign <user> <ids..>',
      'Assign alerts to a user',
      (assign) =>
        withNote(
          withIds(
            assign.positional('user', {
              type: 'string',
              demandOption: true,
              describe: 'The name of the user',
            }),
          ),
        ),
      (given) => act(given, { do: 'assign', ids: given.ids, to: given.user, note: given.note }),
    )
    .command(
      'resolve <ids..>',
      'Resolve alerts, with the reason',
      (resolve) =>
        withIds(resolve).option('reason', {
          type: 'string',
          requiresArg: true,
          demandOption: true,
          describe: 'What it was, for those who ask later',
        }),
      (given) => act(given, { do: 'resolve', ids: given.ids, note: given.reason }),
    )
    .command(
      'reopen <ids..>',
      'Open resolved alerts again',
      (reopen) => withNote(withIds(reopen)),
      (given) => act(given, { do: 'reopen', ids: given.ids, note: given.note }),
    )
    .command(
      'snooze <ids..>',
      'Tell nobody about alerts for a while',
      (snooze) =>
        withNote(withIds(snooze)).option('until', {
          type: 'string',
          requiresArg: true,
          demandOption: true,
          describe: 'A time, or a span from now: 4h, 2026-01-15T08:00:00Z',
        }),
      (given) => act(given, { do: 'snooze', ids: given.ids, until: untilOf(given.until), note: given.note }),
    )
    .command(
      'note <text> <ids..>',
      'Add a note to alerts',
      (note) =>
        withIds(note.positional('text', { type: 'string', demandOption: true, describe: 'The note' })),
      (given) => act(given, { do: 'note', ids: given.ids, note: given.text }),
    )
    .command('outbox', 'List the messages about incidents, and send them again', (outbox) =>
      outboxCommands(outbox),
    )
    .epilogue(
      closing(
        [
          ['waybill alerts', 'What is open'],
          ['waybill alerts ack failed-logins-user.3f9a2c41d0b7e865', 'You look after it'],
          ['waybill alerts resolve ID --reason "the penetration test"', 'It is done'],
        ],
        'Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable; 4 there is no such alert.',
      ),
    )
}

const withId = <Base>(cli: Argv<Base>) =>
  cli.positional('id', { type: 'string', demandOption: true, describe: 'As `waybill alerts` shows it' })

const withIds = <Base>(cli: Argv<Base>) =>
  cli.positional('ids', {
    type: 'string',
    array: true,
    demandOption: true,
    describe: 'As `waybill alerts` shows them',
  })

const withNote = <Base>(cli: Argv<Base>) =>
  cli.option('note', { type: 'string', default: '', requiresArg: true, describe: 'A note for the timeline' })

interface Given extends ConnectionGiven {
  readonly json: boolean
}

interface ListGiven extends Given {
  readonly state: string
  readonly rule?: string | undefined
  readonly priority?: string | undefined
  readonly assignee?: string | undefined
  readonly text?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly limit: number
  readonly csv: boolean
}

const MOST_AT_ONCE = 1000

async function list(given: ListGiven): Promise<void> {
  if (!Number.isSafeInteger(given.limit) || given.limit < 1)
    throw new UsageError('--limit: expected a whole number of at least 1')
  const { state, rule, priority, assignee, text, from, to } = given
  const asked = Object.entries({ state, rule, priority, assignee, text, from, to })
  const client = connect(given)
  const alerts: AlertShape[] = []
  let total = 0
  let after: string | null = null
  do {
    const query: Record<string, string> = Object.fromEntries(
      asked.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    )
    query.limit = String(Math.min(MOST_AT_ONCE, given.limit - alerts.length))
    if (after !== null) query.after = after
    const page = understood(alertsShape, await client.json('/v1/alerts', { query }))
    alerts.push(...page.alerts)
    total = page.total
    after = page.next
  } while (after !== null && alerts.length < given.limit)
  if (given.json) return writeLines(jsonLines(alerts))
  if (given.csv)
    return writeLines(
      [HEAD, ...alerts.map(rowOf)].map((row) => row.map((cell) => csvCell(harmless(cell))).join(',')),
    )
  if (alerts.length === 0) {
    process.stderr.write(state === 'unresolved' ? 'No alert is open.\n' : 'There is no such alert.\n')
    return
  }
  await writeLines(table(HEAD, alerts.map(rowOf), terminalWidth(), paintFor(process.stdout)))
  if (total > alerts.length)
    process.stderr.write(`${total - alerts.length} more; \`--limit ${total}\` lists all.\n`)
}

const HEAD = ['ID', 'LAST', 'PRIORITY', 'STATE', 'ASSIGNEE', 'EVENTS', 'MESSAGE']

const rowOf = (alert: AlertShape): string[] => [
  alert.id,
  timeText(alert.last),
  alert.priority,
  alert.snoozedUntil !== null && alert.snoozedUntil > Date.now() ? 'snoozed' : alert.state,
  alert.assignee ?? '',
  String(alert.count),
  alert.message,
]

async function show(given: Given & { readonly id: string }): Promise<void> {
  const alert = await found([given.id], () => one(connect(given), given.id))
  if (given.json) return writeLines(jsonLines([alert]))
  const paint = paintFor(process.stdout)
  const width = terminalWidth() ?? 100
  const facts: [string, string][] = [
    ['Rule', `${alert.rule.name} (${alert.rule.id})`],
    ['Priority', alert.priority],
    [
      'State',
      [alert.state, ...(alert.assignee === null ? [] : [`assigned to ${alert.assignee}`])].join(', '),
    ],
    ['Happened', `${timeText(alert.from)} to ${timeText(alert.last)}, ${alert.count} events`],
    ['Raised', `${timeText(alert.raised)}${alert.late ? ', late: its events arrived late' : ''}`],
    ...Object.entries(alert.group).map(([field, value]): [string, string] => [field, value]),
    ['Users', alert.users.join(', ')],
    ['Addresses', alert.addresses.join(', ')],
    ['Incident', alert.incident],
  ]
  const label = Math.max(...facts.map(([name]) => name.length)) + 2
  await writeLines([
    paint('bold', harmless(alert.message)),
    '',
    ...facts
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${paint('dim', harmless(name.padEnd(label)))}${harmless(value)}`),
    '',
    ...wrapped(harmless(alert.response), width),
    '',
    ...alert.timeline.map(({ at, by, did, note }) =>
      harmless(`${timeText(at)}  ${by} ${did}${note === '' ? '' : `: ${note}`}`),
    ),
    ...(alert.events.length === 0
      ? []
      : [
          '',
          `waybill show ${harmless(alert.events[0]!)}`,
          ...alert.events.slice(1).map((id) => harmless(`             ${id}`)),
        ]),
  ])
}

/** Each event has its part: `before`, `event` or `after`. */
async function evidence(given: Given & { readonly id: string }): Promise<void> {
  const path = `/v1/alerts/${encodeURIComponent(given.id)}/evidence`
  const { events, before, after, isMore } = await found([given.id], async () =>
    understood(alertEvidenceShape, await connect(given).json(path)),
  )
  const of = (part: string, list: readonly object[]): object[] => list.map((event) => ({ part, event }))
  await writeLines(jsonLines([...of('before', before), ...of('event', events), ...of('after', after)]))
  if (isMore) process.stderr.write('They did more in these hours than is kept: 100 events of each hour.\n')
}

const one = async (client: IndexerClient, id: string): Promise<AlertShape> =>
  understood(alertShape, await client.json(`/v1/alerts/${encodeURIComponent(id)}`))

async function act(given: Given, action: AlertAction): Promise<void> {
  const answer = await found(action.ids, () =>
    connect(given).json('/v1/alerts/actions', { method: 'POST', body: action }),
  )
  const { alerts } = understood(changedAlertsShape, answer)
  if (given.json) return writeLines(jsonLines(alerts))
  await writeLines(
    alerts.map((alert) =>
      harmless(
        `${alert.id} is ${alert.state}${alert.assignee === null ? '' : `, ${alert.assignee} looks after it`}.`,
      ),
    ),
  )
}

async function found<Result>(ids: readonly string[], ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw new OperatorError(
      'WB-ALERT-UNKNOWN',
      `There is no alert ${harmless(ids.join(', '))}; \`waybill alerts --state any\` lists all`,
      {
        exitCode: EXIT.notFound,
        cause: error,
      },
    )
  }
}

function untilOf(text: string): number {
  const span = /^(\d+)([mhd])$/.exec(text)
  if (span !== null)
    return Date.now() + Number(span[1]) * { m: 60_000, h: 3_600_000, d: 86_400_000 }[span[2] as 'm']
  try {
    return parseTime(text, Date.now())
  } catch {
    throw new UsageError('--until: expected a time such as 2026-01-15T08:00:00Z, or a span such as 4h')
  }
}
