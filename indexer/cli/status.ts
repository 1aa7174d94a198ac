import type { Argv } from 'yargs'
import { type AttentionItem, attentionShape } from '../../schema/api/index.ts'
import { understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { EXIT, jsonLines, writeLines } from './output.ts'
import { harmless } from './terminal.ts'
import { closing } from './usage.ts'

export function options(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .epilogue(
      closing(
        [
          ['waybill status', 'Is anything wrong, since when, and where to look'],
          ['waybill status || mail -s "Waybill needs you" ops@acme.example', 'From cron'],
        ],
        'Exit codes: 0 nothing needs attention; 1 something does, or the request failed; 2 wrong command line; 3 the indexer is not reachable.',
      ),
    )
}

const WHERE: Readonly<Record<AttentionItem['place'], string>> = {
  incidents: 'waybill alerts',
  alerts: 'waybill alerts show',
  agents: 'waybill agents',
  'dead-letters': 'waybill dead-letters',
  evidence: 'waybill verify',
  archives: 'waybill archive',
  storage: 'waybill storage',
  rules: 'waybill rules list',
  reports: 'waybill reports schedule list',
}

export async function run(given: ConnectionGiven & { readonly json: boolean }): Promise<void> {
  const { items, more } = understood(attentionShape, await connect(given).json('/v1/attention'))
  if (items.length > 0) process.exitCode = EXIT.failed
  if (given.json) return writeLines(jsonLines(items))
  if (items.length === 0) return writeLines(['Nothing needs attention.'])
  const lines = items.flatMap(({ priority, sentence, remedy, since, place, id }) => [
    harmless(`${priority.padEnd(9)} ${ended(sentence)}${since === null ? '' : ` Since ${minuteOf(since)}.`}`),
    harmless(
      `          ${remedy === '' ? '' : `${remedy} `}See ${WHERE[place]}${place === 'alerts' ? ` ${id}` : ''}.`,
    ),
  ])
  await writeLines([
    ...lines,
    ...(more === 0
      ? []
      : [
          `And ${more} further ${more === 1 ? 'kind' : 'kinds'} of open incidents: waybill alerts lists them.`,
        ]),
  ])
}

const ended = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
const minuteOf = (time: number): string =>
  `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`
