import { Category, Outcome, Risk } from '../events/cell.tsx'
import { type Event, idOf, text, timeOf, whatWasDone, whoDid } from '../events/event.ts'
import { Link } from '../frame/link.tsx'
import { clockTime, dayOf } from '../time/format.ts'
import { useZone } from '../time/zone.ts'

/** A few events as lines that lead to their entries. */
export function EventList({ events }: { events: readonly Event[] }) {
  const zone = useZone()
  return (
    <ol className="event-list">
      {events.map((event) => (
        <li key={idOf(event)}>
          <Link to={`/events/${idOf(event)}`}>
            <time dateTime={text(event, '@timestamp')} title={text(event, '@timestamp')}>
              {dayOf(timeOf(event), zone)} {clockTime(timeOf(event), zone)}
            </time>
            <Category name={text(event, 'audit.category')} />
            <span className="what">
              <strong>{whoDid(event)}</strong> <bdi>{whatWasDone(event)}</bdi>
            </span>
            <span className="signs">
              <Outcome event={event} />
              <Risk level={text(event, 'audit.risk')} />
            </span>
          </Link>
        </li>
      ))}
    </ol>
  )
}
