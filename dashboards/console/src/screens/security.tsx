import { lazy, Suspense } from 'react'
import { IncidentLines } from '../alerts/incidents.tsx'
import { useAsk } from '../api/use-ask.ts'
import { type Place, placesOf } from '../charts/places.ts'
import { all, eventsWith, is } from '../events/question.ts'
import { Refreshed } from '../frame/as-of.tsx'
import { Link } from '../frame/link.tsx'
import { useParameter } from '../frame/location.ts'
import { Failed, Loading } from '../frame/states.tsx'
import { seesRecords, useWho } from '../session/session.tsx'
import { counted, figure } from '../time/format.ts'
import { RangePicker } from '../time/range-picker.tsx'
import { FIRST_RANGES, rangeOf } from '../time/ranges.ts'
import { useTried } from './accounts.ts'
import { Bar, BarList } from './bar-list.tsx'
import { Figure } from './figures.tsx'
import { Found } from './found.tsx'
import { Panel, ScreenHead } from './panel.tsx'
import { FAILED_SIGN_INS, SIGN_INS } from './priority.ts'

const WorldMap = lazy(() => import('../charts/world-map.tsx'))

const SECURITY = 'audit.category: security and not audit.seal.agent: indexer-*'
const LOCKS = 'audit.category: security and event.action: *lock*'
const RIGHTS = 'event.category: iam'
const KEYS = 'audit.category: security and (event.action: *key* or event.action: *password*)'

export default function Security() {
  const [range, setRange] = useParameter('range', FIRST_RANGES['/security'])
  const { who } = useWho()
  return (
    <div className="screen">
      <ScreenHead title="Security">
        <RangePicker range={range} onChoose={setRange} />
        <Refreshed />
      </ScreenHead>
      <div className="figures">
        <Figure name="Sign-ins" q={SIGN_INS} range={range} />
        <Figure name="Failed sign-ins" q={FAILED_SIGN_INS} range={range} grave />
        <Figure name="Accounts locked" q={LOCKS} range={range} grave />
        <Figure name="Users, roles and rights" q={RIGHTS} range={range} />
        <Figure name="Passwords and keys" q={KEYS} range={range} />
        <Figure name="High risk" q="audit.risk: high" range={range} grave />
      </div>
      <div className="panels">
        {seesRecords(who) && <ActiveAlerts />}
        <Panel title="High risk and failures" className="wide">
          <Found
            q={all(SECURITY, 'audit.risk: high or event.outcome: failure')}
            range={range}
            most={14}
            beside="event.action"
            none="No events in this period."
          />
        </Panel>
        <Panel title="By address">
          <BarList q={SECURITY} range={range} field="source.ip" />
        </Panel>
        <Panel title="Failed sign-ins, by account">
          <TriedAccounts range={range} />
        </Panel>
        <Places range={range} />
        <Panel title="By event">
          <BarList q={SECURITY} range={range} field="event.action" />
        </Panel>
        <Panel title="By risk">
          <BarList q={SECURITY} range={range} field="audit.risk" none="The events name no risk." />
        </Panel>
        <Panel title="Latest" className="wide">
          <Found
            q={SECURITY}
            range={range}
            most={14}
            beside="event.action"
            none="No events in this period."
          />
        </Panel>
      </div>
    </div>
  )
}

const MOST_INCIDENTS = 5

