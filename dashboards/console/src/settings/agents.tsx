import { useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { useZone } from '../frame/preferences.ts'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { type Agent, HEALTH, healthOf } from '../screens/agents-health.tsx'
import { useMay } from '../session/session.tsx'
import { bytes, counted, figure, fullTime, span } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { Confirm, Once } from './confirm.tsx'
import { useAct } from './use-act.ts'

export function Agents() {
  const { data, error, isPending } = useAsk('getAgents', {}, { every: 5_000 })
  const mayManage = useMay('agents')
  const zone = useZone()
  const act = useAct()
  const [token, setToken] = useState<{ token: string; expires: number } | null>(null)
  if (isPending) return <Loading />
  if (data === undefined) return <Failed problem={error} />
  return (
    <>
      {mayManage && (
        <p className="actions">
          <button
            type="button"
            disabled={act.busy}
            onClick={async () =>
              setToken((await act.run('postAgentsTokens', { body: { uses: 1 } }))?.answer ?? null)
            }
          >
            Add a host
          </button>
        </p>
      )}
      <Refused why={act.problem} />
      {data.agents.length === 0 && (
        <Empty title="No agent is enrolled yet.">
          Add a host: the command that is shown then sets its agent up.
        </Empty>
      )}
      <div className="cards">
        {data.agents.map((agent) => (
          <AgentCard
            key={agent.id}
            agent={agent}
            onRevoke={
              mayManage ? () => void act.run('postAgentsIdRevoke', { params: { id: agent.id } }) : null
            }
          />
        ))}
      </div>
      {token !== null && (
        <Once
          title="Add a host"
          secret={setupLine(token.token)}
          note={`Run this on the host, where the agent is installed. The token in it enrolls one agent, until ${fullTime(token.expires, zone)}, and is shown only once. Add --ca FILE if your own authority issued the certificate of this indexer.`}
          onClose={() => setToken(null)}
        />
      )}
    </>
  )
}

/** The command that sets up the agent of another host. */
export const setupLine = (token: string): string =>
  `WAYBILL_TOKEN=${token} waybill-agent setup --indexer ${window.location.origin}`

const clockOf = (offset: number): string =>
  Math.abs(offset) < 1000 ? 'correct' : `${span(Math.abs(offset))} ${offset > 0 ? 'ahead' : 'behind'}`

/** The files that an agent reads, with how far each is acknowledged. */
function Files({ agent, details }: { agent: Agent; details: NonNullable<Agent['details']> }) {
  return (
    <details>
      <summary>{counted(details.files.length, 'file')}</summary>
      <ul className="agent-files" aria-label={`Files of ${agent.name}`}>
        {details.files.map(({ path, position, size, state, problem, lastRead }) => (
          <li key={path}>
            <bdi>{path}</bdi>
            <span className="quiet small">
              {state}, {position >= size ? `all ${bytes(size)}` : `${bytes(position)} of ${bytes(size)}`}{' '}
              acknowledged
              {lastRead !== null && (
                <>
                  , last read <When at={lastRead} relative />
                </>
              )}
            </span>
            {problem !== null && <span className="outcome failure">{problem}</span>}
          </li>
        ))}
      </ul>
    </details>
  )
}

const LEDGER = ['stored', 'duplicate', 'filtered', 'dead', 'quarantined', 'discarded', 'pending'] as const

function AgentCard({ agent, onRevoke }: { agent: Agent; onRevoke: (() => void) | null }) {
  const now = Date.now()
  const health = healthOf(agent, now)
  const { ledger } = agent
  const gaps = agent.chains.flatMap((chain) => chain.gaps)
  return (
    <section className="card" aria-label={`Agent ${agent.name}`}>
      <header>
        <h2>
          <bdi>{agent.name}</bdi>
        </h2>
        <span className={`sign ${health}`}>{HEALTH[health]}</span>
      </header>
      <dl className="pairs">
        <dt>Host</dt>
        <dd>{agent.host}</dd>
        <dt>Version</dt>
        <dd>{agent.version}</dd>
        <dt>Last seen</dt>
        <dd>{agent.lastSeen === null ? 'never' : <When at={agent.lastSeen} relative />}</dd>
        <dt>Enrolled</dt>
        <dd>
          <When at={agent.enrolled} />
        </dd>
        <dt>Backlog</dt>
        <dd>
          {bytes(agent.lagBytes ?? 0)}
          {agent.oldestPending === null ? '' : `, the oldest batch since ${span(agent.oldestPending)}`}
        </dd>
        {agent.details !== null && (
          <>
            <dt>Load</dt>
            <dd>
              {Math.round(agent.details.cpu * 100)} % of a processor, {bytes(agent.details.memory)} of memory
            </dd>
          </>
        )}
        <dt>Clock</dt>
        <dd>{agent.clockOffset === null ? 'unknown' : clockOf(agent.clockOffset)}</dd>
        <dt>Waybills</dt>
        <dd>
          {figure(agent.chains.reduce((sum, { waybills }) => sum + waybills, 0))}
          {gaps.length === 0 ? ', none missing' : ''}
          {gaps.map(({ from, to }) => (
            <span key={from} className="outcome failure">
              {' '}
              missing {from === to ? from : `${from} to ${to}`}
            </span>
          ))}
        </dd>
      </dl>
      {agent.notices.map((notice) => (
        <p key={notice} className="outcome warning">
          <bdi>{notice}</bdi>
        </p>
      ))}
      {ledger !== null && (
        <>
          <h3>{counted(ledger.read, 'record')} read, of which</h3>
          <ul className="ledger">
            {LEDGER.filter((name) => ledger[name] > 0 || name === 'stored').map((name) => (
              <li key={name} className={name}>
                <span className="count">{figure(ledger[name])}</span> {name}
              </li>
            ))}
          </ul>
          <p className="quiet small">
            Not included: {figure(ledger.skipped)} skipped, {figure(ledger.truncated)} truncated,{' '}
            {figure(ledger.errors)} not understood, {figure(ledger.dropped)} dropped.
          </p>
        </>
      )}
      {agent.details !== null && agent.details.files.length > 0 && (
        <Files agent={agent} details={agent.details} />
      )}
      <a
        className="button"
        download={`waybill-agent-${agent.name}.json`}
        href={`data:application/json,${encodeURIComponent(JSON.stringify(agent, null, 2))}`}
      >
        Save the diagnosis
      </a>{' '}
      {onRevoke !== null && !agent.revoked && (
        <Confirm label="Revoke" title={`Revoke ${agent.name}?`} onConfirmed={onRevoke}>
          The indexer refuses its key from now on, for good. The events that it shipped stay.
        </Confirm>
      )}
    </section>
  )
}
