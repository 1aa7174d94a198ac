import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Argv } from 'yargs'
import { notForWatcher } from '../../dashboards/watches/index.ts'
import {
  explainShape,
  type RuleShape,
  ruleAnswerShape,
  ruleIdSchema,
  rulesShape,
} from '../../schema/api/index.ts'
import { type AuditEvent, codeOf, isRecord, OperatorError, reasonOf } from '../../schema/index.ts'
import { isLedgerCondition, type Rule } from '../../schema/rule.ts'
import {
  type Alert,
  type ImportedRule,
  importSigma,
  type ParsedRule,
  problemIn,
  RuleJudge,
  readLists,
  readRules,
  ruleIn,
  SUPPLIED_RULES,
  tryExamples,
} from '../alerts/index.ts'
import { printQuery, timeText } from '../query/index.ts'
import { AnswerError, UnreachableError, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { EXIT, jsonLines, UsageError, write, writeLines } from './output.ts'
import { spanOf } from './question.ts'
import { ruleTemplate } from './rule-template.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function commands(cli: Argv) {
  return cli
    .option('rules', {
      type: 'string',
      requiresArg: true,
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
      'List the rules, what runs each, and how often it fired; with --rules those of the folder',
      (list) =>
        withConnection(list)
          .option('watcher', {
            type: 'boolean',
            default: false,
            describe: 'For an indexer with `alerts: { run-by: watcher }`: which rules Watcher runs',
          })
          .option('json', jsonOption),
      (given) => list(given),
    )
    .command(
      'new <name>',
      'Write the file of a new rule, with comments, into this folder or that of --rules',
      (cli) => cli.positional('name', { type: 'string', demandOption: true, describe: 'Its name' }),
      (given) => writeNew(given),
    )
    .command(
      'import <paths..>',
      'Import rules in the format of Sigma: into the indexer, or with --to as files',
      (cli) =>
        withConnection(cli)
          .positional('paths', {
            type: 'string',
            array: true,
            demandOption: true,
            describe: 'Files (.yml, .yaml), and folders with such files',
          })
          .option('to', { type: 'string', requiresArg: true, describe: 'Write the rules into this folder' })
          .option('channels', {
            type: 'string',
            array: true,
            requiresArg: true,
            default: ['in-app'],
            describe: 'The channels that the rules alert',
          }),
      (given) => importFiles(given),
    )
    .command(
      'check [files..]',
      'Check the text of rules: each mistake with file and line',
      (cli) =>
        cli.positional('files', {
          type: 'string',
          array: true,
          default: [] as string[],
          defaultDescription: 'all files of the folder',
          describe: 'Files of rules',
        }),
      (given) => check(given),
    )
    .command(
      'test [names..]',
      'Test rules on the examples in their files',
      (cli) => withNames(cli),
      (given) => test(given),
    )
    .command(
      'backtest [names..]',
      'Show when rules would have fired on stored events',
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
    .command(
      'enable <names..>',
      'Switch rules on, at the indexer',
      (cli) => withConnection(withNames(cli)),
      (given) => switchTo(true, given),
    )
    .command(
      'disable <names..>',
      'Switch rules off, at the indexer',
      (cli) => withConnection(withNames(cli)),
      (given) => switchTo(false, given),
    )
    .command(
      'explain <event-id> [names..]',
      'Show which rules match an event, and which conditions of the others it does not meet',
      (cli) =>
        withConnection(withNames(cli))
          .positional('event-id', { type: 'string', demandOption: true, describe: 'The event.id' })
          .option('json', jsonOption),
      (given) => explain(given),
    )
    .epilogue(
      closing(
        [
          ['waybill rules new our-exports', 'Writes our-exports.yml, to be changed'],
          ['waybill rules check our-exports.yml && waybill rules test --rules .', 'After a change of a rule'],
          ['waybill rules backtest mass-export --from -30d', 'To check a threshold'],
          ['waybill rules import sigma/rules/linux --to our-rules', 'Makes files of Sigma rules'],
          [
            'waybill rules explain 5a0c8d3b9e1f4a6b7c8d000000000000000001f4 mass-export',
            'Why it did not fire',
          ],
        ],
        'Exit codes: 0 done; 1 an example failed, or refused; 2 wrong command line or rule; 3 the indexer is not reachable; 4 not found.',
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
  readonly rules?: string | undefined
  readonly zone: string
}

function chosen(given: Given & { readonly names: readonly string[] }): ParsedRule[] {
  checkZone(given.zone)
  const folder = given.rules ?? SUPPLIED_RULES
  const rules = validRules(folder)
  const unknown = given.names.filter((name) => !rules.some(({ id }) => id === name))
  if (unknown.length > 0)
    throw new UsageError(
      `There is no rule ${unknown.join(', ')} in ${folder}: name another folder with --rules. The console tests a rule that was written there`,
    )
  return given.names.length === 0 ? rules : rules.filter(({ id }) => given.names.includes(id))
}

/** Reports wrong rules, and returns the others. */
function validRules(folder: string): ParsedRule[] {
  const { rules, problems } = readRules(folder)
  for (const problem of problems) process.stderr.write(`waybill: ${harmless(problem, '\n')}\n`)
  if (problems.length > 0) process.exitCode = EXIT.usage
  return rules
}

function checkZone(zone: string): void {
  try {
    Temporal.Now.instant().toZonedDateTimeISO(zone)
  } catch (error) {
    throw new UsageError(`--zone ${harmless(zone)}: ${reasonOf(error)}; write it as in Europe/Berlin`)
  }
}

type ListGiven = Given & ConnectionGiven & { readonly watcher: boolean; readonly json: boolean }

async function list(given: ListGiven): Promise<void> {
  if (given.rules !== undefined || given.watcher) return listFiles(given)
  let answer: unknown
  try {
    answer = await connect(given).json('/v1/rules')
  } catch (error) {
    if (!(error instanceof UnreachableError || error instanceof AnswerError)) throw error
    process.stderr.write(
      `waybill: ${harmless(error.message)}. These are the rules that come with Waybill, without their state.\n`,
    )
    return listFiles(given)
  }
  const { rules, problem } = understood(rulesShape, answer)
  if (problem !== null) process.stderr.write(`waybill: ${harmless(problem)}\n`)
  if (given.json) return writeLines(jsonLines(rules))
  const head = ['RULE', 'STATE', 'PRIORITY', 'RUN BY', 'LAST FIRED', '30 DAYS', 'TELLS', 'WHEN']
  const rows = rules.map((rule) => [
    rule.id,
    stateOf(rule),
    rule.priority,
    rule.enabled ? rule.runBy : '',
    rule.lastFired === null ? 'never' : timeText(rule.lastFired),
    String(rule.fired),
    rule.channels.join(', '),
    rule.about,
  ])
  await writeLines(
    table(
      head,
      rows.map((row) => row.map((cell) => harmless(cell))),
      terminalWidth(),
      paintFor(process.stdout),
    ),
  )
  for (const { problem } of rules)
    if (problem !== null) process.stderr.write(`waybill: ${harmless(problem, '\n')}\n`)
}

const stateOf = ({ enabled, problem }: RuleShape): string =>
  problem !== null ? 'problem' : enabled ? 'on' : 'off'

async function listFiles(given: ListGiven): Promise<void> {
  const rules = validRules(given.rules ?? SUPPLIED_RULES)
  if (given.json)
    return writeLines(
      jsonLines(
        rules.map(({ id, name, about, priority, channels }) => ({ id, name, about, priority, channels })),
      ),
    )
  const rows = rules.map((rule) => [
    rule.id,
    rule.priority,
    given.watcher && notForWatcher(rule) === null ? 'Watcher' : 'engine',
    rule.channels.join(', '),
    rule.about,
  ])
  const head = ['RULE', 'PRIORITY', 'RUN BY', 'TELLS', 'WHEN']
  await writeLines(table(head, rows, terminalWidth(), paintFor(process.stdout)))
  if (given.watcher)
    process.stderr.write(
      'With `alerts: { run-by: watcher }` in indexer.yml the engine leaves those to Watcher that it can run.\n',
    )
}

async function writeNew({ name, rules = '.' }: Given & { readonly name: string }): Promise<void> {
  const id = ruleIdSchema.safeParse(name)
  if (!id.success)
    throw new UsageError(
      `"${harmless(name)}" is no name of a rule: expected letters, digits, ".", "_" and "-", at most 100`,
    )
  const file = join(rules, `${name}.yml`)
  try {
    writeFileSync(file, ruleTemplate(name), { flag: 'wx' })
  } catch (error) {
    if (codeOf(error) === 'EEXIST')
      throw new OperatorError('WB-FILE-EXISTS', `${file} is there already: choose another name.`)
    throw new OperatorError('WB-FILE-UNWRITABLE', `${file} can't be written: ${reasonOf(error)}`, {
      cause: error,
    })
  }
  await write(`${file} is written. Change it, and then: waybill rules check ${file}\n`)
}

type ImportGiven = Given &
  ConnectionGiven & {
    readonly paths: readonly string[]
    readonly to?: string | undefined
    readonly channels: readonly string[]
  }

async function importFiles(given: ImportGiven): Promise<void> {
  const files = given.paths.flatMap(sigmaFilesIn).map((file) => ({ file, text: textOf(file) }))
  if (files.length === 0) throw new UsageError('There are no files that end in .yml or .yaml')
  const { rules, problems } = importSigma(files, given.channels)
  const lines = problems.map(
    ({ file, line, title, reason }) => `${file}:${line}: ${title === '' ? '' : `${title}: `}${reason}`,
  )
  const failed: string[] = []
  const client = given.to === undefined ? connect(given) : null
  if (given.to !== undefined) mkdirSync(given.to, { recursive: true })
  for (const rule of rules) {
    const problem = await (client === null ? writeRule(rule, given.to ?? '.') : storeRule(rule, client))
    if (problem !== null) failed.push(`${rule.file}: ${rule.id}: ${problem}`)
  }
  for (const line of [...lines, ...failed]) process.stderr.write(`waybill: ${harmless(line, '\n')}\n`)
  const count = rules.length - failed.length
  const into = given.to === undefined ? 'are at the indexer' : `are in ${harmless(given.to)}`
  await write(`${count} rules ${into}. ${lines.length + failed.length} were not imported.\n`)
  if (lines.length + failed.length > 0) process.exitCode = EXIT.failed
}

function sigmaFilesIn(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.ya?ml$/.test(file))
      .sort()
      .map((file) => join(path, file))
  } catch (error) {
    throw unreadable(path, error)
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}

const unreadable = (path: string, error: unknown): OperatorError =>
  new OperatorError('WB-FILE-UNREADABLE', `${harmless(path)} can't be read: ${reasonOf(error)}`, {
    exitCode: EXIT.usage,
    cause: error,
  })

/** An import replaces what an earlier one wrote, and nothing else. */
const isImported = (text: string): boolean => /^source: ["']?sigma: /m.test(text)
const NOT_OURS = 'a rule of this name is there that was not imported; rename one of them'

async function writeRule({ id, text }: ImportedRule, folder: string): Promise<string | null> {
  const file = join(folder, `${id}.yml`)
  try {
    if (existsSync(file) && !isImported(textOf(file))) return NOT_OURS
    writeFileSync(file, text)
    return null
  } catch (error) {
    return `${file} can't be written: ${reasonOf(error)}`
  }
}

/** Writes a rule into the store, as a new one or in the place of the one that has its name and was imported before. */
async function storeRule(
  { id, text }: ImportedRule,
  client: ReturnType<typeof connect>,
): Promise<string | null> {
  const path = `/v1/rules/${id}`
  try {
    let version: number | undefined
    try {
      const known = understood(ruleAnswerShape, await client.json(path))
      if (known.text === text) return null
      if (!isImported(known.text)) return NOT_OURS
      version = known.version
    } catch (error) {
      if (!(error instanceof AnswerError) || error.status !== 404) throw error
    }
    const body = { text, ...(version !== undefined && { version }) }
    await client.json(path, { method: 'PUT', body })
    return null
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error
    return error.message
  }
}

async function check(given: Given & { readonly files: readonly string[] }): Promise<void> {
  if (given.files.length === 0) {
    const { rules, problems } = readRules(given.rules ?? SUPPLIED_RULES)
    await writeLines(problems.map((problem) => harmless(problem, '\n')))
    return checked(rules.length, problems.length)
  }
  let wrong = 0
  for (const file of given.files) {
    const text = textOf(file)
    const name = ruleIdSchema.safeParse(basename(file, '.yml')).success && file.endsWith('.yml')
    const problem = name
      ? problemIn(file, ruleIn(text, file, { lists: readLists(given.rules ?? dirname(file)) }))
      : `${file}: name it after the rule, such as our-exports.yml`
    if (problem === null) continue
    wrong++
    await writeLines([harmless(problem, '\n')])
  }
  return checked(given.files.length - wrong, wrong)
}

async function checked(valid: number, wrong: number): Promise<void> {
  await write(`${valid} of ${valid + wrong} rules are valid.\n`)
  if (wrong > 0) process.exitCode = EXIT.usage
}

async function test(given: Given & { readonly names: readonly string[] }): Promise<void> {
  let examples = 0
  let wrong = 0
  for (const rule of chosen(given)) {
    // Examples are written for UTC, so that they give the same result everywhere.
    for (const { example, alerts, asSaid } of tryExamples(rule, { zone: 'UTC' })) {
      examples++
      if (asSaid) continue
      wrong++
      const said = `expected ${example.fires} alerts, found ${alerts.length}`
      await writeLines([harmless(`${rule.id}: ${example.is}: ${said}`), ...alerts.map(lineOf)])
    }
    if (rule.examples.length === 0) process.stderr.write(`waybill: ${rule.id} has no examples.\n`)
  }
  await write(`${examples - wrong} of ${examples} examples passed.\n`)
  if (wrong > 0) process.exitCode ??= EXIT.failed
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
          `waybill: ${rule.id} is about agents and the store, whose past is not stored, so it can't be tested on it.\n`,
        )
      continue
    }
    const judge = new RuleJudge(rule, given)
    const query = {
      q: printQuery(rule.query),
      sort: 'oldest',
      ...(from !== undefined && { from: timeText(from) }),
      ...(to !== undefined && { to: timeText(to) }),
    }
    for await (const lines of client.lines('/v1/search', { query })) {
      const alerts = lines.flatMap((line) => judge.judge(eventOf(line)) ?? [])
      fired += alerts.length
      await writeLines(alerts.map((alert) => shown(alert, rule, given.json)))
    }
    const last = judge.finish(to ?? Date.now())
    fired += last.length
    await writeLines(last.map((alert) => shown(alert, rule, given.json)))
  }
  if (!given.json) process.stderr.write(`${fired} alerts.\n`)
}

function eventOf(line: string): AuditEvent {
  const found: unknown = JSON.parse(line)
  if (!isRecord(found))
    throw new OperatorError('WB-VERSION', 'The indexer returned something that is not an event.')
  return found
}

/** Its end is not known yet: it is shown when it begins. */
function shown({ last: _, ...alert }: Alert, { priority }: Rule, json: boolean): string {
  return json
    ? JSON.stringify({ ...alert, at: timeText(alert.at), priority })
    : harmless(`${timeText(alert.at)}  ${priority.padEnd(8)}  ${alert.rule}  ${alert.message}`)
}

async function switchTo(
  enabled: boolean,
  given: Given & ConnectionGiven & { readonly names: readonly string[] },
): Promise<void> {
  const client = connect(given)
  for (const name of given.names) {
    const path = `/v1/rules/${encodeURIComponent(name)}/enabled`
    const answer = await orNotFound(client.json(path, { method: 'POST', body: { enabled } }))
    const { rule } = understood(ruleAnswerShape, answer)
    await writeLines([harmless(`${rule.id} is ${rule.enabled ? 'on' : 'off'}.`)])
  }
}

type Explained = ReturnType<typeof explainShape.parse>['rules'][number]

async function explain(
  given: Given &
    ConnectionGiven & { readonly eventId: string; readonly names: readonly string[]; readonly json: boolean },
): Promise<void> {
  const client = connect(given)
  const asked = given.names.length === 0 ? [{}] : given.names.map((rule) => ({ rule }))
  const rules: Explained[] = []
  for (const one of asked) {
    const body = { event: given.eventId, ...one }
    const answer = await orNotFound(client.json('/v1/rules/explain', { method: 'POST', body }))
    rules.push(...understood(explainShape, answer).rules)
  }
  if (given.json) return writeLines(jsonLines(rules))
  await writeLines(rules.flatMap(explanationOf).map((line) => harmless(line)))
}

function explanationOf({ id, enabled, matches, steps, group, condition, fires }: Explained): string[] {
  const state = `${matches ? 'matches' : 'no match'}${enabled ? '' : ', switched off'}`
  if (!matches)
    return [
      `${id}: ${state}`,
      ...steps.flatMap(({ depth, is, met, found }, index) =>
        // Of what failed: a condition below a `not` failed because it is met.
        !met || (steps[index - 1]?.is === 'not' && steps[index - 1]?.met === false)
          ? [
              `${'  '.repeat(depth + 1)}${met ? 'met' : 'not met'}: ${is}${found.length > 0 ? ` (has ${found.join(', ')})` : ''}`,
            ]
          : [],
      ),
    ]
  const by = Object.entries(group ?? {}).map(([field, value]) => `${field} ${value}`)
  return [
    `${id}: ${state}`,
    `  condition ${condition}${by.length > 0 ? `, for ${by.join(', ')}` : ''}${group === null ? '; the event lacks a field of group-by, so the rule skips it' : ''}`,
    ...(fires === null ? [] : [`  the rule ${fires ? 'fires' : 'does not fire'} with this event`]),
  ]
}

async function orNotFound(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw new OperatorError('WB-NOT-FOUND', error.message, { exitCode: EXIT.notFound, cause: error })
  }
}
