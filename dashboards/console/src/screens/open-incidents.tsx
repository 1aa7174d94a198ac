import { IncidentLines } from '../alerts/incidents.tsx'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { Failed, Loading } from '../frame/states.tsx'
import { counted } from '../time/format.ts'
import { Panel } from './panel.tsx'

const SHOWN = 6

/** What needs somebody now: incidents that are not resolved, the most serious first. */
export function OpenIncidents() {
  const { data, error, isPending } = useAsk('getIncidents', {
    query: { state: 'unresolved', sort: 'priority', limit: String(SHOWN) },
  })
  return (
    <Panel
      title="Open incidents"
      className="wide"
      beside={
        <Link to="/incidents">
          {data === undefined || data.total <= SHOWN
            ? 'All incidents'
            : `All ${counted(data.total, 'open incident')}`}
        </Link>
      }
    >
      {isPending ? (
        <Loading rows={2} />
      ) : data === undefined ? (
        <Failed problem={error} />
      ) : data.incidents.length === 0 ? (
        <p className="quiet">No open incidents.</p>
      ) : (
        <IncidentLines incidents={data.incidents} />
      )}
    </Panel>
  )
}
