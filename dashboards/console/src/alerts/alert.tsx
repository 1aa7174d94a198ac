import { useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { useFound } from '../api/use-found.ts'
import { PinToCase } from '../cases/pin.tsx'
import { eventsWith, is, quoted } from '../events/question.ts'
import { Refreshed } from '../frame/as-of.tsx'
import { useKeys } from '../frame/keys.ts'
import { Link } from '../frame/link.tsx'
import { goBack } from '../frame/location.ts'
import { Empty, Failed, Loading } from '../frame/states.tsx'
import { EventList } from '../screens/event-list.tsx'
import { Panel, ScreenHead } from '../screens/panel.tsx'
import { counted, figure } from '../time/format.ts'
import { between } from '../time/ranges.ts'
import { When } from '../time/when.tsx'
import { AlertActs } from './acts.tsx'
import { Context } from './context.tsx'
import { type Alert, Priority, State } from './signs.tsx'

export function AlertPage({ id }: { id: string }) {
  const { data, error, isPending } = useAsk('getAlertsId', { params: { id } })
  useKeys({ back: () => goBack('/alerts') })
  if (isPending) return <Loading rows={12} />
  if (data === undefined)
    return error.status === 404 ? (
      <Empty title="There is no such alert." isScreen>
        <Link to="/alerts">All alerts</Link>
      </Empty>
    ) : (
      <Failed problem={error} />
    )
  return (
    <div className="screen">
      <ScreenHead title={data.message}>
        <Refreshed />
      </ScreenHead>
      <p className="alert-signs">
        <Priority level={data.priority} />
        <State of={data} />
        {data.late && <span className="sign warning">its events arrived late</span>}
        <Link to={`/incidents/${encodeURIComponent(data.incident)}`}>Its incident</Link>
      </p>
      <div className="alert-acts">
        <AlertActs alerts={[data]} />
        <PinToCase pin={{ kind: 'alert', alert: id }} />
      </div>
      {data.resolution !== null && (
        <p className="quiet">
          Resolved <When at={data.resolution.at} relative />: <bdi>{data.resolution.reason}</bdi>
        </p>
      )}
      <div className="panels">
        <Panel title="What to do">
          <p className="response">
            <bdi>{data.response}</bdi>
          </p>
        </Panel>
        <Panel title="What it is about">
          <About alert={data} />
        </Panel>
        <Events alert={data} query={data.query} />
        <Context alert={data} />
        <Evidence alert={data} />
        <Panel title="Timeline" className="wide">
          <Timeline alert={data} />
        </Panel>
      </div>
    </div>
  )
}

/** Who, from where, when, and which rule. */
function About({ alert }: { alert: Alert }) {
  const { rule, users, addresses, group, from, last, raised, count, channels } = alert
  const known = new Set([...users, ...addresses])
  const others = Object.entries(group).filter(([, value]) => !known.has(value))
  return (
    <dl className="pairs">
      <dt>Rule</dt>
      <dd className="names">
        <Link to={`/rules/${encodeURIComponent(rule.id)}`}>
          <bdi>{rule.name}</bdi>
        </Link>
        <Link className="small" to={`/alerts?rule=${encodeURIComponent(rule.id)}&state=any`}>
          its other alerts
        </Link>
      </dd>
      {users.length > 0 && <dt>{users.length === 1 ? 'User' : 'Users'}</dt>}
      {users.length > 0 && (
        <dd className="names">
          {users.map((name) => (
            <Link key={name} to={`/people?user=${encodeURIComponent(name)}`}>
              <bdi>{name}</bdi>
            </Link>
          ))}
        </dd>
      )}
      {addresses.length > 0 && <dt>{addresses.length === 1 ? 'Address' : 'Addresses'}</dt>}
      {addresses.length > 0 && (
        <dd className="names">
          {addresses.map((address) => (
            <Link key={address} to={eventsWith(is('related.ip', address))}>
              <code>{address}</code>
            </Link>
          ))}
        </dd>
      )}
      {others.map(([field, value]) => [
        <dt key={`${field} name`}>{field}</dt>,
        <dd key={field}>
          <bdi>{value}</bdi>
        </dd>,
      ])}
      <dt>Events</dt>
      <dd>{figure(count)}</dd>
      <dt>First</dt>
      <dd>
        <When at={from} />
      </dd>
      <dt>Last</dt>
      <dd>
        <When at={last} />
      </dd>
      <dt>Raised</dt>
      <dd>
        <When at={raised} />
      </dd>
      <dt>Channels</dt>
      <dd>{channels.length === 0 ? 'none' : <bdi>{channels.join(', ')}</bdi>}</dd>
    </dl>
  )
}

const SHOWN = 8

/** The events that caused it: the first ones here, all of them in Events. */
function Events({ alert, query }: { alert: Alert; query: string | null }) {
  const { events, count, from, last } = alert
  const named = events.length === 0 ? '' : `event.id: (${events.map(quoted).join(' or ')})`
  const range = between(from, last + 1)
  const isMore = count > events.length
  const { data, error } = useFound(
    { q: named, from: String(from), to: String(last + 1), sort: 'oldest' },
    SHOWN,
    named !== '',
  )
  const all = isMore && query !== null ? query : named
  return (
    <Panel
      title="Events"
      className="wide"
      beside={
        all !== '' && (
          <Link
            to={eventsWith(all, range)}
          >{`Show ${isMore && query !== null ? `all ${figure(count)}` : counted(events.length, 'event')} in Events`}</Link>
        )
      }
    >
      {named === '' ? (
        <p className="quiet">This alert is about the state of Waybill, not about events.</p>
      ) : data === undefined ? (
        error === null ? (
          <Loading rows={3} />
        ) : (
          <Failed problem={error} />
        )
      ) : data.events.length === 0 ? (
        <p className="quiet">Its events are no longer searchable; its evidence has copies of them.</p>
      ) : (
        <EventList events={data.events} />
      )}
    </Panel>
  )
}

/** The copies that outlive the events. */
function Evidence({ alert: { id } }: { alert: Alert }) {
  const { data, error } = useAsk('getAlertsIdEvidence', { params: { id } })
  const [isOpen, setOpen] = useState(false)
  if (data === undefined)
    return (
      <Panel title="Evidence">
        {error === null ? (
          <Loading rows={2} />
        ) : error.status === 404 ? (
          <p className="quiet">There are no copies of its events.</p>
        ) : (
          <Failed problem={error} />
        )}
      </Panel>
    )
  const { events, before, after, until, isMore, gathered } = data
  const parts = [
    ['The hour before', before],
    ['Its events', events],
    ['The hour after', after],
  ] as const
  return (
    <Panel
      title="Evidence"
      className={isOpen ? 'wide' : ''}
      beside={
        <button type="button" className="plain" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Hide the copies' : 'Show the copies'}
        </button>
      }
    >
      <p>
        Waybill keeps copies of {counted(events.length, 'event')} that caused it, {figure(before.length)} of
        the hour before and {figure(after.length)} of the hour after. They stay when the events expire.
      </p>
      <p className="quiet">
        Gathered <When at={gathered} />.{until === null && ' The hour after it is not over yet.'}
        {isMore && ' The same users and addresses did more than is kept.'}
      </p>
      {isOpen &&
        parts.map(([title, list]) =>
          list.length === 0 ? null : (
            <section key={title}>
              <h3>{title}</h3>
              <EventList events={list} beside="event.action" />
            </section>
          ),
        )}
    </Panel>
  )
}

const DID: Readonly<Record<Alert['timeline'][number]['did'], string>> = {
  opened: 'raised it',
  continued: 'counted more events',
  acknowledged: 'acknowledged it',
  assigned: 'assigned it',
  resolved: 'resolved it',
  reopened: 'reopened it',
  snoozed: 'snoozed it',
  noted: 'added a note',
  withdrawn: 'withdrew it',
  merged: 'joined it with another alert',
}

function Timeline({ alert }: { alert: Alert }) {
  return (
    <ol className="alert-timeline">
      {alert.timeline.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps are only added at the end.
        <li key={index}>
          <When at={step.at} />
          <span>
            <strong>
              <bdi>{step.by}</bdi>
            </strong>{' '}
            {DID[step.did]}
            {step.note !== '' && (
              <>
                : <bdi>{step.note}</bdi>
              </>
            )}
          </span>
        </li>
      ))}
    </ol>
  )
}
