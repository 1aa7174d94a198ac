import { Category, Outcome, Risk, Status, Who } from '../events/cell.tsx'
import { type Event, idOf, text, timeOf, whatWasDone } from '../events/event.ts'
import { Link } from '../frame/link.tsx'
import { useZone } from '../frame/preferences.ts'
import { clockTime, dayOf } from '../time/format.ts'

/** The field that distinguishes the events of a list: their category, if they have several; otherwise the action or the component. */
export type Beside = 'audit.category' | 'event.action' | 'audit.component'

/** A few events as lines that lead to their entries. */
export function EventList({
  events,
  beside = 'audit.category',
}: {
  readonly events: readonly Event[]
  readonly beside?: Beside
}) {
  const zone = useZone()
  return (
    <ol className={beside === 'audit.category' ? 'event-list' : 'event-list worded'}>
      {events.map((event) => (
        <li key={idOf(event)}>
          <Link to={`/events/${idOf(event)}`}>
            <time dateTime={text(event, '@timestamp')} title={text(event, '@timestamp')}>
              {dayOf(timeOf(event), zone)} {clockTime(timeOf(event), zone)}
            </time>
            {beside === 'audit.category' ? (
              <Category name={text(event, beside)} />
            ) : (
              <bdi className="beside-time">{text(event, beside)}</bdi>
            )}
            <span className="what">
              <strong>
                <Who event={event} />
              </strong>{' '}
              <bdi>{whatWasDone(event)}</bdi>
            </span>
            <span className="signs">
              {beside === 'audit.component' ? <Ended event={event} /> : <Outcome event={event} />}
              <Risk level={text(event, 'audit.risk')} />
            </span>
          </Link>
        </li>
      ))}
    </ol>
  )
}

/** The end of a job has more states than success and failure. */
function Ended({ event }: { event: Event }) {
  const status = text(event, 'audit.status')
  return status === 'warning' || status === 'error' ? <Status status={status} /> : <Outcome event={event} />
}
