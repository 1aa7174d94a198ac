import { type AuditEvent, textAt } from '../../schema/index.ts'
import { windowOf } from '../../schema/rule.ts'
import { Facts, type GroupOf, inOrder, timeOf } from './engine/facts.ts'
import { Group, type Met } from './engine/group.ts'
import type { Calendar } from './engine/time-of-day.ts'
import { worded } from './message.ts'
import type { ParsedRule } from './rules.ts'

/** The rule's condition is met. Events of the same group that meet it again within the throttle belong to the same alert. */
export interface Alert {
  readonly rule: string
  /** `@timestamp` of the event with which it was met first. */
  readonly at: number
  /** That of the last event with which it was met. */
  readonly last: number
  readonly group: Readonly<Record<string, string>>
  /** The number of events with which it was met first. */
  readonly count: number
  readonly message: string
  /** Ids of these events, the oldest first; at most 20. */
  readonly events: readonly string[]
}

type Growing = { -readonly [Key in keyof Alert]: Alert[Key] }

interface Judged {
  readonly group: Group
  readonly values: GroupOf['group']
  /** The last alert of the group. */
  alert: Growing | undefined
  /** The last event, for a rule about absence. */
  last: { readonly at: number; readonly event: AuditEvent } | undefined
}

/** The number of facts of a group, and of groups, beyond which those that nothing needs any more are forgotten. */
const TIDY_AT = 1024

/** Judges events by one rule. They come in the order of `@timestamp`, and, where that is the same, of their ids. */
export class RuleJudge {
  readonly #rule: ParsedRule
  readonly #calendar: Calendar
  readonly #facts: Facts
  readonly #window: number
  readonly #groups = new Map<string, Judged>()
  #tidyAt = TIDY_AT

  constructor(rule: ParsedRule, calendar: Calendar) {
    this.#rule = rule
    this.#calendar = calendar
    this.#facts = new Facts(rule, calendar)
    this.#window = windowOf(rule.condition)
  }

  /** Returns the alert that begins with this event, or null. The alert may still go on. */
  judge(event: AuditEvent): Alert | null {
    const found = this.#facts.of(event)
    if (found === null) return null
    const { key, group: values, fact } = found
    const known = this.#groups.get(key) ?? {
      group: new Group(this.#rule, this.#facts.fields, this.#calendar, Number.NEGATIVE_INFINITY),
      values,
      alert: undefined,
      last: undefined,
    }
    this.#groups.set(key, known)
    if (this.#rule.condition.kind === 'absence') {
      const alert = this.#absent(known, fact.at)
      known.last = { at: fact.at, event }
      return alert
    }
    const [met] = known.group.add(fact, 0)
    if (known.group.size > TIDY_AT) known.group.forget(fact.at - this.#window)
    this.#tidy(fact.at)
    return met === undefined ? null : this.#raise(known, met, event)
  }

  /** Nothing else happened before this time: returns the alerts about what is absent. */
  finish(until: number): Alert[] {
    if (this.#rule.condition.kind !== 'absence') return []
    return [...this.#groups.values()].flatMap((known) => this.#absent(known, until) ?? [])
  }

  #absent(known: Judged, until: number): Alert | null {
    const { condition } = this.#rule
    const { last } = known
    if (condition.kind !== 'absence' || last === undefined || until - last.at < condition.for) return null
    const found = this.#facts.of(last.event)
    if (found === null) return null
    const at = last.at + condition.for
    const met = {
      fact: { ...found.fact, at },
      from: last.at,
      count: minutes(condition.for),
      facts: [found.fact],
    }
    return this.#raise(known, met, last.event)
  }

  #raise(known: Judged, met: Met, event: AuditEvent): Alert | null {
    const { at } = met.fact
    if (known.alert !== undefined && at - known.alert.last < this.#rule.throttle) {
      known.alert.last = at
      return null
    }
    known.alert = {
      rule: this.#rule.id,
      at,
      last: at,
      group: known.values,
      count: met.count,
      message: worded(this.#rule, event, met.count),
      events: met.facts.map(({ id }) => id),
    }
    return known.alert
  }

  /** Forgets groups that can't matter any more. */
  #tidy(now: number): void {
    if (this.#groups.size < this.#tidyAt) return
    const before = now - Math.max(this.#window, this.#rule.throttle)
    for (const [key, { group, alert }] of this.#groups)
      if ((group.last?.at ?? now) < before && (alert?.last ?? before - 1) < before) this.#groups.delete(key)
    this.#tidyAt = Math.max(TIDY_AT, 2 * this.#groups.size)
  }
}

const minutes = (ms: number): number => Math.floor(ms / 60_000)

/** Runs a rule on events, in any order. `until`: nothing else happened before this time. */
export function alertsOf(
  rule: ParsedRule,
  events: readonly AuditEvent[],
  { until, ...calendar }: Calendar & { until?: number | undefined },
): Alert[] {
  const judge = new RuleJudge(rule, calendar)
  const sorted = events
    .map((event) => ({ event, at: timeOf(event), id: textAt(event, 'event.id') ?? '' }))
    .toSorted(inOrder)
  const alerts = sorted.flatMap(({ event }) => judge.judge(event) ?? [])
  return [...alerts, ...judge.finish(until ?? sorted.at(-1)?.at ?? 0)]
}
