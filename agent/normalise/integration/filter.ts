import {
  conditionsOf,
  type EventRule,
  folded,
  otherTypeOf,
  type RuleCondition,
  type SwitchedType,
  strongestFirst,
  typeMatcher,
} from '../../../schema/index.ts'
import type { Asked } from './condition.ts'
import type { EventType, Integration } from './integration.ts'
import { leafOf } from './layout.ts'

/** The fields of an event that a condition of a rule looks at. */
const LEAVES: Readonly<Record<RuleCondition, readonly number[]>> = {
  entity: [leafOf('audit.entity.type'), leafOf('audit.module')],
  user: [leafOf('user.name'), leafOf('user.id'), leafOf('user.email')],
  host: [leafOf('host.name'), leafOf('log.syslog.hostname'), leafOf('observer.hostname')],
}

/** Whether an event with this type and these fields is recorded. */
export type EventFilter = (type: EventType | null, asked: Asked) => boolean

/**
 * Combines the rules into one decision; null if every record is recorded anyway. A rule of this host is stronger than any central one. A
 * mandatory type is always recorded.
 */
export function eventFilter(
  integration: Integration,
  rules: { readonly central: readonly EventRule[]; readonly local: readonly EventRule[] },
): EventFilter | null {
  const ranked = strongestFirst(rules.central, rules.local).map(rankedRuleOf)
  const off = integration.events.some((type) => !type.recorded)
  if (!off && !ranked.some(({ rule }) => rule.record === 'off' && mayApply(rule, integration))) return null
  const other = otherTypeOf(integration.name)
  return (type, asked) => {
    if (type?.mandatory === true) return true
    const id = type?.id ?? other
    const ruling = ranked.find(({ applies }) => applies(id, asked))
    return ruling === undefined ? (type?.recorded ?? true) : ruling.rule.record === 'on'
  }
}

/** Returns the types of an integration that can be switched, and the type of all other records. */
export function catalogueOf(integration: Integration): EventCatalogue {
  const { name, title, events } = integration
  const types = events.map(({ id, title, group, mandatory, recorded }: EventType) => ({
    id,
    title,
    group,
    mandatory,
    recorded,
  }))
  const other = {
    id: otherTypeOf(name),
    title: 'Everything else',
    group: 'Other',
    mandatory: false,
    recorded: true,
  }
  return { integration: name, title, types: [...types, other] }
}

interface RankedRule {
  readonly rule: EventRule
  readonly applies: (id: string, asked: Asked) => boolean
}

function rankedRuleOf(rule: EventRule): RankedRule {
  const isEvent = typeMatcher(rule.event)
  const wants = conditionsOf(rule).map(({ kind, name }) => ({ leaves: LEAVES[kind], fold: folded(name) }))
  return {
    rule,
    applies: (id, asked) =>
      isEvent(id) &&
      wants.every(({ leaves, fold }) => leaves.some((leaf) => sameText(asked.field(leaf), fold))),
  }
}

const sameText = (text: string | undefined, fold: string): boolean =>
  text !== undefined && folded(text) === fold

const mayApply = (rule: EventRule, integration: Integration): boolean => {
  const isEvent = typeMatcher(rule.event)
  return integration.events.some(({ id }) => isEvent(id)) || isEvent(otherTypeOf(integration.name))
}

/** The event types of an integration, for the settings that switch them on and off. */
export interface EventCatalogue {
  readonly integration: string
  readonly title: string
  readonly types: readonly (SwitchedType & { readonly title: string; readonly group: string })[]
}