/** What is open now, whatever period the screen shows: alerts about the same users or addresses are one line. */
function ActiveAlerts() {
  const query = { state: 'unresolved', sort: 'priority' } as const
  const { data, error, isPending } = useAsk(
    'getIncidents',
    { query: { ...query, limit: String(MOST_INCIDENTS) } },
    { every: 30_000 },
  )
  const alerts = useAsk('getAlerts', { query: { ...query, limit: '1' } }, { every: 30_000 }).data
  return (
    <Panel
      title={`Active alerts${alerts === undefined ? '' : `: ${figure(alerts.total)}`}`}
      className="wide"
      beside={
        <span className="beside-links">
          <Link to="/alerts?sort=priority">All alerts</Link>
          <Link to="/rules">Configure alerts</Link>
        </span>
      }
    >
      {isPending ? (
        <Loading rows={3} />
      ) : data === undefined ? (
        <Failed problem={error} />
      ) : data.incidents.length === 0 ? (
        <p className="quiet">No alert is open.</p>
      ) : (
        <IncidentLines incidents={data.incidents} />
      )}
      {data !== undefined && data.total > data.incidents.length && (
        <p className="more">
          <Link to="/incidents?sort=priority">
            {counted(data.total - data.incidents.length, 'more incident')}
          </Link>
        </p>
      )}
    </Panel>
  )
}

/** The tried accounts, including those that a record does not name by the user's name. */
function TriedAccounts({ range }: { range: string }) {
  const tried = useTried(FAILED_SIGN_INS, range, null).get('')
  if (tried === undefined) return <Loading rows={4} />
  const { accounts, distinct, none } = tried
  const shown = accounts.slice(0, MOST_ACCOUNTS)
  const most = Math.max(1, none, ...shown.map(({ count }) => count))
  if (distinct === 0 && none === 0) return <p className="quiet">No failed sign-ins in this period.</p>
  return (
    <ul className="bar-list">
      {shown.map(({ name, count, q }) => (
        <Bar key={q} name={name} count={count} share={count / most} to={eventsWith(q, range)} />
      ))}
      {none > 0 && (
        <Bar
          name="(no user given)"
          count={none}
          share={none / most}
          to={eventsWith(all(FAILED_SIGN_INS, NO_ACCOUNT), range)}
        />
      )}
      {distinct > shown.length && (
        <li className="quiet small">{counted(distinct - shown.length, 'more account')}</li>
      )}
    </ul>
  )
}

const MOST_ACCOUNTS = 8
const NO_ACCOUNT = 'not user.name: * and not user.email: * and not user.target.name: * and not user.id: *'

/** The most addresses for which an event is read: more would take longer than somebody waits. */
const MOST_ADDRESSES = 250
const MOST_PLACES = 40

/** The places that the events came from, as a file of places estimates them; without such a file nothing is shown. */
function Places({ range }: { range: string }) {
  const { data } = useAsk('postAggregate', {
    body: {
      q: SECURITY,
      ...rangeOf(range),
      by: [
        { kind: 'values', field: 'source.ip', top: MOST_ADDRESSES },
        { kind: 'values', field: 'event.outcome', top: 5 },
      ],
      latest: true,
    },
  })
  const places = placesOf(data?.split?.buckets ?? [])
  if (places.length === 0) return null
  const { others = 0 } = data?.split ?? {}
  return (
    <Panel title="Places, estimated from addresses" className="wide">
      <div className="located">
        <Suspense fallback={<Loading rows={6} />}>
          <WorldMap places={places} />
        </Suspense>
        <ul className="rows">
          {places.slice(0, MOST_PLACES).map((place) => (
            <li key={`${place.latitude} ${place.longitude}`}>
              <Link to={eventsWith(all(SECURITY, queryOf(place)), range)}>
                <bdi>{place.name}</bdi>
                <span className="quiet">{place.failed > 0 ? `${figure(place.failed)} failed` : ''}</span>
                <span className="count">{figure(place.count)}</span>
              </Link>
            </li>
          ))}
        </ul>
      </div>
      {others > 0 && (
        <p className="quiet small">
          Of the {figure(MOST_ADDRESSES)} most frequent addresses; {counted(others, 'event')} came from
          others.
        </p>
      )}
    </Panel>
  )
}

const queryOf = ({ city, country }: Place): string =>
  all(
    city === '' ? 'not source.geo.city_name: *' : is('source.geo.city_name', city),
    country === '' ? 'not source.geo.country_name: *' : is('source.geo.country_name', country),
  )
