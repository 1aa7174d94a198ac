import { basename } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { CommandModule } from 'yargs'
import { bytesText } from '../../config/index.ts'
import { conditionsOf, OperatorError } from '../../schema/index.ts'
import { type Ledger, noticeText, settingsNumber } from '../../schema/wire/index.ts'
import type { AgentStatus, WaitingStatus } from '../agent.ts'
import { type AgentConfig, readAgentConfig } from '../config.ts'
import { askStatus } from '../control.ts'
import type { EventException, RuleOrigin, TypeStatus } from '../event-status.ts'
import type { ReceptionStatus } from '../inputs/index.ts'
import { journalFolder } from '../receive.ts'
import { NEVER_RAN, stoppedStatus } from '../stopped.ts'
import { configOption, jsonOption } from './config-option.ts'
import { agoText, harmless, table } from './table.ts'

interface StatusArguments {
  config: string
  json: boolean
  events: boolean
}

export const statusCommand: CommandModule<object, StatusArguments> = {
  command: 'status',
  describe:
    'Show for each file position, size, backlog and the account of every record; and which events are recorded',
  builder: (yargs) =>
    yargs
      .options({
        ...configOption,
        ...jsonOption,
        events: {
          type: 'boolean',
          default: false,
          describe: 'List all event types, not only those that somebody switched',
        },
      })
      .example('$0 status --config agent.yml', '')
      .example('$0 status --json', 'for programs'),
  handler: async (argv) => {
    const config = await readAgentConfig(argv.config, { withoutSecrets: true })
    const { status, running } = await statusOf(argv.config, config)
    if (argv.json) {
      process.stdout.write(`${JSON.stringify({ running, ...status })}\n`)
      return
    }
    if (!status.enrolled) {
      process.stdout.write(`${waitingText(status, config.agent.data)}\n`)
      return
    }
    process.stdout.write(`${statusText(status, running, config.agent.data, Date.now(), argv.events)}\n`)
  },
}

const ANSWERS_WITHIN_MS = 3000
const ASK_AGAIN_MS = 100

/**
 * The status from the running agent, else from its folder. An agent that is starting or stopping holds the folder and doesn't answer yet.
 */
export async function statusOf(
  file: string,
  config: AgentConfig,
  within = ANSWERS_WITHIN_MS,
): Promise<{ status: AgentStatus | WaitingStatus; running: boolean }> {
  const end = performance.now() + within
  for (;;) {
    const status = await askStatus(config.agent.data)
    if (status !== null) return { status, running: true }
    try {
      return { status: await stoppedStatus(file, config), running: false }
    } catch (error) {
      const mayPass = error instanceof OperatorError && error.exitCode !== NEVER_RAN
      if (!mayPass || performance.now() > end) throw error
      await setTimeout(ASK_AGAIN_MS)
    }
  }
}

function waitingText(status: WaitingStatus, data: string): string {
  const { name, pid, started, version, problem, reception } = status
  return [
    `${name} is not enrolled yet. It has run as process ${pid} since ${new Date(started).toISOString()}, version ${version}.`,
    `It keeps what it receives in ${journalFolder(data)} and ships it once it is enrolled. It does not read files yet.`,
    ...(problem === null ? [] : [`PROBLEM: ${problem}`]),
    ...(reception === null ? [] : receptionText(reception, Date.now())),
  ].join('\n')
}

export function statusText(
  status: AgentStatus,
  running: boolean,
  data: string,
  now: number,
  allEvents: boolean,
): string {
  const { shipping, total } = status
  const lines = [
    running
      ? `${status.name} (${status.id}) has run as process ${status.pid} since ${new Date(status.started).toISOString()}, version ${status.version}.`
      : `${status.name} (${status.id}) is not running. Its data folder ${data} gives this state.`,
    `Waybills: ${shipping.acknowledged} of ${shipping.sealed} acknowledged, ${shipping.spooledBatches} in the spool ` +
      `(${bytesText(shipping.spooledBytes)}), ${shipping.quarantined} in quarantine; last acknowledgement ${agoText(shipping.lastAcknowledged, now)}.`,
  ]
  const problem = status.problem ?? shipping.problem
  if (problem !== null) lines.push(`PROBLEM: ${problem}`)
  if (status.reloaded?.problem != null) {
    lines.push(
      `The config file was refused ${agoText(status.reloaded.at, now)}, and the previous settings stay in use: ${status.reloaded.problem}`,
    )
  }
  for (const notice of status.notices) lines.push(`NOTICE: ${harmless(noticeText(notice))}`)
  if (status.reception !== null) lines.push(...receptionText(status.reception, now))
  const rows = status.sources.map((source) => [
    source.path,
    source.state,
    source.position,
    source.size,
    Math.max(0, source.size - source.position),
    source.ledger.read,
    source.ledger.stored,
    source.ledger.duplicate,
    source.ledger.filtered,
    lostSight(source.ledger),
    source.ledger.pending,
  ])
  if (rows.length > 0) {
    lines.push(
      '',
      table(
        [
          'FILE',
          'STATE',
          'POSITION',
          'SIZE',
          'LAG',
          'READ',
          'STORED',
          'DUPLICATE',
          'FILTERED',
          'OTHER',
          'PENDING',
        ],
        rows,
      ),
    )
  } else {
    lines.push('', 'No file matches the inputs yet.')
  }
  for (const source of status.sources)
    if (source.problem !== null) lines.push(`${source.path}: ${source.problem}`)
  lines.push('', ...eventsText(status, allEvents), '', ledgerText(total))
  return lines.join('\n')
}

