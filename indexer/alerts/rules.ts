import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseConfig } from '../../config/index.ts'
import { type AuditEvent, codeOf, OperatorError, reasonOf } from '../../schema/index.ts'
import { type Example, isLedgerCondition, type Rule } from './rule.ts'
import { type ExampleGiven, nested, type RuleGiven, ruleSchema } from './rule-file.ts'

/** The rules that come with Waybill. */
export const SUPPLIED_RULES: string = fileURLToPath(new URL('../../config/rules', import.meta.url))

/** The rule that a file of config/rules says; throws a ConfigError that names each wrong line. */
export function parseRule(text: string, file: string): Rule {
  return ruleOf(parseConfig(text, file, ruleSchema), basename(file, '.yml'))
}

/** All rules of a folder, by their file names. */
export function readRules(folder: string): Rule[] {
  let files: string[]
  try {
    files = readdirSync(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new OperatorError(`There is no folder ${folder}. Name the folder of the rules with --rules.`)
    throw new OperatorError(`${folder} can't be read: ${reasonOf(error)}`, { cause: error })
  }
  return files
    .filter((file) => file.endsWith('.yml'))
    .sort()
    .map((file) => join(folder, file))
    .map((file) => parseRule(readFileSync(file, 'utf8'), file))
}

/** One rule of a folder, whatever is wrong with others; null where there is none of this name. */
export function readRule(folder: string, id: string): Rule | null {
  const file = join(folder, `${id}.yml`)
  try {
    return parseRule(readFileSync(file, 'utf8'), file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function ruleOf(given: RuleGiven, id: string): Rule {
  const { name, about, condition, priority, channels, message, throttle, response } = given
  const common = { id, name, about, condition, priority, channels, message, throttle, response }
  return {
    ...common,
    asked: given.query?.asked ?? '',
    query: given.query?.query ?? { kind: isLedgerCondition(condition) ? 'none' : 'all' },
    groupBy: given['group-by'],
    examples: given.examples.map((example) => exampleOf(example, given.example)),
  }
}

function exampleOf(given: ExampleGiven, common: Readonly<Record<string, unknown>>): Example {
  return {
    is: given.is,
    fires: given.fires,
    events: given.events.flatMap(({ at, times, every, set }) =>
      Array.from({ length: times }, (_, index) => eventOf(at + index * every, { ...common, ...set })),
    ),
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
