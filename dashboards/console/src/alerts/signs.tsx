import type { Answer } from '../api/ask.ts'
import { When } from '../time/when.tsx'

export type Alert = Answer<'getAlerts'>['alerts'][number]
export type Incident = Answer<'getIncidents'>['incidents'][number]

export const PRIORITIES: readonly Alert['priority'][] = ['low', 'medium', 'high', 'critical']
const SIGN = { low: '', medium: 'warning', high: 'error', critical: 'error critical' } as const

export function Priority({ level }: { level: Alert['priority'] }) {
  return <span className={`sign ${SIGN[level]}`}>{level}</span>
}

/** The state in words. A snoozed alert is open, but sends no messages until the snooze ends. */
export function State({
  of,
}: {
  of: Pick<Alert, 'state'> & Partial<Pick<Alert, 'assignee' | 'snoozedUntil'>>
}) {
  const { state, assignee, snoozedUntil } = of
  const isSnoozed = state !== 'resolved' && (snoozedUntil ?? 0) > Date.now()
  return (
    <span className="alert-state">
      <span className={`sign ${state === 'resolved' ? 'ok' : state === 'open' ? 'warning' : ''}`}>
        {state}
      </span>
      {assignee !== undefined && assignee !== null && (
        <span className="quiet small">
          <bdi>{assignee}</bdi>
        </span>
      )}
      {isSnoozed && (
        <span className="quiet small">
          snoozed until <When at={snoozedUntil ?? 0} />
        </span>
      )}
    </span>
  )
}

/** Where an incident is shown: one with a single alert is that alert. */
export const placeOf = ({ id, alerts }: Incident): string =>
  alerts.length === 1
    ? `/alerts/${encodeURIComponent(alerts[0] ?? '')}`
    : `/incidents/${encodeURIComponent(id)}`
