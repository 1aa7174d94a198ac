import {
  conditionsOf,
  type EventRule,
  folded,
  scopeKey,
  scopeText,
  strongestFirst,
  typeMatcher,
  typeState,
} from '../../schema/index.ts'
import type { Act } from '../ingest/index.ts'
import type { Catalogue, KnownType } from './catalogue.ts'

type Changes = NonNullable<Act['changes']>

/** The effect of a change of the rules on one event type. */
interface Toggle {
  readonly type: KnownType
  /** Whether the scope of the strongest changed rule is recorded from now on. */
  readonly recorded: boolean
  readonly about: EventRule
  readonly changes: Changes
}

/** A rule with the key of its scope: with a thousand rules, computing it again for each comparison takes seconds. */
interface Keyed {
  readonly rule: EventRule
  readonly key: string
  readonly means: (id: string) => boolean
}

/** The strongest first. */
const keyed = (rules: readonly EventRule[]): Keyed[] =>
  strongestFirst(rules).map((rule) => ({ rule, key: scopeKey(rule), means: typeMatcher(rule.event) }))

/**
 * The audit events of a change: an event for each type whose recording differs from before, and one for each changed rule that makes no
 * difference now.
 */
export function actsOf(
  before: readonly EventRule[],
  after: readonly EventRule[],
  catalogue: Catalogue,
  by: Act['by'],
): Act[] {
  const [old, now] = [keyed(before), keyed(after)]
  const changed = changedRules(old, now)
  const toggles = catalogue.types.flatMap((type) => toggleOf(type, old, now, changed) ?? [])
  const told = new Set(toggles.flatMap(({ changes }) => changes.map(({ field }) => field)))
  return [
    ...toggles.map((toggle) => switched(toggle, by)),
    ...changed.filter(({ change }) => !told.has(change.field)).map((one) => withoutEffect(one, by)),
  ]
}

interface ChangedRule {
  readonly rule: EventRule
  readonly means: Keyed['means']
  readonly change: Changes[number]
}

/** The strongest first. */
function changedRules(old: readonly Keyed[], now: readonly Keyed[]): ChangedRule[] {
  const before = new Map(old.map(({ key, rule }) => [key, rule.record]))
  const after = new Map(now.map(({ key, rule }) => [key, rule.record]))
  const all = [...now, ...old.filter(({ key }) => !after.has(key))]
  const changed = all.filter(({ key }) => before.get(key) !== after.get(key))
  return keyed(changed.map(({ rule }) => rule)).map(({ rule, key, means }) => ({
    rule,
    means,
    change: { field: scopeText(rule), old: before.get(key) ?? null, new: after.get(key) ?? null },
  }))
}

function toggleOf(
  type: KnownType,
  old: readonly Keyed[],
  now: readonly Keyed[],
  changed: readonly ChangedRule[],
): Toggle | null {
  const rulesOf = (rules: readonly Keyed[]): EventRule[] =>
    rules.filter(({ means }) => means(type.id)).map(({ rule }) => rule)
  const is = rulesOf(now)
  if (effectOf(type, rulesOf(old)) === effectOf(type, is)) return null
  const concerning = changed.filter(({ means }) => means(type.id))
  // The same rules came in another order: the strongest of them counts.
  const about = concerning[0]?.rule ?? is[0]!
  return {
    type,
    recorded: recordedWhere(about, type, is),
    about,
    changes: concerning.map(({ change }) => change),
  }
}

/** The effect of rules on a type, as a text that is equal for equal effects. */
function effectOf(type: KnownType, ranked: readonly EventRule[]): string {
  const { recorded, exceptions } = typeState(type, ranked)
  const last = exceptions.findLastIndex(({ record }) => (record === 'on') !== recorded)
  // An exception that repeats the general rule has no effect, unless it comes before one that differs.
  const standing = exceptions.slice(0, last + 1)
  return JSON.stringify([recorded, standing.map((rule) => [scopeKey({ ...rule, event: '' }), rule.record])])
}

/** Whether events in a rule's scope, with no other known properties, are recorded. */
function recordedWhere(scope: EventRule, type: KnownType, ranked: readonly EventRule[]): boolean {
  const ruling = ranked.find((rule) =>
    conditionsOf(rule).every(({ kind, name }) => {
      const spoken = scope[kind]
      return spoken !== undefined && folded(spoken) === folded(name)
    }),
  )
  return ruling === undefined ? type.recorded : ruling.record === 'on'
}

function switched({ type, recorded, about, changes }: Toggle, by: Act['by']): Act {
  const conditions = conditionsOf(about).map(({ kind, name }) => ` for ${kind} ${name}`)
  return {
    action: recorded ? 'event-type-on' : 'event-type-off',
    category: 'security',
    message: `${type.id} (${type.title}) is switched ${recorded ? 'on' : 'off'}${conditions.join(' and')}.`,
    outcome: 'success',
    by,
    entity: { type: 'event_type', id: type.id, name: type.title },
    changes,
  }
}

function withoutEffect({ rule, change }: ChangedRule, by: Act['by']): Act {
  const now = change.new === null ? 'is taken back' : `says ${change.new}`
  return {
    action: 'event-rule-change',
    category: 'security',
    message: `The rule about ${change.field} ${now}; it has no effect on any event type now.`,
    outcome: 'success',
    by,
    entity: { type: 'event_type', id: rule.event },
    changes: [change],
  }
}