function receptionText({ listeners, fetchers, journal }: ReceptionStatus, now: number): string[] {
  const lines = [
    '',
    `Received: ${bytesText(journal.bytes)} of at most ${bytesText(journal.limit)} in the journal, in ${journal.segments} segments.`,
  ]
  if (journal.problem !== null) lines.push(`PROBLEM: ${journal.problem}`)
  const rows = listeners.map((one) => [
    one.address,
    one.connections,
    one.messages,
    bytesText(one.bytes),
    one.dropped,
    one.refused,
    one.waiting,
  ])
  if (rows.length > 0) {
    lines.push(
      table(['LISTENS ON', 'CONNECTIONS', 'MESSAGES', 'BYTES', 'DROPPED', 'REFUSED', 'KEPT WAITING'], rows),
    )
  }
  if (fetchers.length > 0) {
    const fetched = fetchers.map(({ name, from, records, fetched }) => [
      name,
      harmless(from),
      records,
      agoText(fetched, now),
    ])
    lines.push(table(['FETCHES', 'FROM', 'RECORDS', 'LAST PAGE'], fetched))
  }
  for (const { problem } of fetchers) if (problem !== null) lines.push(`PROBLEM: ${harmless(problem)}`)
  return lines
}

const lostSight = (ledger: Ledger): number => ledger.dead + ledger.quarantined + ledger.discarded

/** The ledger of all records in one sentence, in which the sum can be checked. */
export function ledgerText(ledger: Ledger): string {
  const { read, stored, duplicate, filtered, dead, quarantined, discarded, pending } = ledger
  const sum = stored + duplicate + filtered + dead + quarantined + discarded + pending
  const account =
    `${read} read = ${stored} stored + ${duplicate} duplicate + ${filtered} filtered + ${dead} dead-lettered + ` +
    `${quarantined} quarantined + ${discarded} discarded + ${pending} pending`
  const aside = `Not included: ${ledger.skipped} skipped, ${ledger.truncated} truncated, ${ledger.errors} not understood, ${ledger.dropped} dropped.`
  return sum === read ? `${account}. ${aside}` : `${account}: THE ACCOUNT IS OFF BY ${read - sum}. ${aside}`
}

/** Lists the recorded events and the origin of each decision, for all types or only for those that have a rule. */
function eventsText(status: Pick<AgentStatus, 'settings' | 'events'>, all: boolean): string[] {
  const { version, problem } = status.settings
  const lines = [
    version === null
      ? 'Central settings: none received from an indexer yet.'
      : `Central settings: version ${settingsNumber(version)}.`,
  ]
  if (problem !== null) lines.push(`PROBLEM: ${harmless(problem)} The previous settings stay in use.`)
  for (const { input, integration, types } of status.events) {
    const off = types.filter(({ recorded }) => !recorded).length
    const shown = types.filter((type) => all || wasSwitched(type))
    const is = off === 1 ? 'event type is' : 'event types are'
    lines.push(`${harmless(input)} (${integration}): ${off} of ${types.length} ${is} off.`)
    if (shown.length > 0) lines.push(table(['EVENT TYPE', 'RECORDED', 'SAID BY'], shown.flatMap(rowsOf)))
  }
  return lines
}

const wasSwitched = ({ recorded, from, exceptions }: TypeStatus): boolean =>
  !recorded || exceptions.length > 0 || from.kind === 'central' || from.kind === 'local'

const rowsOf = ({ id, recorded, from, exceptions }: TypeStatus): string[][] => [
  [id, recorded ? 'on' : 'off', originText(from)],
  ...exceptions.map((exception) => [`  ${forWhom(exception)}`, exception.record, originText(exception.from)]),
]

const forWhom = (exception: EventException): string =>
  conditionsOf({ ...exception, event: '' })
    .map(({ kind, name }) => `${kind} ${name}`)
    .join(', ')

function originText(from: RuleOrigin): string {
  switch (from.kind) {
    case 'mandatory':
    case 'default':
      return from.kind
    case 'central':
      return `central version ${settingsNumber(from.version)}, ${from.event}`
    case 'local':
      return `${basename(from.file)}:${from.line}, ${from.event}`
  }
}
