import type { AuditEvent } from './event.ts'

/**
 * An alert rule: the condition, the message, and the reaction. The indexer reads rules from their files and judges events by them;
 * `dashboards/watches` makes watches of them. The meaning of the query is not defined here: each of them translates it.
 */
export interface Rule {
  /** The name of its file. */
  readonly id: string
  readonly name: string
  readonly about: string
  /** The query for the rule's events, as written. */
  readonly asked: string
  /**
   * Events with the same values of these fields are judged together. If several names are given for one thing, the first that an event has
   * counts. A condition on several events omits an event that lacks one of the fields; any other condition judges such an event by itself.
   */
  readonly groupBy: readonly (readonly string[])[]
  readonly condition: Condition
  /** Whether it asks for persons or groups by them: only the indexer knows whose accounts belong together. */
  readonly isAboutPersons: boolean
  /** Queries, as written, for events that do not count. */
  readonly except: readonly string[]
  /** Events of these times do not count, such as those of a maintenance. */
  readonly exceptTimes: readonly ExceptTime[]
  /** An alert that ends by itself ends only when its condition has not held for this time, in ms. */
  readonly keepFiring: number
  readonly priority: Priority
  readonly channels: readonly string[]
  readonly message: Message
  /** Alerts of one group with less than this time between them, in ms, are one alert that continues. */
  readonly throttle: number
  /** The instructions for the recipient of the alert. */
  readonly response: string
  /** Who wrote the rule, if it was imported: alerts and messages name the author. */
  readonly author?: string
  /** The origin of an imported rule: `sigma: <id>`. */
  readonly source?: string
  readonly examples: readonly Example[]
}

/** A template: fixed texts, and between them names of fields or of the rule's counts. */
export type Message = readonly (string | { readonly name: string })[]

export const PRIORITIES = ['low', 'medium', 'high', 'critical'] as const
export type Priority = (typeof PRIORITIES)[number]

/** Hours of some days, or one time from `since` until `until`, in ms. */
export type ExceptTime = Hours | { readonly since: number; readonly until: number }

/** Times of the day in minutes since midnight, across midnight if `to` is less. */
export interface Hours {
  readonly from: number
  readonly to: number
  readonly days: readonly Day[]
}

/** Windows refer to `@timestamp`: events within ten minutes, whenever they arrived. */
export type Condition =
  /** Each event. */
  | { readonly kind: 'event' }
  /** This many events of a group within the window. */
  | { readonly kind: 'count'; readonly atLeast: number; readonly within: number }
  /** This many different values of a field within the window. */
  | { readonly kind: 'distinct'; readonly field: string; readonly atLeast: number; readonly within: number }
  /** Each event at these times of the day, in the organisation's time zone. A holiday counts as a Sunday. */
  | ({ readonly kind: 'schedule' } & Hours)
  /** A value that the group did not have for this time, although it had others; with `atMost`, a value that it had at most this many times. */
  | {
      readonly kind: 'new-value'
      readonly field: string
      readonly within: number
      readonly atMost?: number
    }
  /** Since the beginning of the hour this many events, and this many times as many as in the same hour of the past weeks. */
  | { readonly kind: 'ratio'; readonly atLeast: number; readonly minimum: number; readonly weeks: number }
  /** The condition has held for this time: each event of it met the condition, with no more than its window between two. */
  | { readonly kind: 'lasting'; readonly for: number; readonly of: Condition }
  /** The values of a number add up to this within the window. */
  | { readonly kind: 'sum'; readonly field: string; readonly atLeast: number; readonly within: number }
  /** After an event of the rule's query come events of these queries, as written, one after the other, all within the window. */
  | { readonly kind: 'sequence'; readonly next: readonly string[]; readonly within: number }
  /** No event of the group for this time after the last one. */
  | { readonly kind: 'absence'; readonly for: number }
  /** One event meets all of these conditions, any of them, or not this one. */
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /** Two places further apart than one can travel in the time between. */
  | { readonly kind: 'travel'; readonly kilometresAnHour: number; readonly atLeast: number }
  /** Conditions on agents and the store, not on events. */
  | LedgerCondition

export type LedgerCondition =
  /** An agent has reported nothing for this time. */
  | { readonly kind: 'agent-silent'; readonly for: number }
  /** Waybills of an agent have been missing for this time, although later ones arrived. */
  | { readonly kind: 'waybills-missing'; readonly for: number }
  /** This many more dead letters within the window. */
  | { readonly kind: 'dead-letters'; readonly atLeast: number; readonly within: number }

export const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
export type Day = (typeof DAYS)[number]

/** The state of the agents and the store at one moment. */
export interface LedgerSample {
  readonly at: number
  readonly agents: readonly {
    readonly id: string
    readonly lastSeen: number
    /** The time since which a number has been missing; null if none is. */
    readonly missingSince: number | null
  }[]
  readonly deadLetters: number
}

/** The expected result for these events: it is in the rule's file, and a test checks the rule against it. */
export interface Example {
  readonly is: string
  readonly fires: number
  readonly events: readonly AuditEvent[]
  /** The time until which nothing else happened; null: that of the last event. */
  readonly until: number | null
  readonly ledger: readonly LedgerSample[]
}

/** The group of an event without a group: each event is judged alone. */
export const ALONE = 'event.id'

const LEDGER: ReadonlySet<Condition['kind']> = new Set(['agent-silent', 'waybills-missing', 'dead-letters'])

const HOUR = 3_600_000
const WEEK = 7 * 24 * HOUR

/** Above the longest distance on Earth, in kilometres. */
const FARTHEST = 20_040

export const isLedgerCondition = (condition: Condition): condition is LedgerCondition =>
  LEDGER.has(condition.kind)

const FOR_WATCHER: ReadonlySet<Condition['kind']> = new Set(['event', 'count', 'distinct', 'schedule'])

/** Whether a watch of Elasticsearch can judge it: it needs no memory. */
export const isForWatcher = ({
  condition,
  exceptTimes,
  isAboutPersons,
}: Pick<Rule, 'condition' | 'exceptTimes' | 'isAboutPersons'>): boolean =>
  FOR_WATCHER.has(condition.kind) && exceptTimes.length === 0 && !isAboutPersons

/** Whether each event alone meets the condition or not. */
export const isSingle = (condition: Condition): boolean =>
  condition.kind === 'event' ||
  condition.kind === 'schedule' ||
  (partsOf(condition).length > 0 && partsOf(condition).every(isSingle))

/** The conditions that a condition consists of. */
export function partsOf(condition: Condition): readonly Condition[] {
  if (condition.kind === 'not' || condition.kind === 'lasting') return [condition.of]
  return condition.kind === 'all' || condition.kind === 'any' ? condition.of : []
}

/** How far back from an event its condition looks, in ms. */
export function windowOf(condition: Condition): number {
  if (condition.kind === 'travel') return (FARTHEST / condition.kilometresAnHour) * 3_600_000
  if ('within' in condition) return condition.within
  // An event that the condition still needs may lie a window before the time, and have a window of its own.
  if (condition.kind === 'lasting') return condition.for + 2 * windowOf(condition.of)
  // The clock may be set within a week.
  if (condition.kind === 'ratio') return condition.weeks * WEEK + 2 * HOUR
  return Math.max(0, ...partsOf(condition).map(windowOf))
}
