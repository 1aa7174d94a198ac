import { Priority } from '../alerts/signs.tsx'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { Failed, Loading } from '../frame/states.tsx'
import { figure } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { Panel } from './panel.tsx'

type Item = Answer<'getAttention'>['items'][number]

const SHOWN = 8
const EVERY = 30_000

const PLACES: Readonly<Record<Item['place'], string>> = {
  incidents: '/incidents',
  alerts: '/alerts',
  agents: '/settings/agents',
  'dead-letters': '/settings/dead-letters',
  evidence: '/settings/evidence',
  archives: '/settings/archives',
  storage: '/settings/storage',
  rules: '/rules',
  reports: '/reports/schedules',
}

const placeOf = ({ place, id }: Item): string =>
  (place === 'incidents' || place === 'alerts') && id !== null
    ? `${PLACES[place]}/${encodeURIComponent(id)}`
    : PLACES[place]

/** Is anything wrong, since when, and where to look: the first thing that somebody must see. */
export function Attention() {
  const { data, error, isPending } = useAsk('getAttention', {}, { every: EVERY })
  const items = data?.items ?? []
  const all = items.length + (data?.more ?? 0)
  return (
    <Panel
      title={all === 0 ? 'Needs attention' : `${all} ${all === 1 ? 'thing needs' : 'things need'} attention`}
      className="wide"
      beside={<Link to="/incidents">All incidents</Link>}
    >
      {isPending ? (
        <Loading rows={2} />
      ) : data === undefined ? (
        <Failed problem={error} />
      ) : all === 0 ? (
        <p>
          <span className="sign ok">ok</span> {nothing(data.checked)}
        </p>
      ) : (
        <ul className="alert-list" aria-label="Needs attention">
          {items.slice(0, SHOWN).map((item) => (
            <li key={`${item.place} ${item.id ?? ''} ${item.sentence}`}>
              <Priority level={item.priority} />
              <div className="alert-line">
                <Link to={placeOf(item)}>
                  <bdi>{item.sentence}</bdi>
                </Link>
                {item.remedy !== '' && <span className="quiet small">{item.remedy}</span>}
              </div>
              <span className="quiet small">{item.since !== null && <When at={item.since} relative />}</span>
            </li>
          ))}
        </ul>
      )}
      {all > SHOWN && <p className="quiet small">And {figure(all - SHOWN)} more.</p>}
    </Panel>
  )
}

function nothing(checked: Answer<'getAttention'>['checked']): string {
  if (checked.length === 2)
    return 'Nothing: no open incident, all agents report, nothing is missing, and nothing was found altered.'
  if (checked.includes('operation'))
    return 'Nothing about agents, storage and evidence. Your role does not see incidents.'
  if (checked.includes('incidents')) return 'No open incident.'
  return 'Your access is limited to some events, so incidents and the state of agents are not shown.'
}
