import type { Argv } from 'yargs'
import { type AuditEvent, OperatorError, reasonOf } from '../../schema/index.ts'
import {
  type Alert,
  isLedgerCondition,
  notForWatcher,
  type Rule,
  RuleJudge,
  readRules,
  SUPPLIED_RULES,
  tryExamples,
} from '../alerts/index.ts'
import { timeText } from '../query/index.ts'
import { type ConnectionGiven, connect, withConnection } from './connection.ts'
import { EXIT, UsageError } from './exit.ts'
import { write, writeLines } from './output.ts'
import { spanOf } from './question.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function commands(cli: Argv) {
  return cli
    .option('rules', {
      type: 'string',
      requiresArg: true,
      default: SUPPLIED_RULES,
      defaultDescription: 'those that come with Waybill',
      describe: 'The folder of the rules',
    })
    .option('zone', {
      type: 'string',
      requiresArg: true,
      default: 'UTC',
      describe: 'The time zone of the organisation, in which nights begin, such as Europe/Berlin',
    })
    .command(
      ['list', '$0'],
      'Which rules there are, and who runs each',
      (list) =>
        list.option('watcher', {
          type: 'boolean',
          default: false,
          describe: 'Set up with --watcher: Elasticsearch runs the rules that it can',
        }),
      (given) => list(given),
    )
    .command(
      'test [names..]',
      "Hold rules to their files' own examples",
      (cli) => withNames(cli),
      (given) => test(given),
    )
    .command(
      'backtest [names..]',
      'Say when rules would have fired on events that are stored',
      (cli) =>
        withConnection(withNames(cli))
          .option('from', {
            type: 'string',
            requiresArg: true,
            demandOption: true,
            describe: 'Events of this time or later: 2026-01-15, -7d',
          })
          .option('to', { type: 'string', requiresArg: true, describe: 'Events before this time' })
          .option('json', { type: 'boolean', default: false, describe: 'One alert a line, as JSON' }),
      (given) => backtest(given),
    )
    .epilogue(
      closing(
        [
          ['waybill rules test', 'After a rule was changed'],
          ['waybill rules backtest mass-export --from -30d', 'Whether a threshold is right'],
        ],
        'Exit codes: 0 done; 1 an example is not as its file says, or refused; 2 wrong command line or rule; 3 the indexer is not reachable.',
      ),
    )
}

const withNames = <Base>(cli: Argv<Base>) =>
  cli.positional('names', {
    type: 'string',
    array: true,
    default: [] as string[],
    defaultDescription: 'all rules',
    describe: 'Names of rules',
  })

interface Given {
  readonly rules: string
  readonly zone: string
}

function chosen(given: Given & { readonly names: readonly string[] }): Rule[] {
  checkZone(given.zone)
  const rules = readRules(given.rules)
  const unknown = given.names.filter((name) => !rules.some(({ id }) => id === name))
  if (unknown.length > 0)
    throw new UsageError(`There is no rule ${unknown.join(', ')}; \`waybill rules list\` names them`)
  return given.names.length === 0 ? rules : rules.filter(({ id }) => given.names.includes(id))
}

function checkZone(zone: string): void {
  try {
    Temporal.Now.instant().toZonedDateTimeISO(zone)
  } catch (error) {
    throw new UsageError(`--zone ${harmless(zone)}: ${reasonOf(error)}; write it as in Europe/Berlin`)
  }
}

async function list(given: Given & { readonly watcher: boolean }): Promise<void> {
  const rules = readRules(given.rules)
  const rows = rules.map((rule) => [
    rule.id,
    rule.priority,
    given.watcher && notForWatcher(rule) === null ? 'Watcher' : 'nobody',
    rule.channels.join(', '),
    rule.about,
  ])
  const head = ['RULE', 'PRIORITY', 'RUN BY', 'TELLS', 'WHEN']
  await writeLines(table(head, rows, terminalWidth(), paintFor(process.stdout)))
  if (!given.watcher) {
    process.stderr.write(
      `Nobody runs these ${rules.length} rules on their own. Watcher runs most of them where Elasticsearch has a licence for it (\`waybill setup --watcher\`, and --watcher here); \`waybill rules backtest --from -1d\` says what they would have found.\n`,
    )
    return
  }
  for (const rule of rules) {
    const why = notForWatcher(rule)
    if (why !== null) process.stderr.write(`Nobody runs ${rule.id}: ${why}.\n`)
  }
}

async function test(given: Given & { readonly names: readonly string[] }): Promise<void> {
  let examples = 0
  let wrong = 0
  for (const rule of chosen(given)) {
    // Examples are written for the clock of Greenwich, so that they say the same everywhere.
    for (const { example, alerts, asSaid } of tryExamples(rule, { zone: 'UTC' })) {
      examples++
      if (asSaid) continue
      wrong++
      const said = `expected ${example.fires} alerts, found ${alerts.length}`
      await writeLines([harmless(`${rule.id}: ${example.is}: ${said}`), ...alerts.map(lineOf)])
    }
  }
  await write(`${examples - wrong} of ${examples} examples are as their rules say.\n`)
  if (wrong > 0) process.exitCode = EXIT.failed
}

const lineOf = (alert: Alert): string => harmless(`  ${timeText(alert.at)}  ${alert.message}`)

async function backtest(
  given: Given &
    ConnectionGiven & {
      readonly names: readonly string[]
      readonly from: string
      readonly to?: string | undefined
      readonly json: boolean
    },
): Promise<void> {
  const rules = chosen(given)
  const { from, to } = spanOf(given, Date.now())
  const client = connect(given)
  let fired = 0
  for (const rule of rules) {
    if (isLedgerCondition(rule.condition)) {
      if (given.names.length > 0)
        process.stderr.write(
          `waybill: ${rule.id} is about agents and the store; of these the past is not kept, so it can't be tried on it.\n`,
        )
      continue
    }
    const judge = new RuleJudge(rule, given)
    const query = {
      q: rule.asked,
      sort: 'oldest',
      ...(from !== undefined && { from: timeText(from) }),
      ...(to !== undefined && { to: timeText(to) }),
    }
    for await (const lines of client.lines('/v1/search', { query })) {
      const alerts = lines.flatMap((line) => judge.judge(eventOf(line)) ?? [])
      fired += alerts.length
      await writeLines(alerts.map((alert) => shown(alert, rule, given.json)))
    }
  }
  if (!given.json) process.stderr.write(`${fired} alerts.\n`)
}

function eventOf(line: string): AuditEvent {
  const found: unknown = JSON.parse(line)
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    throw new OperatorError('The indexer answered with something that is no event.')
  return { ...found }
}

const shown = (alert: Alert, { priority }: Rule, json: boolean): string =>
  json
    ? JSON.stringify({ ...alert, at: timeText(alert.at), priority })
    : harmless(`${timeText(alert.at)}  ${priority.padEnd(8)}  ${alert.rule}  ${alert.message}`)
