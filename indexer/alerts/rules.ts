import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError, type ConfigSources, parseConfig } from '../../config/index.ts'
import { ruleIdSchema } from '../../schema/api/index.ts'
import { type AuditEvent, codeOf, OperatorError, reasonOf } from '../../schema/index.ts'
import { type Example, isLedgerCondition, type Rule } from '../../schema/rule.ts'
import { asksForPersons, parseQuery, type Query } from '../query/index.ts'
import { LISTS, NO_LISTS, readLists, type ValueLists } from './lists.ts'
import { type ExampleGiven, nested, type RuleGiven, ruleSchema } from './rule-file.ts'

/** The rules that come with Waybill. */
export const SUPPLIED_RULES: string = fileURLToPath(new URL('../../config/rules', import.meta.url))

const SUFFIX = '.yml'

/** A rule as it is evaluated. */
export interface ParsedRule extends Rule {
  /** Finds all events that the rule looks at. */
  readonly query: Query
  /** Of a sequence: what finds the events of each step, the first of them included; empty for any other condition. */
  readonly steps: readonly Query[]
  /** Changes when the rule means something else: another message does not change it. */
  readonly version: string
  /** Set where the rule is run, if it names persons or groups by them. */
  readonly persons?: {
    /** Another number whenever accounts were joined or parted. */
    readonly stamp: number
    of(event: AuditEvent): string | null
  }
}

/** More events would need more memory than a test of a rule is worth. */
const MOST_EXAMPLE_EVENTS = 50_000

/** Parses a file of config/rules; throws a ConfigError that names each wrong line. */
export function parseRule(
  text: string,
  file: string,
  { from, lists = NO_LISTS }: RuleSurroundings = {},
): ParsedRule {
  const given = parseConfig(text, file, ruleSchema, from)
  const wrongLists = given['except-lists'].flatMap((name) => wrongList(name, lists) ?? [])
  if (wrongLists.length > 0)
    throw new ConfigError(
      file,
      wrongLists.map((problem) => ({ line: lineOf(text, 'except-lists'), path: 'except-lists', problem })),
    )
  const events = given.examples.flatMap((example) => example.events)
  if (events.reduce((sum, { times }) => sum + times, 0) > MOST_EXAMPLE_EVENTS) {
    const problem = `the examples have more than ${MOST_EXAMPLE_EVENTS} events; lower their times`
    throw new ConfigError(file, [{ line: 1, path: 'examples', problem }])
  }
  return ruleOf(given, basename(file, SUFFIX), lists)
}

/** What the text of a rule may refer to. */
interface RuleSurroundings {
  /** Variables and files; by default those of this process. */
  readonly from?: ConfigSources
  readonly lists?: ValueLists
}

function wrongList(name: string, lists: ValueLists): string | null {
  const list = lists.get(name)
  if (typeof list === 'string') return list
  if (list !== undefined) return null
  const known = [...lists.keys()].join(', ')
  return `there is no list ${name} in the folder ${LISTS} of the rules${known === '' ? '' : `; it has ${known}`}`
}

const lineOf = (text: string, member: string): number =>
  Math.max(1, text.split('\n').findIndex((line) => line.startsWith(`${member}:`)) + 1)

/** A mistake in the text of a rule. */
export interface RuleMistake {
  /** Null if it has no place in the text. */
  readonly line: number | null
  readonly sentence: string
}

/** A rule, or the mistakes in its text. */
export type RuleText =
  | { readonly rule: ParsedRule; readonly mistakes: readonly [] }
  | { readonly rule: null; readonly mistakes: readonly RuleMistake[] }

/** Parses a rule, and returns the mistakes instead of throwing: one wrong rule must not stop the others. */
export function ruleIn(text: string, file: string, around: RuleSurroundings = {}): RuleText {
  try {
    return { rule: parseRule(text, file, around), mistakes: [] }
  } catch (error) {
    // The YAML parser has errors of its own, for example about aliases that would expand without end.
    if (!(error instanceof ConfigError)) return wrong(reasonOf(error))
    const mistakes = error.problems.map(({ line, path, problem }) => ({
      line,
      sentence: path === '' ? problem : `${path}: ${problem}`,
    }))
    return { rule: null, mistakes }
  }
}

const wrong = (sentence: string): RuleText => ({ rule: null, mistakes: [{ line: null, sentence }] })

/** The mistakes in a file, one a line; null if there are none. */
export const problemIn = (file: string, { mistakes }: RuleText): string | null =>
  mistakes.length === 0
    ? null
    : mistakes
        .map(({ line, sentence }) => `${file}${line === null ? '' : `:${line}`}: ${sentence}`)
        .join('\n')

/** A file of a folder of rules. */
export type RuleFile = RuleText & {
  readonly id: string
  readonly file: string
  readonly text: string
  /** The time of its last change, ms. */
  readonly changed: number
}

