import { join } from 'node:path'
import type { CommandModule } from 'yargs'
import type { Ledger } from '../../schema/wire/index.ts'
import type { AgentStatus } from '../agent.ts'
import { readAgentConfig } from '../config.ts'
import { askStatus } from '../control.ts'
import { stoppedStatus } from '../stopped.ts'
import { configOption, jsonOption } from './config-option.ts'
import { agoText, bytesText, table } from './table.ts'

interface StatusArguments {
  config: string
  json: boolean
}

export const statusCommand: CommandModule<object, StatusArguments> = {
  command: 'status',
  describe: 'For each file: position, size, lag and the account of every record',
  builder: (yargs) =>
    yargs
      .options({ ...configOption, ...jsonOption })
      .example('$0 status --config agent.yml', '')
      .example('$0 status --json', 'for programs'),
  handler: async (argv) => {
    const config = await readAgentConfig(argv.config)
    const running = await askStatus(config.agent.data)
    const status = running ?? (await stoppedStatus(argv.config, config))
    if (argv.json) {
      process.stdout.write(`${JSON.stringify({ running: running !== null, ...status })}\n`)
      return
    }
    process.stdout.write(`${statusText(status, running !== null, join(config.agent.data), Date.now())}\n`)
  },
}

export function statusText(status: AgentStatus, running: boolean, data: string, now: number): string {
  const { shipping, total } = status
  const lines = [
    running
      ? `${status.name} (${status.id}) runs as process ${status.pid} since ${new Date(status.started).toISOString()}, version ${status.version}.`
      : `${status.name} (${status.id}) is not running. This is what its data folder ${data} says.`,
    `Waybills: ${shipping.acknowledged} of ${shipping.sealed} acknowledged, ${shipping.spooledBatches} in the spool ` +
      `(${bytesText(shipping.spooledBytes)}), ${shipping.quarantined} in quarantine; last acknowledgement ${agoText(shipping.lastAcknowledged, now)}.`,
  ]
  const problem = status.problem ?? shipping.problem
  if (problem !== null) lines.push(`PROBLEM: ${problem}`)
  if (status.reloaded?.problem != null) {
    lines.push(
      `The config file was refused ${agoText(status.reloaded.at, now)}, the settings before it rule: ${status.reloaded.problem}`,
    )
  }
  const rows = status.sources.map((source) => [
    source.path,
    source.state,
    source.position,
    source.size,
    Math.max(0, source.size - source.position),
    source.ledger.read,
    source.ledger.stored,
    source.ledger.duplicate,
    lostSight(source.ledger),
    source.ledger.pending,
  ])
  if (rows.length > 0) {
    lines.push(
      '',
      table(
        ['FILE', 'STATE', 'POSITION', 'SIZE', 'LAG', 'READ', 'STORED', 'DUPLICATE', 'OTHER', 'PENDING'],
        rows,
      ),
    )
  } else {
    lines.push('', 'No file matches the inputs yet.')
  }
  for (const source of status.sources)
    if (source.problem !== null) lines.push(`${source.path}: ${source.problem}`)
  lines.push('', ledgerText(total))
  return lines.join('\n')
}

const lostSight = (ledger: Ledger): number =>
  ledger.filtered + ledger.dead + ledger.quarantined + ledger.discarded

/** The account of all records in one sentence, in which the sum can be checked. */
export function ledgerText(ledger: Ledger): string {
  const { read, stored, duplicate, filtered, dead, quarantined, discarded, pending } = ledger
  const sum = stored + duplicate + filtered + dead + quarantined + discarded + pending
  const account =
    `${read} read = ${stored} stored + ${duplicate} duplicate + ${filtered} filtered + ${dead} dead-lettered + ` +
    `${quarantined} quarantined + ${discarded} discarded + ${pending} pending`
  const aside = `Apart from these: ${ledger.skipped} skipped, ${ledger.truncated} truncated, ${ledger.errors} not understood, ${ledger.dropped} dropped.`
  return sum === read ? `${account}. ${aside}` : `${account}: THE ACCOUNT IS OFF BY ${read - sum}. ${aside}`
}
