import { useFound } from '../api/use-found.ts'
import { changesOf, type Event, idOf, inShortWho, text, timeOf } from '../events/event.ts'
import { useKeys } from '../frame/keys.ts'
import { Link } from '../frame/link.tsx'
import { useParameter } from '../frame/location.ts'
import { useZone } from '../frame/preferences.ts'
import { Empty, Failed, Loading } from '../frame/states.tsx'
import { fullTime } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { recordAt, recordQuery } from './record.ts'

const MOST = 500

/** The history of the record, and the record as it was at any of these moments. */
export function History({ event }: { event: Event }) {
  const q = recordQuery(event)
  const { data, error, isPending } = useFound({ q, sort: 'newest' }, MOST)
  // The moment is in the address, so that a link shows the record as it was then.
  const [chosen, setChosen] = useParameter('at', idOf(event))
  const zone = useZone()
  const events = data?.events.toReversed() ?? []
  const here = events.findIndex((one) => idOf(one) === chosen)
  const place = here === -1 ? events.length - 1 : here
  const choose = (next: number): void => {
    const one = events[next]
    if (one !== undefined) setChosen(idOf(one))
  }
  useKeys({ earlier: () => choose(place - 1), later: () => choose(place + 1) })
  if (isPending) return <Loading />
  if (data === undefined) return <Failed problem={error} />
  if (events.length === 0) return <Empty title="No event of this record is stored any more." />
  const moment = events[place]
  const held = recordAt(events, place)
  const said = `After event ${place + 1} of ${events.length}${
    moment === undefined
      ? ''
      : `, ${fullTime(timeOf(moment), zone)}, ${inShortWho(moment)}: ${text(moment, 'event.action')}`
  }`
  return (
    <div className="history">
      <label className="slider">
        <span>
          As it was after event {place + 1} of {events.length}
          {moment !== undefined && (
            <>
              {', '}
              <When at={timeOf(moment)} />
            </>
          )}
        </span>
        <input
          type="range"
          min={0}
          max={events.length - 1}
          value={place}
          aria-valuetext={said}
          onChange={({ target }) => choose(Number(target.value))}
        />
      </label>
      {held.length === 0 ? (
        <p className="quiet">These events don’t contain the state of the record.</p>
      ) : (
        <dl className="record">
          {held.map(({ field, value, from, earlier }) => (
            <div
              key={field}
              className={from === (moment === undefined ? '' : idOf(moment)) && !earlier ? 'just-now' : ''}
            >
              <dt>
                <bdi>{field}</bdi>
              </dt>
              <dd>
                {value === null ? <em className="quiet">empty</em> : <bdi>{value}</bdi>}
                {earlier && <span className="quiet"> from a later change</span>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <ol className="moments">
        {events.toReversed().map((one) => (
          <li key={idOf(one)} aria-current={one === moment ? 'true' : undefined}>
            <button type="button" className="plain" onClick={() => setChosen(idOf(one))}>
              <When at={timeOf(one)} />
            </button>
            <p>
              <strong>{inShortWho(one)}</strong> <bdi>{text(one, 'event.action')}</bdi>{' '}
              <Link to={`/events/${idOf(one)}`} className="quiet">
                open
              </Link>
            </p>
            <ul>
              {changesOf(one).map((change) => (
                <li key={change.field}>
                  <bdi>{change.field}</bdi>: <del>{change.oldUnknown ? '?' : (change.old ?? 'empty')}</del> →{' '}
                  <ins>{change.new ?? 'empty'}</ins>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
      {data.next !== null && <p className="quiet small">The last {MOST} events of this record.</p>}
    </div>
  )
}
