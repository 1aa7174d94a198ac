import type { AuditEvent } from '../../schema/index.ts'
import type { Query } from '../query/index.ts'
import type { Message } from './message.ts'

/** What is watched for, what is said when it happens, and what to do about it. */
export interface Rule {
  /** The name of its file. */
  readonly id: string
  readonly name: string
  readonly about: string
  /** Which events it is about, as written; and what that means. */
  readonly asked: string
  readonly query: Query
  /** Events with the same values of these fields are judged together; one without any of them is not judged. */
  readonly groupBy: readonly string[]
  readonly condition: Condition
  readonly priority: Priority
  readonly channels: readonly string[]
  readonly message: Message
  /** For so long after an alert there is no other of the same group, ms. */
  readonly throttle: number
  /** For the person whom the alert reaches. */
  readonly response: string
  readonly examples: readonly Example[]
}

export const PRIORITIES = ['low', 'medium', 'high', 'critical'] as const
export type Priority = (typeof PRIORITIES)[number]

/** Windows are of `@timestamp`: what happened within ten minutes, whenever it arrived. */
export type Condition =
  /** Each event. */
  | { readonly kind: 'event' }
  /** So many events of a group within the window. */
  | { readonly kind: 'count'; readonly atLeast: number; readonly within: number }
  /** So many different values of a field within the window. */
  | { readonly kind: 'distinct'; readonly field: string; readonly atLeast: number; readonly within: number }
  /** Each event at these times of the day, in the organisation's time zone; minutes since midnight, over midnight where `to` is less. */
  | { readonly kind: 'schedule'; readonly from: number; readonly to: number; readonly days: readonly Day[] }
  /** A value that the group has not had for so long, though it has had others. */
  | { readonly kind: 'new-value'; readonly field: string; readonly within: number }
  /** Two places further apart than one can travel in the time between. */
  | { readonly kind: 'travel'; readonly kilometresAnHour: number; readonly atLeast: number }
  /** About agents and the store themselves, not about events. */
  | LedgerCondition

export type LedgerCondition =
  /** An agent has said nothing for so long. */
  | { readonly kind: 'agent-silent'; readonly for: number }
  /** Waybills of an agent have been missing for so long, though later ones came. */
  | { readonly kind: 'waybills-missing'; readonly for: number }
  /** So many more dead letters within the window. */
  | { readonly kind: 'dead-letters'; readonly atLeast: number; readonly within: number }

export const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
export type Day = (typeof DAYS)[number]

/** What is known of the agents and the store at one moment. */
export interface LedgerSample {
  readonly at: number
  readonly agents: readonly {
    readonly id: string
    readonly lastSeen: number
    /** Since when a number is missing; null where none is. */
    readonly missingSince: number | null
  }[]
  readonly deadLetters: number
}

/** What the rule would say of these events: it stands in the rule's file, and a test holds the rule to it. */
export interface Example {
  readonly is: string
  readonly fires: number
  readonly events: readonly AuditEvent[]
  readonly ledger: readonly LedgerSample[]
}

/** The rule's condition is met. */
export interface Alert {
  readonly rule: string
  /** `@timestamp` of the event with which it was met. */
  readonly at: number
  readonly group: Readonly<Record<string, string>>
  readonly count: number
  readonly message: string
  /** Ids of the events that met it, the oldest first. */
  readonly events: readonly string[]
}

const LEDGER: ReadonlySet<Condition['kind']> = new Set(['agent-silent', 'waybills-missing', 'dead-letters'])

export const isLedgerCondition = (condition: Condition): condition is LedgerCondition =>
  LEDGER.has(condition.kind)

export const windowOf = (condition: Condition): number => ('within' in condition ? condition.within : 0)
