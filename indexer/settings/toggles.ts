import {
  conditionsOf,
  type EventRule,
  folded,
  scopeKey,
  scopeText,
  strongestFirst,
  typeMatcher,
} from '../../schema/index.ts'
import type { Act } from '../ingest/index.ts'
import type { Catalogue, KnownType } from './catalogue.ts'

/** What a change of the rules does to one event type. */
export interface Toggle {
  readonly type: { readonly id: string; readonly title: string }
  /** Of what the strongest changed rule speaks of: whether it is recorded from now on. */
  readonly recorded: boolean
  readonly about: EventRule
  readonly changes: NonNullable<Act['changes']>
}

/** A rule with the key of what it speaks of: with a thousand rules, making it again for each comparison takes seconds. */
interface Keyed {
  readonly rule: EventRule
  readonly key: string
  readonly means: (id: string) => boolean
}

/** The strongest first. */
const keyed = (rules: readonly EventRule[]): Keyed[] =>
  strongestFirst(rules).map((rule) => {
    const means = typeMatcher(rule.event)
    return { rule, key: scopeKey(rule), means: (id) => id === rule.event || means(id) }
  })

/** One for each type of which something else holds than before. */
export function togglesOf(
  before: readonly EventRule[],
  after: readonly EventRule[],
  catalogue: Catalogue,
): Toggle[] {
  const old = keyed(before)
  const now = keyed(after)
  const switchable = catalogue.types.filter(({ mandatory }) => !mandatory)
  // What no type is meant by any more stands for itself.
  const forgotten = [...before, ...after]
    .filter(({ event }) => catalogue.meantBy(event).length === 0)
    .map(({ event }) => event)
  const unknown = [...new Set(forgotten)].map((id) => ({ id, title: id, mandatory: false, recorded: true }))
  return [...switchable, ...unknown].flatMap((type) => toggleOf(type, old, now) ?? [])
}

type Switchable = Pick<KnownType, 'id' | 'title' | 'mandatory' | 'recorded'>
type Records = ReadonlyMap<string, EventRule['record']>

function toggleOf(type: Switchable, old: readonly Keyed[], now: readonly Keyed[]): Toggle | null {
  const was = old.filter(({ means }) => means(type.id))
  const is = now.filter(({ means }) => means(type.id))
  const isSame = (one: Keyed, other: Keyed): boolean =>
    one.key === other.key && one.rule.record === other.rule.record
  if (was.length === is.length && was.every((one, i) => isSame(one, is[i]!))) return null
  const [before, after] = [recordsOf(was), recordsOf(is)]
  const changed = [...is, ...was.filter(({ key }) => !after.has(key))].filter(
    ({ key }) => before.get(key) !== after.get(key),
  )
  // The same rules in another order: the strongest of them tells.
  const [about = is[0]!.rule] = strongestFirst(changed.map(({ rule }) => rule))
  const changes = changed.map(({ rule, key }) => ({
    field: scopeText(rule),
    old: before.get(key) ?? null,
    new: after.get(key) ?? null,
  }))
  return { type, recorded: recordedWhere(about, type, is), about, changes }
}

const recordsOf = (rules: readonly Keyed[]): Records =>
  new Map(rules.map(({ key, rule }) => [key, rule.record]))

/** Whether events that a rule speaks of, and of which nothing else is known, are recorded. */
function recordedWhere(scope: EventRule, type: Switchable, ranked: readonly Keyed[]): boolean {
  const ruling = ranked.find(({ rule }) =>
    conditionsOf(rule).every(({ kind, name }) => {
      const spoken = scope[kind]
      return spoken !== undefined && folded(spoken) === folded(name)
    }),
  )
  return ruling === undefined ? type.recorded : ruling.rule.record === 'on'
}

/** The event of the audit trail that tells of it. */
export function actOf({ type, recorded, about, changes }: Toggle, by: Act['by']): Act {
  const conditions = conditionsOf(about).map(({ kind, name }) => ` for ${kind} ${name}`)
  const title = type.title === type.id ? '' : ` (${type.title})`
  return {
    action: recorded ? 'event-type-on' : 'event-type-off',
    category: 'security',
    message: `${type.id}${title} is switched ${recorded ? 'on' : 'off'}${conditions.join(' and')}.`,
    outcome: 'success',
    by,
    entity: { type: 'event_type', id: type.id, name: type.title },
    changes,
  }
}
