import { type AuditEvent, textAt } from '../../schema/index.ts'

/** Recording of a type of events was switched off or on: one event of Waybill's own for each type. */
export interface Switch {
  /** `erp.record.updated`. */
  readonly type: string
  readonly on: boolean
  /** ms. */
  readonly at: number
}

export const SWITCHED = { off: 'event-type-off', on: 'event-type-on' } as const
export const SWITCHED_ENTITY = 'event_type'

/** Null: the event is none of a switch. */
export function switchOf(event: AuditEvent): Switch | null {
  const type = textAt(event, 'audit.entity.id')
  const action = textAt(event, 'event.action')
  if (textAt(event, 'event.module') !== 'waybill' || textAt(event, 'audit.entity.type') !== SWITCHED_ENTITY)
    return null
  if (type === undefined || (action !== SWITCHED.off && action !== SWITCHED.on)) return null
  return { type, on: action === SWITCHED.on, at: Date.parse(textAt(event, '@timestamp') ?? '') }
}

/** Agents take a switch up within this time: so long records may still be left out after it is on again. */
const TAKEN_UP_WITHIN = 60_000

/**
 * The first type of those that concern a record whose recording was off at some time from `from` to `to` (ms); null where all
 * were recorded throughout. Switches in any order; a type is on until one says otherwise.
 */
export function offBetween(
  switches: readonly Switch[],
  span: { readonly from: number; readonly to: number },
  concerns: (type: string) => boolean,
): string | null {
  const since = new Map<string, number>()
  for (const { type, on, at } of switches.toSorted((a, b) => a.at - b.at)) {
    if (!concerns(type) || at > span.to) continue
    if (!on) {
      if (!since.has(type)) since.set(type, at)
    } else if (since.has(type)) {
      if (at + TAKEN_UP_WITHIN >= span.from) return type
      since.delete(type)
    }
  }
  const [stillOff] = since.keys()
  return stillOff ?? null
}

/** What a type of events is called whose events only read: without them no value is missed. */
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
