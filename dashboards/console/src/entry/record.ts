import { type Change, changesOf, type Event, idOf, text, timeOf } from '../events/event.ts'

/** A field of a record, as far as the events show it. */
export interface Held {
  readonly field: string
  /** Null: it was empty. */
  readonly value: string | null
  /** The event that shows the value. */
  readonly from: string
  readonly at: number
  /** The value was there before the first event that changed it: it is that event's previous value. */
  readonly earlier: boolean
}

/** The record as it was right after the event at this place; `events` are those of the record, oldest first. */
export function recordAt(events: readonly Event[], place: number): Held[] {
  const held = new Map<string, Held>()
  const note = (event: Event, change: Change, value: string | null, earlier: boolean): void =>
    void held.set(change.field, { field: change.field, value, from: idOf(event), at: timeOf(event), earlier })
  // The previous value of a later change was there all along, unless an earlier event differs.
  for (const event of events.slice(place + 1).toReversed())
    for (const change of changesOf(event)) if (!change.oldUnknown) note(event, change, change.old, true)
  for (const event of events.slice(0, place + 1))
    for (const change of changesOf(event)) note(event, change, change.new, false)
  return [...held.values()].sort((a, b) => a.field.localeCompare(b.field))
}

/** The query for all events of the same record. */
export function recordQuery(event: Event): string {
  const [type, id, source] = ['audit.entity.type', 'audit.entity.id', 'event.module'].map((field) =>
    text(event, field),
  )
  const quoted = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  return [
    `audit.entity.id: ${quoted(id ?? '')}`,
    ...(type === '' ? [] : [`audit.entity.type: ${quoted(type ?? '')}`]),
    ...(source === '' ? [] : [`event.module: ${quoted(source ?? '')}`]),
  ].join(' and ')
}

/** The place of the last event at or before a time; -1 if all are later. */
export function placeAt(events: readonly Event[], time: number): number {
  return events.findLastIndex((event) => timeOf(event) <= time)
}

/** The last change of a field, up to a moment. */
export interface LastChange {
  readonly field: string
  readonly value: string | null
  readonly event: Event
  /** How often it was changed up to then. */
  readonly times: number
}

/** Who changed which field last, up to the event at this place. */
export function lastChanges(events: readonly Event[], place: number): LastChange[] {
  const changes = new Map<string, LastChange>()
  // Some sources list fields that stayed as they were, too.
  for (const event of events.slice(0, place + 1))
    for (const { field, old, new: value, oldUnknown } of changesOf(event))
      if (oldUnknown || old !== value)
        changes.set(field, { field, value, event, times: (changes.get(field)?.times ?? 0) + 1 })
  return [...changes.values()].sort((a, b) => a.field.localeCompare(b.field))
}

/** A field at two moments; undefined where the events do not show it. */
export interface Pair {
  readonly field: string
  readonly one: Held | undefined
  readonly other: Held | undefined
  readonly differs: boolean
}

/** Two states of a record, field by field. */
export function pairsOf(one: readonly Held[], other: readonly Held[]): Pair[] {
  const [first, second] = [one, other].map((held) => new Map(held.map((field) => [field.field, field])))
  return [...new Set([...one, ...other].map(({ field }) => field))]
    .sort((a, b) => a.localeCompare(b))
    .map((field) => {
      const pair = { one: first?.get(field), other: second?.get(field) }
      return { field, ...pair, differs: pair.one?.value !== pair.other?.value }
    })
}
