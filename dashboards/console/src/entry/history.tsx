import { useEffect, useState } from 'react'
import { useFound } from '../api/use-found.ts'
import { changesOf, type Event, idOf, inShortWho, text, timeOf } from '../events/event.ts'
import { useKeys } from '../frame/keys.ts'
import { Link } from '../frame/link.tsx'
import { List } from '../frame/list.tsx'
import { useParameter } from '../frame/location.ts'
import { useZone } from '../frame/preferences.ts'
import { Empty, Failed, Loading } from '../frame/states.tsx'
import { counted, figure, fullTime } from '../time/format.ts'
import { READER, typed } from '../time/habits.ts'
import { inZone, Moment, momentOf } from '../time/range-picker.tsx'
import { When } from '../time/when.tsx'
import { Pairs, Value } from './pairs.tsx'
import { type Held, lastChanges, pairsOf, placeAt, recordAt, recordQuery } from './record.ts'

const MOST = 500
/** The moment before the first event. */
const BEFORE = 'before'
/** ms that each moment stays while the history is played. */
const STEP = 1000

/** The history of the record, and the record as it was at any of these moments, or at two of them. */
export function History({ event }: { event: Event }) {
  const q = recordQuery(event)
  const { data, error, isPending } = useFound({ q, sort: 'newest' }, MOST)
  if (isPending) return <Loading />
  if (data === undefined) return <Failed problem={error} />
  const events = data.events.toReversed()
  if (events.length === 0) return <Empty title="No event of this record is stored any more." />
  return (
    <div className="history">
      <States events={events} here={idOf(event)} record={text(event, 'audit.entity.id')} />
      {data.next !== null && <p className="quiet small">The last {MOST} events of this record.</p>}
    </div>
  )
}

