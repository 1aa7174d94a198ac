import { type Event, text, timeOf } from '../events/event.ts'
import { all, is } from '../events/question.ts'
import { ofPerson, personIn } from '../people/person-in.ts'
import { between } from '../time/ranges.ts'
import { recordQuery } from './record.ts'

/** A group of events that an event belongs to. */
export interface Relation {
  readonly name: string
  readonly q: string
  readonly from?: number
  readonly to?: number
  readonly sort: 'newest' | 'oldest'
  /** This many belong beside the entry itself, not only where somebody looks for more. */
  readonly near: number
}

const HOUR = 3_600_000
const NEWEST = { sort: 'newest', near: 0 } as const
/** The ends of all time, for who asks from one or to the other. What has fewer digits than five is read as a year. */
const EARLIEST = 86_400_000
const LATEST = 9_999_999_999_999

/** The relations of an event: its record before and after, its cause and effects, its session, request, address and user. */
export function relationsOf(event: Event): Relation[] {
  const at = timeOf(event)
  const around = { from: at - HOUR, to: at + HOUR }
  const person = personIn(event)
  const same = (name: string, field: string, given: Partial<Relation> = {}): Relation[] =>
    text(event, field) === '' ? [] : [{ name, q: is(field, text(event, field)), ...NEWEST, ...given }]
  return [
    ...ofRecord(event),
    ...causes(event),
    ...same('The same session', 'audit.session.id'),
    ...same('The same request', 'trace.id'),
    ...same('The same address, within an hour', 'source.ip', around),
    ...(person === null
      ? []
      : [{ name: 'The same person, within an hour', q: ofPerson(person), ...NEWEST, ...around }]),
  ]
}

/** What was done in the same session, from the same address or by the same person, within an hour; null if it names none of them. */
export function companionsOf(event: Event): Relation | null {
  const at = timeOf(event)
  const person = personIn(event)
  const shared = [
    ...(['audit.session.id', 'source.ip'] as const)
      .filter((field) => text(event, field) !== '')
      .map((field) => is(field, text(event, field))),
    ...(person === null ? [] : [ofPerson(person)]),
  ]
  if (shared.length === 0) return null
  return {
    name: 'Same session, address or person, within an hour',
    q: shared.join(' or '),
    from: at - HOUR,
    to: at + HOUR,
    ...NEWEST,
    near: 5,
  }
}

function ofRecord(event: Event): Relation[] {
  const id = text(event, 'audit.entity.id')
  if (id === '') return []
  const q = recordQuery(event)
  const at = timeOf(event)
  return [
    { name: 'Previous event of this record', q, from: EARLIEST, to: at, sort: 'newest', near: 1 },
    { name: 'Next event of this record', q, from: at, to: LATEST, sort: 'oldest', near: 1 },
    { name: 'Caused by a change of this record', q: is('audit.parent.id', id), ...NEWEST },
    { name: 'Other events about this record', q: `${is('related.entity', id)} and not (${q})`, ...NEWEST },
  ]
}

/** The relations of cause and effect. A source names the event that caused another by its own id, if it has one. */
function causes(event: Event): Relation[] {
  const cause = text(event, 'audit.parent.event_id')
  const own = ['audit.source_event_id', 'event.id']
    .map((field) => text(event, field))
    .filter((id) => id !== '')
  const source = text(event, 'event.module')
  const here = (q: string): string => (source === '' ? q : all(q, is('event.module', source)))
  const named = (id: string): string => `${is('audit.source_event_id', id)} or ${is('event.id', id)}`
  const record = text(event, 'audit.parent.id')
  return [
    ...(cause === '' ? [] : [{ name: 'Cause', q: here(named(cause)), ...NEWEST, near: 1 }]),
    // Some sources name the record and not the event. Its latest change before this one is only a guess, so the name does not say Cause.
    ...(cause !== '' || record === ''
      ? []
      : [
          {
            name: 'Last event of the record that caused it',
            q: here(is('audit.entity.id', record)),
            from: EARLIEST,
            to: timeOf(event) + 1,
            ...NEWEST,
            near: 1,
          },
        ]),
    {
      name: 'Effects',
      q: here(own.map((id) => is('audit.parent.event_id', id)).join(' or ')),
      sort: 'oldest',
      near: 3,
    },
    ...(cause === ''
      ? []
      : [{ name: 'Caused by the same event', q: here(is('audit.parent.event_id', cause)), ...NEWEST }]),
  ]
}

/** The time of a relation, as an address has it. */
export const rangeOfRelation = ({ from, to }: Relation): string =>
  from === undefined || to === undefined ? 'all' : between(from, to)
