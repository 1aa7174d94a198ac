import { useState } from 'react'
import type { Question } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { eventsWith } from '../events/question.ts'
import { Refreshed } from '../frame/as-of.tsx'
import { Link } from '../frame/link.tsx'
import { Empty, Failed, Loading } from '../frame/states.tsx'
import { Panel, ScreenHead } from '../screens/panel.tsx'
import { counted } from '../time/format.ts'
import { between } from '../time/ranges.ts'
import { When } from '../time/when.tsx'
import { AlertActs } from './acts.tsx'
import { AlertList } from './alert-list.tsx'
import { about } from './context.tsx'
import { type Incident, Priority, placeOf, State } from './signs.tsx'

const MORE = 100
const MOST = 1000

export function IncidentList({ query }: { query: Question<'getIncidents'>['query'] }) {
  const [shown, setShown] = useState(MORE)
  const { data, error, isPending } = useAsk('getIncidents', { query: { ...query, limit: String(shown) } })
  if (isPending) return <Loading rows={12} />
  if (data === undefined) return <Failed problem={error} />
  if (data.incidents.length === 0)
    return (
      <Empty title="No incidents found.">
        Alerts about the same users or addresses at about the same time are one incident.
      </Empty>
    )
  return (
    <>
      <IncidentLines incidents={data.incidents} />
      {data.next !== null && shown < MOST && (
        <button type="button" onClick={() => setShown(Math.min(MOST, shown + MORE))}>
          Show more
        </button>
      )}
    </>
  )
}

export function IncidentLines({ incidents }: { incidents: readonly Incident[] }) {
  return (
    <ul className="alert-list" aria-label="Incidents">
      {incidents.map((incident) => (
        <li key={incident.id}>
          <Priority level={incident.priority} />
          <div className="alert-line">
            <Link to={placeOf(incident)}>
              <bdi>{incident.summary}</bdi>
            </Link>
            <span className="quiet small">
              {counted(incident.alerts.length, 'alert')} · <When at={incident.last} relative />
            </span>
          </div>
          <State of={incident} />
        </li>
      ))}
    </ul>
  )
}

export function IncidentPage({ id }: { id: string }) {
  const { data, error, isPending } = useAsk('getIncidentsId', { params: { id } })
  if (isPending) return <Loading rows={12} />
  if (data === undefined)
    return error.status === 404 ? (
      <Empty title="There is no such incident." isScreen>
        <Link to="/incidents">All incidents</Link>
      </Empty>
    ) : (
      <Failed problem={error} />
    )
  const { incident, alerts } = data
  const events = about(incident)
  return (
    <div className="screen">
      <ScreenHead title={incident.summary}>
        <Refreshed />
      </ScreenHead>
      <p className="alert-signs">
        <Priority level={incident.priority} />
        <State of={incident} />
        <span className="quiet">
          <When at={incident.first} /> to <When at={incident.last} />
        </span>
        {events !== null && (
          <Link to={eventsWith(events, between(incident.first, incident.last + 1))}>
            All events of these users and addresses
          </Link>
        )}
      </p>
      <AlertActs
        alerts={alerts.filter(({ state }) => state !== 'resolved' || incident.state === 'resolved')}
      />
      <Panel title={counted(alerts.length, 'alert')}>
        <AlertList alerts={alerts} />
      </Panel>
    </div>
  )
}