/** `events` are those of the record, oldest first. */
function States(props: { events: readonly Event[]; here: string; record: string }) {
  const { events, here, record } = props
  const found = events.findIndex((one) => idOf(one) === here)
  const last = events.length - 1
  // The moments are in the address, so that a link shows the record as it was then.
  const [at, setAt] = useParameter('at', here)
  const [withAt, setWithAt] = useParameter('with-at', '')
  const placeOf = (id: string): number => {
    const known = events.findIndex((one) => idOf(one) === id)
    return id === BEFORE ? -1 : known === -1 ? (found === -1 ? last : found) : known
  }
  const idAt = (place: number): string => (place < 0 ? BEFORE : idOf(events[place] ?? events[last]!))
  const place = placeOf(at)
  const setPlace = (next: number): void => setAt(idAt(next))
  const other = withAt === '' ? null : placeOf(withAt)
  const setOther = (next: number | null): void => setWithAt(next === null ? '' : idAt(next))
  const [isShort, setShort] = useState(false)
  const [isPlaying, setPlaying] = useState(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each draw makes setPlace anew; the place says when it is time again.
  useEffect(() => {
    if (!isPlaying) return
    const timer = setTimeout(() => {
      if (place < last) setPlace(place + 1)
      if (place + 1 >= last) setPlaying(false)
    }, STEP)
    return () => clearTimeout(timer)
  }, [isPlaying, place, last])
  const play = (): void => {
    // From the beginning, if it is at the end.
    if (!isPlaying && place >= last) setPlace(0)
    setPlaying(!isPlaying)
  }
  const choose = (next: number): void => {
    setPlaying(false)
    setPlace(Math.min(last, Math.max(-1, next)))
  }
  useKeys({ earlier: () => choose(place - 1), later: () => choose(place + 1) })
  return (
    <>
      <div className="history-tools">
        <button type="button" disabled={last === 0} aria-pressed={isPlaying} onClick={play}>
          {isPlaying ? 'Pause' : 'Play'}
        </button>
        <button
          type="button"
          disabled={last === 0}
          aria-pressed={other !== null}
          onClick={() => setOther(other === null ? Math.max(0, place - 1) : null)}
        >
          Two moments
        </button>
        <button type="button" aria-pressed={isShort} onClick={() => setShort(!isShort)}>
          Changes only
        </button>
        <Link
          className="beside"
          to={`/compare?${new URLSearchParams({ a: `record:${record}`, range: 'all' })}`}
        >
          Compare with another record
        </Link>
      </div>
      <div className={other === null ? '' : 'two-moments'}>
        {other !== null && <MomentChoice name="Earlier" events={events} place={other} onChoose={setOther} />}
        <MomentChoice name={other === null ? '' : 'Later'} events={events} place={place} onChoose={choose} />
      </div>
      {other === null ? (
        <State events={events} place={place} isShort={isShort} />
      ) : (
        <Pairs
          label="The record at two moments"
          names={['Earlier', 'Later']}
          pairs={pairsOf(recordAt(events, other), recordAt(events, place))}
          differencesOnly={isShort}
        />
      )}
      <LastChanges events={events} place={place} />
      <Moments events={events} place={place} onChoose={choose} />
    </>
  )
}

interface ChoiceProps {
  /** Distinguishes two of them; empty if there is one. */
  readonly name: string
  readonly events: readonly Event[]
  /** -1: before the first event. */
  readonly place: number
  readonly onChoose: (place: number) => void
}

/** Chooses a moment: by a slider over the events, or by a date and a time. */
function MomentChoice({ name, events, place, onChoose }: ChoiceProps) {
  const zone = useZone()
  const moment = events[place]
  const said =
    moment === undefined
      ? `Before the first of ${counted(events.length, 'event')}`
      : `After event ${place + 1} of ${events.length}, ${fullTime(timeOf(moment), zone)}, ${inShortWho(moment)}: ${text(moment, 'event.action')}`
  const [written, setWritten] = useState<string | null>(null)
  const at = moment === undefined ? timeOf(events[0]!) - 1 : timeOf(moment)
  const shown = written ?? typed(inZone(at, zone), READER)
  const wanted = momentOf(shown, zone)
  const write = (next: string): void => {
    setWritten(next)
    const time = momentOf(next, zone)
    // A minute as people write it lasts to its end.
    if (time !== null) onChoose(placeAt(events, time + 59_999))
  }
  return (
    <div className="moment-choice">
      <label className="slider">
        <span>
          {name !== '' && `${name}: `}
          {moment === undefined ? (
            `As it was before the first of ${events.length} events`
          ) : (
            <>
              As it was after event {place + 1} of {events.length}, <When at={timeOf(moment)} />
            </>
          )}
        </span>
        <input
          type="range"
          min={-1}
          max={events.length - 1}
          value={place}
          aria-valuetext={said}
          onChange={({ target }) => {
            setWritten(null)
            onChoose(Number(target.value))
          }}
        />
      </label>
      <Moment
        name={name === '' ? 'State on' : `${name}, state on`}
        value={shown}
        wrong={wanted === null}
        onChange={write}
      />
    </div>
  )
}

/** The record as it was after one event. */
function State({ events, place, isShort }: { events: readonly Event[]; place: number; isShort: boolean }) {
  const moment = events[place]
  const held = recordAt(events, place)
  const isNew = ({ from, earlier }: Held): boolean =>
    moment !== undefined && from === idOf(moment) && !earlier
  const shown = isShort ? held.filter(isNew) : held
  if (held.length === 0) return <p className="quiet">These events don’t contain the state of the record.</p>
  if (shown.length === 0) return <p className="quiet">This event changed no field.</p>
  return (
    <dl className="record">
      {shown.map((one) => (
        <div key={one.field} className={isNew(one) ? 'just-now' : ''}>
          <dt>
            <bdi>{one.field}</bdi>
          </dt>
          <dd>
            <Value held={one} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Who changed which field last. */
function LastChanges({ events, place }: { events: readonly Event[]; place: number }) {
  const changes = lastChanges(events, place)
  if (changes.length === 0) return null
  return (
    <section>
      <h3>Who changed what</h3>
      <List
        label="Who changed what"
        rows={changes}
        keyOf={({ field }) => field}
        columns={[
          { name: 'Field', of: ({ field }) => <bdi>{field}</bdi> },
          {
            name: 'Last value',
            of: ({ value }) => (value === null ? <em className="quiet">empty</em> : <bdi>{value}</bdi>),
          },
          { name: 'Changed by', of: ({ event }) => <bdi>{inShortWho(event)}</bdi> },
          {
            name: 'When',
            kind: 'time',
            of: ({ event }) => (
              <Link to={`/events/${idOf(event)}`}>
                <When at={timeOf(event)} />
              </Link>
            ),
          },
          { name: 'Changes', kind: 'number', of: ({ times }) => figure(times) },
        ]}
      />
    </section>
  )
}

interface MomentsProps {
  readonly events: readonly Event[]
  readonly place: number
  readonly onChoose: (place: number) => void
}

function Moments({ events, place, onChoose }: MomentsProps) {
  return (
    <ol className="moments">
      {events
        .map((one, index) => ({ one, index }))
        .toReversed()
        .map(({ one, index }) => (
          <li key={idOf(one)} aria-current={index === place ? 'true' : undefined}>
            <button type="button" className="plain" onClick={() => onChoose(index)}>
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
  )
}
