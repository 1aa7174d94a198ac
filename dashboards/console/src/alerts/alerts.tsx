import { useEffect, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { Refreshed } from '../frame/as-of.tsx'
import { actOf, useKeys } from '../frame/keys.ts'
import { Link } from '../frame/link.tsx'
import { go, useParameter, usePlace } from '../frame/location.ts'
import { Empty, Failed, Loading } from '../frame/states.tsx'
import { Subnav } from '../frame/subnav.tsx'
import { ScreenHead } from '../screens/panel.tsx'
import { useWho } from '../session/session.tsx'
import { counted, figure } from '../time/format.ts'
import { AlertActs } from './acts.tsx'
import { AlertPage } from './alert.tsx'
import { AlertList } from './alert-list.tsx'
import { IncidentList, IncidentPage } from './incidents.tsx'
import { PRIORITIES } from './signs.tsx'
import { useSeen } from './unseen.ts'

export default function Alerts() {
  const { path } = usePlace()
  const [, kind, id] = /^\/(alerts|incidents)\/([^/]+)$/.exec(path) ?? []
  if (id !== undefined)
    return kind === 'alerts' ? (
      <AlertPage key={id} id={decodeURIComponent(id)} />
    ) : (
      <IncidentPage key={id} id={decodeURIComponent(id)} />
    )
  return (
    <div className="screen">
      <ScreenHead title={path === '/incidents' ? 'Incidents' : 'Alerts'}>
        <Refreshed />
      </ScreenHead>
      <Subnav
        label="Alerts"
        parts={[
          { path: '/alerts', name: 'Alerts' },
          { path: '/incidents', name: 'Incidents' },
        ]}
        shown={path}
      />
      {path === '/incidents' ? <Incidents /> : <Many />}
    </div>
  )
}

export const STATES = {
  unresolved: 'Not resolved',
  open: 'Open',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
  any: 'All states',
} as const
type Wanted = keyof typeof STATES
const stateOf = (text: string): Wanted =>
  (Object.keys(STATES) as Wanted[]).find((one) => one === text) ?? 'unresolved'
const priorityOf = (text: string) => PRIORITIES.find((one) => one === text)

const MORE = 100
const MOST = 1000

/** The filters of both lists: they are in the address. */
function useFilters() {
  const { who } = useWho()
  const [state, setState] = useParameter('state', 'unresolved')
  const [priority, setPriority] = useParameter('priority', '')
  const [assignee, setAssignee] = useParameter('assignee', '')
  const [looked, setLooked] = useParameter('text', '')
  const [rule, setRule] = useParameter('rule', '')
  const [sort, setSort] = useParameter('sort', 'newest')
  const query = {
    state: stateOf(state),
    priority: priorityOf(priority),
    rule: rule === '' ? undefined : rule,
    text: looked === '' ? undefined : looked,
    sort: sort === 'priority' ? ('priority' as const) : ('newest' as const),
    ...(assignee === '' ? {} : { assignee: assignee === 'me' ? who.name : assignee }),
  }
  const form = (
    <form className="filters-line" aria-label="Filters" onSubmit={(submit) => submit.preventDefault()}>
      <input
        type="search"
        aria-label="Find in the alerts"
        placeholder="Message, user or address"
        value={looked}
        onChange={({ target }) => setLooked(target.value)}
      />
      <select aria-label="State" value={stateOf(state)} onChange={({ target }) => setState(target.value)}>
        {Object.entries(STATES).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
      <select aria-label="Priority" value={priority} onChange={({ target }) => setPriority(target.value)}>
        <option value="">All priorities</option>
        <option value="critical">Critical</option>
        <option value="high">High or critical</option>
        <option value="medium">Medium or higher</option>
      </select>
      <select aria-label="Assigned to" value={assignee} onChange={({ target }) => setAssignee(target.value)}>
        <option value="">Assigned to anybody</option>
        <option value="me">Assigned to me</option>
        {assignee !== '' && assignee !== 'me' && <option value={assignee}>Assigned to {assignee}</option>}
      </select>
      <select aria-label="Order" value={query.sort} onChange={({ target }) => setSort(target.value)}>
        <option value="newest">Newest first</option>
        <option value="priority">Most serious first</option>
      </select>
      {rule !== '' && (
        <button type="button" onClick={() => setRule('')}>
          Rule: {rule} ✕
        </button>
      )}
    </form>
  )
  return { query, form }
}

function Many() {
  const { query, form } = useFilters()
  const [shown, setShown] = useState(MORE)
  const { data, error, isPending } = useAsk('getAlerts', { query: { ...query, limit: String(shown) } })
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [cursor, setCursor] = useState(-1)
  useSeen(data?.unseen ?? 0)
  const alerts = data?.alerts ?? []
  const at = Math.min(cursor, alerts.length - 1)
  // What left the list is not acted upon.
  const picked = alerts.filter(({ id }) => chosen.has(id))
  const toggle = (id: string): void => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    setChosen(next)
  }
  const marked = alerts[at]
  useEffect(() => {
    if (at >= 0) document.querySelector('.alert-list .marked')?.scrollIntoView({ block: 'nearest' })
  }, [at])
  useKeys({
    search: () => document.querySelector<HTMLInputElement>('.filters-line input')?.focus(),
    next: () => setCursor(Math.min(at + 1, alerts.length - 1)),
    previous: () => setCursor(Math.max(at - 1, 0)),
    first: () => setCursor(0),
    last: () => setCursor(alerts.length - 1),
    choose: () => marked !== undefined && toggle(marked.id),
    open: () => marked !== undefined && go(`/alerts/${encodeURIComponent(marked.id)}`),
    chooseNothing: () => setChosen(new Set()),
  })
  return (
    <>
      {form}
      {data !== undefined && alerts.length > 0 && (
        <div className="bulk">
          <label className="check">
            <input
              type="checkbox"
              checked={picked.length === alerts.length}
              onChange={({ target }) => setChosen(new Set(target.checked ? alerts.map(({ id }) => id) : []))}
            />
            <span>{picked.length === 0 ? 'Select all' : `${figure(picked.length)} selected`}</span>
          </label>
          <AlertActs
            alerts={picked.length === 0 && marked !== undefined ? [marked] : picked}
            onDone={() => setChosen(new Set())}
          />
          <span className="quiet" role="status">
            {counted(data.total, 'alert')}
          </span>
          <button type="button" className="wide-only" aria-label="Keys" onClick={() => actOf('help')}>
            ?
          </button>
        </div>
      )}
      {isPending ? (
        <Loading rows={12} />
      ) : data === undefined ? (
        <Failed problem={error} />
      ) : alerts.length === 0 ? (
        <Empty title={query.state === 'unresolved' ? 'No alerts need attention.' : 'No alerts found.'}>
          {query.state !== 'any' && <Link to="/alerts?state=any">Show all states</Link>}
        </Empty>
      ) : (
        <>
          <AlertList alerts={alerts} choosing={{ chosen, onChoose: toggle, cursor: at }} />
          {data.next !== null && shown < MOST && (
            <button type="button" onClick={() => setShown(Math.min(MOST, shown + MORE))}>
              Show more
            </button>
          )}
        </>
      )}
    </>
  )
}

function Incidents() {
  const { query, form } = useFilters()
  return (
    <>
      {form}
      <IncidentList query={query} />
    </>
  )
}
