import { useFound } from '../api/use-found.ts'
import { type Event, idOf, text, timeOf } from '../events/event.ts'
import { is } from '../events/question.ts'
import { Link } from '../frame/link.tsx'
import { Empty } from '../frame/states.tsx'
import { EventList } from '../screens/event-list.tsx'
import { eventsWith } from './facts.tsx'
import { recordQuery } from './record.ts'

interface Relation {
  readonly name: string
  readonly q: string
  readonly from?: number
  readonly to?: number
}

const HOUR = 3_600_000

/** What this event belongs together with: the same record, session, address, request, and what it caused. */
function relationsOf(event: Event): Relation[] {
  const at = timeOf(event)
  const around = { from: at - HOUR, to: at + HOUR }
  const same = (name: string, field: string, given: object = {}): Relation[] =>
    text(event, field) === '' ? [] : [{ name, q: is(field, text(event, field)), ...given }]
  const record = text(event, 'audit.entity.id')
  return [
    ...(record === '' ? [] : [{ name: 'The same record', q: recordQuery(event) }]),
    ...same('The same session', 'audit.session.id'),
    ...same('Caused by the same event', 'audit.parent.event_id'),
    ...same('The same request', 'trace.id'),
    ...(record === '' ? [] : [{ name: 'Caused by this record', q: is('audit.parent.id', record) }]),
    ...(record === ''
      ? []
      : [
          {
            name: 'Elsewhere about this record',
            q: `${is('related.entity', record)} and not (${recordQuery(event)})`,
          },
        ]),
    ...same('The same address, an hour around', 'source.ip', around),
    ...same('The same user, an hour around', 'user.name', around),
  ]
}

export function Related({ event }: { event: Event }) {
  const relations = relationsOf(event)
  if (relations.length === 0) return <Empty title="This event names nothing that others could share." />
  return (
    <div className="related">
      {relations.map((relation) => (
        <One key={relation.name} relation={relation} self={idOf(event)} />
      ))}
    </div>
  )
}

const SHOWN = 8

function One({ relation: { name, q, from, to }, self }: { relation: Relation; self: string }) {
  const { data } = useFound({ q, from: from?.toString(), to: to?.toString() }, SHOWN + 1)
  const others = (data?.events ?? []).filter((one) => idOf(one) !== self)
  if (others.length === 0) return null
  const range = from === undefined || to === undefined ? 'all' : `${from}..${to}`
  return (
    <section>
      <h3>
        {name}
        <Link className="beside" to={eventsWith(q, range)}>
          All of them
        </Link>
      </h3>
      <EventList events={others.slice(0, SHOWN)} />
    </section>
  )
}
