import { Link } from '../frame/link.tsx'
import { counted } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { type Alert, Priority, State } from './signs.tsx'

interface Choosing {
  readonly chosen: ReadonlySet<string>
  readonly onChoose: (id: string) => void
  /** The row that the keys are at; -1 for none. */
  readonly cursor: number
}

/** Alerts as lines that lead to their pages, with a box to choose each if `choosing` is given. */
export function AlertList({
  alerts,
  choosing,
}: {
  readonly alerts: readonly Alert[]
  readonly choosing?: Choosing
}) {
  return (
    <ul className={choosing === undefined ? 'alert-list' : 'alert-list choosing'} aria-label="Alerts">
      {alerts.map((alert, index) => (
        <li
          key={alert.id}
          className={choosing?.cursor === index ? 'marked' : undefined}
          aria-current={choosing?.cursor === index ? true : undefined}
        >
          {choosing !== undefined && (
            <label className="alert-box">
              <input
                type="checkbox"
                checked={choosing.chosen.has(alert.id)}
                aria-label={`Choose: ${alert.message}`}
                onChange={() => choosing.onChoose(alert.id)}
              />
            </label>
          )}
          <Priority level={alert.priority} />
          <div className="alert-line">
            <Link to={`/alerts/${encodeURIComponent(alert.id)}`}>
              <bdi>{alert.message}</bdi>
            </Link>
            <span className="quiet small">
              <bdi>{alert.rule.name}</bdi> · {counted(alert.count, 'event')} ·{' '}
              <When at={alert.last} relative />
              {alert.late && ' · arrived late'}
            </span>
          </div>
          <State of={alert} />
        </li>
      ))}
    </ul>
  )
}
