import { type ReactNode, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { useFound } from '../api/use-found.ts'
import { idOf } from '../events/event.ts'
import { Link } from '../frame/link.tsx'
import { useZone } from '../frame/preferences.ts'
import { Refused } from '../frame/states.tsx'
import { useMay } from '../session/session.tsx'
import { setupLine } from '../settings/agents.tsx'
import { useAct } from '../settings/use-act.ts'
import { fullTime } from '../time/format.ts'
import type { Agent } from './agents-health.tsx'
import { Panel, ScreenHead } from './panel.tsx'

const LOOK = 3000

const hasShipped = ({ chains }: Agent): boolean => chains.some(({ waybills }) => waybills > 0)

/** Shows its children, unless no agent has shipped anything yet: then it shows how to connect the first one. */
export function UnlessEmpty({ children }: { readonly children: ReactNode }) {
  const [wasEmpty, setWasEmpty] = useState(false)
  const { data } = useAsk('getAgents', {}, { every: wasEmpty ? LOOK : 60_000 })
  const agents = data?.agents
  const isEmpty = agents !== undefined && !agents.some(hasShipped)
  // The screen stays when the first event arrives: it says so, and leads there.
  if (isEmpty && !wasEmpty) setWasEmpty(true)
  return agents === undefined || (!isEmpty && !wasEmpty) ? children : <FirstAgent agents={agents} />
}

function FirstAgent({ agents }: { readonly agents: readonly Agent[] }) {
  const mayEnroll = useMay('agents')
  return (
    <div className="screen">
      <ScreenHead title="Connect the first agent" />
      <div className="panels first-agent">
        <Panel title="On the machine whose logs you want to keep" className="wide">
          {mayEnroll ? (
            <Steps />
          ) : (
            <p>
              No agent ships events yet. An admin can make the token that an agent needs, in Settings, Agents.
            </p>
          )}
        </Panel>
        <Panel title="First event" className="wide">
          <Arrival agents={agents} />
        </Panel>
      </div>
    </div>
  )
}

function Steps() {
  const zone = useZone()
  const act = useAct('getAgents')
  const [token, setToken] = useState<{ token: string; expires: number } | null>(null)
  return (
    <ol className="steps">
      <li>
        <p>
          Install the agent there. The package, a tarball and a container are in{' '}
          <code>docs/operations.md</code>.
        </p>
      </li>
      <li>
        <p>Make a token. It enrolls one agent, and is shown only once.</p>
        <p>
          <button
            type="button"
            className="primary"
            disabled={act.busy || token !== null}
            onClick={async () =>
              setToken((await act.run('postAgentsTokens', { body: { uses: 1 } }))?.answer ?? null)
            }
          >
            Make a token
          </button>{' '}
          {token !== null && <span className="quiet">Valid until {fullTime(token.expires, zone)}.</span>}
        </p>
        <Refused why={act.problem} />
      </li>
      <li>
        <p>
          Set it up. It shows what it finds on that machine, and asks before it writes the settings, enrolls
          and starts:
        </p>
        <Lines name="command" text={`${setupLine(token?.token ?? 'TOKEN')}\n`} />
      </li>
    </ol>
  )
}

/** Lines to copy. */
function Lines({ name, text }: { readonly name: string; readonly text: string }) {
  const [told, setTold] = useState('')
  const copy = (): void =>
    void navigator.clipboard.writeText(text).then(
      () => setTold('Copied.'),
      () => setTold('The browser does not let this page copy: select the lines.'),
    )
  return (
    <div className="lines">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
      <section aria-label={name} tabIndex={0}>
        <pre>{text}</pre>
      </section>
      <p>
        <button type="button" aria-label={`Copy ${name}`} onClick={copy}>
          Copy
        </button>{' '}
        <span className="quiet small" role="status">
          {told}
        </span>
      </p>
    </div>
  )
}

/** Waits for the first event, and leads to it. */
function Arrival({ agents }: { readonly agents: readonly Agent[] }) {
  const isThere = agents.some(hasShipped)
  const { data } = useFound({ q: 'not event.module: waybill', sort: 'oldest' }, 1, isThere)
  const first = data?.events[0]
  const names = agents.filter(({ revoked }) => !revoked).map(({ name }) => name)
  return (
    <div className="arrival" role="status">
      {first !== undefined ? (
        <p>
          The first event has arrived.{' '}
          <Link className="button primary" to={`/events/${idOf(first)}`}>
            Show the first event
          </Link>{' '}
          <Link to="/events">Show all events</Link>
        </p>
      ) : (
        <p>
          <span className="waiting-dot" aria-hidden="true" />
          {names.length === 0
            ? 'Waiting for an agent to enroll …'
            : `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} enrolled. Waiting for the first event …`}
        </p>
      )}
    </div>
  )
}
