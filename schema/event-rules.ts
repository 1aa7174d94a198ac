import { folded } from './words.ts'

/** A rule about which events are recorded. An operator switches events on and off, centrally or on one host. */
export interface EventRule {
  /** An event type (`erp.record.viewed`), or a group of them (`erp.*`, `*`). */
  readonly event: string
  readonly entity?: string | undefined
  readonly user?: string | undefined
  readonly host?: string | undefined
  readonly record: 'on' | 'off'
}

/** The properties of an event type before any rule applies. */
export interface SwitchedType {
  readonly id: string
  /** Whether it cannot be switched off. */
  readonly mandatory: boolean
  /** Whether it is recorded if no rule applies. */
  readonly recorded: boolean
}

/** The type of a record that has none of its integration's types. */
export const otherTypeOf = (integration: string): string => `${integration}.other`

/** Whether a rule's `event` matches a type. A `*` at the end matches anything. */
export function typeMatcher(event: string): (id: string) => boolean {
  if (!event.endsWith('*')) return (id) => id === event
  const beginning = event.slice(0, -1)
  return (id) => id.startsWith(beginning)
}

const CONDITIONS = ['entity', 'user', 'host'] as const
export type RuleCondition = (typeof CONDITIONS)[number]

/** The conditions of a rule besides the type. */
export const conditionsOf = (rule: EventRule): { readonly kind: RuleCondition; readonly name: string }[] =>
  CONDITIONS.flatMap((kind) => {
    const name = rule[kind]
    return name === undefined ? [] : [{ kind, name }]
  })

/** The scope of a rule, in words. */
export const scopeText = (rule: EventRule): string =>
  [rule.event, ...conditionsOf(rule).map(({ kind, name }) => `${kind} ${name}`)].join(', ')

/** A key that is equal for two rules with the same scope, which therefore contradict or repeat each other. */
export const scopeKey = (rule: EventRule): string =>
  JSON.stringify([rule.event, ...CONDITIONS.map((kind) => foldedOr(rule[kind]))])

const foldedOr = (name: string | undefined): string | null => (name === undefined ? null : folded(name))

/**
 * Sorts all rules, the strongest first: a later origin precedes earlier ones; then the rule that names more of entity, user and host; then
 * the one that names the event type itself; then the later one.
 */
export function strongestFirst<Rule extends EventRule>(...origins: readonly (readonly Rule[])[]): Rule[] {
  return origins
    .flatMap((rules, origin) => rules.map((rule, place) => ({ rule, rank: rankOf(rule, origin, place) })))
    .sort((a, b) => compare(b.rank, a.rank))
    .map(({ rule }) => rule)
}

const rankOf = (rule: EventRule, origin: number, place: number): readonly number[] => [
  origin,
  conditionsOf(rule).length,
  rule.event.endsWith('*') ? 0 : 1,
  rule.event.length,
  place,
]

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return 0
}

/** The recording state of an event type. */
export interface TypeState<Rule extends EventRule> {
  /** The state for an event of which only the type is known. */
  readonly recorded: boolean
  /** The rule that decides; null if the type's default applies, or the type is mandatory. */
  readonly ruling: Rule | null
  /** The rules that decide differently for some entities, users or hosts; the strongest first. */
  readonly exceptions: readonly Rule[]
}

/** `ranked` is the result of `strongestFirst`. */
export function typeState<Rule extends EventRule>(
  type: SwitchedType,
  ranked: readonly Rule[],
): TypeState<Rule> {
  if (type.mandatory) return { recorded: true, ruling: null, exceptions: [] }
  const concerning = ranked.filter(({ event }) => typeMatcher(event)(type.id))
  const at = concerning.findIndex((rule) => conditionsOf(rule).length === 0)
  const ruling = concerning[at] ?? null
  return {
    recorded: ruling === null ? type.recorded : ruling.record === 'on',
    ruling,
    exceptions: at === -1 ? concerning : concerning.slice(0, at),
  }
}