/** Reads all rules of a folder, by their file names; throws if the folder can't be read. */
export function readRuleFiles(folder: string, lists: ValueLists = readLists(folder)): RuleFile[] {
  return ruleFilesIn(folder).flatMap((name) => {
    const file = join(folder, name)
    const id = basename(name, SUFFIX)
    let text: string
    let changed: number
    try {
      text = readFileSync(file, 'utf8')
      changed = statSync(file).mtimeMs
    } catch (error) {
      // It was removed since the folder was listed.
      if (codeOf(error) === 'ENOENT') return []
      return [{ id, file, text: '', changed: 0, ...wrong(`the file can't be read: ${reasonOf(error)}`) }]
    }
    return [{ id, file, text, changed, ...(isRuleId(id) ? ruleIn(text, file, { lists }) : wrong(MISNAMED)) }]
  })
}

const MISNAMED =
  'rename this file; the name of a rule has up to 100 letters, digits, ".", "_" and "-", and begins with a letter or digit'
const isRuleId = (id: string): boolean => ruleIdSchema.safeParse(id).success

/** The rules of a folder, and what is wrong with the others of its files. */
export function readRules(folder: string): { readonly rules: ParsedRule[]; readonly problems: string[] } {
  const files = readRuleFiles(folder)
  return {
    rules: files.flatMap(({ rule }) => rule ?? []),
    problems: files.flatMap((file) => problemIn(file.file, file) ?? []),
  }
}

/** The names of the files with rules, sorted. */
export function ruleFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(SUFFIX))
      .sort()
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new OperatorError(
        'WB-FILE-MISSING',
        `The folder ${folder} does not exist. Name the folder of the rules with --rules, or with rules in indexer.yml.`,
      )
    throw new OperatorError('WB-FILE-UNREADABLE', `${folder} can't be read: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

/** Reads one rule of a folder, even if others are invalid; null if there is none of this name. */
export function readRule(folder: string, id: string): ParsedRule | null {
  const file = join(folder, `${id}${SUFFIX}`)
  try {
    return parseRule(readFileSync(file, 'utf8'), file, { lists: readLists(folder) })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function ruleOf(given: RuleGiven, id: string, all: ValueLists): ParsedRule {
  const { name, about, condition, priority, channels, message, throttle, response } = given
  const common = {
    ...{ id, name, about, condition, priority, channels, message, throttle, response },
    ...(given.author !== undefined && { author: given.author }),
    ...(given.source !== undefined && { source: given.source }),
  }
  const asked = given.query?.asked ?? ''
  const first = given.query?.query ?? { kind: isLedgerCondition(condition) ? 'none' : 'all' }
  const steps =
    condition.kind === 'sequence'
      ? [first, ...condition.next.map((text) => parseQuery(text, { now: 0 }))]
      : []
  const any: Query = steps.length === 0 ? first : { kind: 'or', of: steps }
  const lists = given['except-lists'].flatMap((name) => {
    const list = all.get(name)
    return list === undefined || typeof list === 'string' ? [] : [list]
  })
  const except = [...given.except.map(({ query }) => query), ...lists.map(({ query }) => query)]
  const groupBy = given['group-by']
  const texts = given.except.map(({ asked }) => asked)
  const times = given['except-times']
  const meaning = JSON.stringify([
    ...[asked, texts, groupBy, condition, throttle],
    // Rules of before had none of these.
    ...(times.length > 0 || lists.length > 0 ? [times, lists.map(({ content }) => content)] : []),
  ])
  const query: Query =
    except.length === 0
      ? any
      : { kind: 'and', of: [any, ...except.map((of): Query => ({ kind: 'not', of }))] }
  return {
    ...common,
    asked,
    isAboutPersons: asksForPersons(query) || groupBy.some((names) => names.includes('person')),
    except: texts,
    exceptTimes: times,
    keepFiring: given['keep-firing'],
    query,
    steps,
    version: createHash('sha256').update(meaning).digest('hex').slice(0, 12),
    groupBy,
    examples: given.examples.map((example) => exampleOf(example, given.example)),
  }
}

function exampleOf(given: ExampleGiven, common: Readonly<Record<string, unknown>>): Example {
  return {
    is: given.is,
    fires: given.fires,
    events: given.events
      .flatMap(({ at, times, every, set }) =>
        Array.from({ length: times }, (_, index) => ({ at: at + index * every, set })),
      )
      .map(({ at, set }, index) => eventOf(at, { 'event.id': `example-${index}`, ...common, ...set })),
    until: given.until ?? null,
    ledger: given.ledger.map((sample) => ({
      at: sample.at,
      deadLetters: sample['dead-letters'],
      agents: sample.agents.map((agent) => ({
        id: agent.id,
        lastSeen: agent['last-seen'],
        missingSince: agent['missing-since'] ?? null,
      })),
    })),
  }
}

const eventOf = (at: number, members: Readonly<Record<string, unknown>>): AuditEvent =>
  nested({ '@timestamp': new Date(at).toISOString(), 'event.kind': 'event', ...members })
