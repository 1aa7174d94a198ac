import { parseDocument } from 'yaml'
import { type AuditEvent, cutAt, textAt, valuesOf } from '../../schema/index.ts'
import { matches, printQuery, type Query } from '../query/index.ts'
import { Facts, timeOf } from './engine/facts.ts'
import { type Calendar, isExcepted } from './engine/time-of-day.ts'
import type { ParsedRule } from './rules.ts'

/** A condition of a query, or a word for those below it, and whether the event meets it. */
export interface Step {
  readonly depth: number
  readonly is: string
  readonly met: boolean
  /** What the event has in the field of the condition. */
  readonly found: readonly string[]
}

export interface Explained {
  readonly matches: boolean
  readonly steps: readonly Step[]
  readonly group: Readonly<Record<string, string>> | null
  readonly condition: string
}

/** Explains why a rule's query finds an event, or does not. */
export function explain(rule: ParsedRule, text: string, event: AuditEvent, calendar: Calendar): Explained {
  const time = textAt(event, '@timestamp') ?? ''
  const isOutside = !isExcepted(rule.exceptTimes, timeOf(event), calendar)
  const times = { depth: 0, is: 'outside of except-times', met: isOutside, found: [time] }
  return {
    matches: matches(rule.query, event) && isOutside,
    steps: [...stepsOf(rule.query, event, 0), ...(rule.exceptTimes.length === 0 ? [] : [times])],
    group: new Facts(rule, calendar).groupOf(event)?.group ?? null,
    condition: conditionIn(text),
  }
}

const MOST_FOUND = 5
const LONGEST_FOUND = 200
const LONGEST_STEP = 1000

function stepsOf(query: Query, event: AuditEvent, depth: number): Step[] {
  const met = matches(query, event)
  switch (query.kind) {
    case 'and':
    case 'or': {
      const is = query.kind === 'and' ? 'all of' : 'any of'
      return [{ depth, is, met, found: [] }, ...query.of.flatMap((part) => stepsOf(part, event, depth + 1))]
    }
    case 'not':
      return [{ depth, is: 'not', met, found: [] }, ...stepsOf(query.of, event, depth + 1)]
    default:
      return [{ depth, is: cutAt(printQuery(query), LONGEST_STEP), met, found: foundFor(query, event) }]
  }
}

function foundFor(query: Query, event: AuditEvent): string[] {
  const fields = query.kind === 'change' ? ['audit.changes'] : 'field' in query ? [query.field] : []
  return fields
    .flatMap((field) => valuesOf(event, field))
    .slice(0, MOST_FOUND)
    .map((value) => cutAt(value, LONGEST_FOUND))
}

/** The condition as its author wrote it: in one line, without comments. */
function conditionIn(text: string): string {
  const condition: unknown = parseDocument(text).toJS()?.condition
  return typeof condition === 'string'
    ? condition
    : JSON.stringify(condition).replaceAll(/"([\w-]+)":/g, '$1: ')
}
