import { eventsWith, quoted } from '../events/question.ts'
import { Link } from '../frame/link.tsx'
import { Found } from '../screens/found.tsx'
import { Panel } from '../screens/panel.tsx'
import { between } from '../time/ranges.ts'
import type { Alert } from './signs.tsx'

const HOUR = 3_600_000
/** A query has a limit, and more people than this are no context. */
const MOST = 20

/** Finds events that name one of these users or addresses; null if there are none. Alerts would repeat what they are about. */
export function about({ users, addresses }: Pick<Alert, 'users' | 'addresses'>): string | null {
  const parts = [...of('related.user', users), ...of('related.ip', addresses)]
  return parts.length === 0 ? null : `(${parts.join(' or ')}) and not event.kind: alert`
}

const of = (field: string, values: readonly string[]): string[] =>
  values.length === 0 ? [] : [`${field}: (${values.slice(0, MOST).map(quoted).join(' or ')})`]

/** What the same users and addresses did in the hour before and in the hour after. */
export function Context({ alert }: { alert: Alert }) {
  const q = about(alert)
  if (q === null) return null
  const before = between(alert.from - HOUR, alert.from)
  const after = between(alert.last + 1, alert.last + HOUR)
  return (
    <>
      <Panel title="The hour before" beside={<Link to={eventsWith(q, before)}>Show in Events</Link>}>
        <Found
          q={q}
          range={before}
          none="The same users and addresses did nothing else."
          beside="event.action"
        />
      </Panel>
      <Panel title="The hour after" beside={<Link to={eventsWith(q, after)}>Show in Events</Link>}>
        <Found
          q={q}
          range={after}
          none="The same users and addresses did nothing else."
          beside="event.action"
        />
      </Panel>
    </>
  )
}
