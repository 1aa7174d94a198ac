import { clockTime, dayOf } from '../time/format.ts'
import { accountTried, type Event, NO_USER, text, timeOf, whatWasDone, whoDid } from './event.ts'

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
    case 'message':
      return <bdi title={text(event, field)}>{text(event, field) === '' ? '' : whatWasDone(event)}</bdi>
    case 'audit.risk':
      return <Risk level={text(event, field)} />
    default:
      return <bdi>{text(event, field)}</bdi>
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
  const name = text(event, 'audit.entity.name') || text(event, 'audit.entity.id')
  return (
    <>
      <span className="kind">{text(event, 'audit.entity.type')}</span> <bdi>{name}</bdi>
    </>
  )
}

export function Outcome({ event }: { event: Event }) {
  const outcome = text(event, 'event.outcome')
  const count = text(event, 'audit.attempt.count')
  const most = text(event, 'audit.attempt.max')
  const attempts = count === '' ? '' : ` ${count}${most === '' ? '' : `/${most}`}`
  return (
    <span className={`outcome ${outcome === 'failure' ? 'failure' : ''}`}>{`${outcome}${attempts}`}</span>
  )
}

const STATES: Readonly<Record<string, string>> = { ok: 'Well', warning: 'Warning', error: 'Error' }

/** The state that a component, or a job, reports. */
export function Status({ status }: { status: string }) {
  return (
    <span className={`sign ${Object.hasOwn(STATES, status) ? status : ''}`}>{STATES[status] ?? status}</span>
  )
}

export function Risk({ level }: { level: string }) {
  return level === '' ? null : <span className={`risk ${/^[a-z]+$/.test(level) ? level : ''}`}>{level}</span>
}
