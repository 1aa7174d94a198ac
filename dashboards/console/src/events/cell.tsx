import { clockTime, dayOf } from '../time/format.ts'
import { cellText, outcomeText, recordName } from './cell-text.ts'
import { afterOf, beforeOf, realChanges } from './change-text.ts'
import { accountTried, type Change, type Event, NO_USER, text, timeOf, whoDid } from './event.ts'

/** One cell of the table, in the form that its column has for readers. */
export function Cell({ event, field, zone }: { event: Event; field: string; zone: string }) {
  switch (field) {
    case '@timestamp': {
      const time = timeOf(event)
      return (
        <time dateTime={text(event, field)} title={text(event, field)}>
          <span className="quiet">{dayOf(time, zone)}</span> {clockTime(time, zone)}
        </time>
      )
    }
    case 'audit.category':
      return <Category name={text(event, field)} />
    case 'user.name':
      return <Who event={event} />
    case 'event.outcome':
      return <Outcome event={event} />
    case 'audit.entity.name':
      return <Subject event={event} />
    case 'audit.changes':
      return <ChangeCell event={event} />
    case 'audit.risk':
      return <Risk level={text(event, field)} />
    default:
      return <bdi>{cellText(event, field, zone)}</bdi>
  }
}

/** The acting user; for a sign-in without one, the account that was tried. */
export function Who({ event }: { event: Event }) {
  const who = whoDid(event)
  if (who !== '') return <bdi>{who}</bdi>
  const tried = accountTried(event)
  return (
    <>
      <span className="quiet">{tried === '' ? NO_USER : 'tried'}</span>
      {tried !== '' && (
        <>
          {' '}
          <bdi>{tried}</bdi>
        </>
      )}
    </>
  )
}

export function Category({ name }: { name: string }) {
  return <span className={`category ${/^[a-z]+$/.test(name) ? name : ''}`}>{name}</span>
}

/** The record and its kind. */
export function Subject({ event }: { event: Event }) {
  return (
    <>
      <span className="kind">{text(event, 'audit.entity.type')}</span> <bdi>{recordName(event)}</bdi>
    </>
  )
}

export function Outcome({ event }: { event: Event }) {
  const isFailure = text(event, 'event.outcome') === 'failure'
  return <span className={isFailure ? 'outcome failure' : 'outcome'}>{outcomeText(event)}</span>
}

/** The first change and the number of the others. A button, so that the keyboard reaches the full text; it opens the entry. */
function ChangeCell({ event }: { event: Event }) {
  const [first, ...others] = realChanges(event)
  if (first === undefined) return null
  return (
    <button type="button" className="change-cell">
      <span className="change-line">
        <OneChange change={first} />
      </span>
      {others.length > 0 && (
        <>
          <span aria-hidden="true">, +{others.length}</span>
          <span className="unseen">
            {others
              .slice(0, MOST_CHANGES)
              .map((one) => `, ${one.field} ${beforeOf(one)} → ${afterOf(one)}`)
              .join('')}
          </span>
        </>
      )}
    </button>
  )
}

/** Where there is too little room, what was before gives way to what is now. */
function OneChange({ change }: { change: Change }) {
  const { field, old, new: now, oldUnknown } = change
  const isMissing = oldUnknown || old === null
  return (
    <>
      <span className="change-before">
        <bdi className="changed-field">{field}</bdi>{' '}
        {isMissing ? (
          <em className="quiet">{beforeOf(change)}</em>
        ) : (
          <bdi className="quiet">{beforeOf(change)}</bdi>
        )}{' '}
      </span>
      <span className="change-after">
        → {now === null ? <em className="quiet">{afterOf(change)}</em> : <bdi>{afterOf(change)}</bdi>}
      </span>
    </>
  )
}

/** The changes that are shown beside a cell; the entry shows all. */
const MOST_CHANGES = 12

/** All changes, for the panel beside the cell. */
export function FullChanges({ event }: { event: Event }) {
  const changes = realChanges(event)
  return (
    <>
      <ul className="full-changes">
        {changes.slice(0, MOST_CHANGES).map((change) => (
          <li key={change.field}>
            <OneChange change={change} />
          </li>
        ))}
      </ul>
      {changes.length > MOST_CHANGES && (
        <p className="quiet small">{changes.length - MOST_CHANGES} more in the entry.</p>
      )}
    </>
  )
}

const STATES: Readonly<Record<string, string>> = { ok: 'OK', warning: 'Warning', error: 'Error' }

/** The state that a component, or a job, reports. */
export function Status({ status }: { status: string }) {
  return (
    <span className={`sign ${Object.hasOwn(STATES, status) ? status : ''}`}>{STATES[status] ?? status}</span>
  )
}

export function Risk({ level }: { level: string }) {
  return level === '' ? null : <span className={`risk ${/^[a-z]+$/.test(level) ? level : ''}`}>{level}</span>
}
