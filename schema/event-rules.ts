import { folded } from './folded.ts'

/** Which events are recorded: what an operator switches on and off, centrally or on one host. */
export interface EventRule {
  /** An event type (`erp.record.viewed`), or a group of them (`erp.*`, `*`). */
  readonly event: string
  readonly entity?: string | undefined
  readonly user?: string | undefined
  readonly host?: string | undefined
  readonly record: 'on' | 'off'
}

/** What is known of an event type before any rule. */
export interface SwitchedType {
  readonly id: string
  /** Can't be switched off. */
  readonly mandatory: boolean
  /** Whether it is recorded where nobody has said. */
  readonly recorded: boolean
}

/** The type of a record that is none of its integration's types. */
export const otherTypeOf = (integration: string): string => `${integration}.other`

/** Whether a rule's `event` means a type. `*` stands for anything, at the end. */
export function typeMatcher(event: string): (id: string) => boolean {
  if (!event.endsWith('*')) return (id) => id === event
  const beginning = event.slice(0, -1)
  return (id) => id.startsWith(beginning)
}

const CONDITIONS = ['entity', 'user', 'host'] as const
export type RuleCondition = (typeof CONDITIONS)[number]

/** What a rule asks for besides the type. */
export const conditionsOf = (rule: EventRule): { readonly kind: RuleCondition; readonly name: string }[] =>
  CONDITIONS.flatMap((kind) => {
    const name = rule[kind]
    return name === undefined ? [] : [{ kind, name }]
  })

/** What a rule speaks of, in words. */
export const scopeText = (rule: EventRule): string =>
  [rule.event, ...conditionsOf(rule).map(({ kind, name }) => `${kind} ${name}`)].join(', ')

/** The same for two rules that speak of the same, and so contradict or repeat each other. */
export const scopeKey = (rule: EventRule): string =>
  JSON.stringify([rule.event, ...CONDITIONS.map((kind) => foldedOr(rule[kind]))])

const foldedOr = (name: string | undefined): string | null => (name === undefined ? null : folded(name))

/**
 * All rules, the strongest first: one of a later origin comes before all of earlier ones; among equals the one that names more of
 * entity, user and host; then the one that names the event type itself; then the later one.
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

/** What holds for an event type. */
export interface TypeState<Rule extends EventRule> {
  /** Of an event of which nothing more is known than its type. */
  readonly recorded: boolean
  /** What says so; null where it is the type's default, or the type is mandatory. */
  readonly ruling: Rule | null
  /** What says otherwise for some entities, users or hosts; the strongest first. */
  readonly exceptions: readonly Rule[]
}

/** `ranked` is `strongestFirst`. */
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
