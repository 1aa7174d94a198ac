import { type AuditEvent, changesOf, isIndexerAgent, textAt } from '../../schema/index.ts'

/** Recording of a type of events was switched off or on: one event of Waybill's own for each type. */
export interface Switch {
  /** `erp.record.updated`. */
  readonly type: string
  readonly on: boolean
  /** ms. */
  readonly at: number
  /** The rules that changed, where the event names them: one about `entity Invoice` leaves one about all as it is. */
  readonly rules: readonly { readonly name: string; readonly off: boolean }[]
}

export const SWITCHED = { off: 'event-type-off', on: 'event-type-on' } as const
export const SWITCHED_ENTITY = 'event_type'

/** Returns the switch that an event records; null for other events. */
export function switchOf(event: AuditEvent): Switch | null {
  const type = textAt(event, 'audit.entity.id')
  const action = textAt(event, 'event.action')
  const isOne =
    isIndexerAgent(textAt(event, 'audit.seal.agent') ?? '') &&
    textAt(event, 'audit.entity.type') === SWITCHED_ENTITY
  if (!isOne || type === undefined || (action !== SWITCHED.off && action !== SWITCHED.on)) return null
  const at = Date.parse(textAt(event, '@timestamp') ?? '')
  const rules = changesOf(event).map(({ field, new: next }) => ({ name: field, off: next === 'off' }))
  return { type, on: action === SWITCHED.on, at, rules }
}

/** Agents take a switch up within this time: so long records may still be left out after it is on again. */
const TAKEN_UP_WITHIN = 60_000

/**
 * Returns the first type that concerns a record and whose recording was off at some time from `from` to `to` (ms), even for some events
 * only; null if all were recorded throughout. Switches may come in any order; a type is on until one turns it off.
 */
export function offBetween(
  switches: readonly Switch[],
  span: { readonly from: number; readonly to: number },
  concerns: (type: string) => boolean,
): string | null {
  /** Rules that turn recording off, by type. */
  const off = new Map<string, Set<string>>()
  for (const { type, on, at, rules } of switches.toSorted((a, b) => a.at - b.at)) {
    if (!concerns(type) || at > span.to) continue
    const before = off.get(type) ?? new Set()
    const after = new Set(rules.length > 0 ? before : [])
    if (rules.length === 0 && !on) after.add(type)
    for (const rule of rules) {
      if (rule.off) after.add(rule.name)
      else after.delete(rule.name)
    }
    if (before.size > 0 && at + TAKEN_UP_WITHIN >= span.from) return type
    off.set(type, after)
  }
  for (const [type, rules] of off) if (rules.size > 0) return type
  return null
}

/** Matches the names of event types that only read: without them no value is missing. */
const READING =
  /(?:^|[._])(?:viewed?|views|read|exported|printed|downloaded|searched|listed|login|logout|sent|generated)(?:[._]|$)/

/**
 * Whether switching off a type may hide changes of a record, going by the types that its events are of (`event.code`): the types of
 * one family (`erp.record.*`), except those that only read. Of a record without types it is any of its source's.
 */
export function concernsRecord(event: AuditEvent): (type: string) => boolean {
  const code = textAt(event, 'event.code')
  const module = textAt(event, 'event.module') ?? ''
  const family = code?.split('.').slice(0, 2).join('.') ?? module
  return (type) =>
    (type === code || type === family || type.startsWith(`${family}.`)) &&
    (type === code || !READING.test(type))
}
