import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { Failed, Loading } from '../frame/states.tsx'
import { ago, bytes } from '../time/format.ts'

export type Agent = Answer<'getAgents'>['agents'][number]

export type Health = 'well' | 'notices' | 'behind' | 'silent' | 'gaps' | 'revoked'

const SILENT = 90_000
const BEHIND = 10_000_000

/** The gravest problem of an agent. */
export function healthOf(agent: Agent, now: number): Health {
  if (agent.revoked) return 'revoked'
  if (agent.chains.some(({ gaps }) => gaps.length > 0)) return 'gaps'
  if (agent.lastSeen === null || now - agent.lastSeen > SILENT) return 'silent'
  if ((agent.lagBytes ?? 0) > BEHIND) return 'behind'
  return agent.notices.length > 0 ? 'notices' : 'well'
}

export const HEALTH: Record<Health, string> = {
  well: 'Healthy',
  notices: 'Check its inputs',
  behind: 'Behind',
  silent: 'Silent',
  gaps: 'Waybills missing',
  revoked: 'Revoked',
}

export function AgentsHealth() {
  const { data, error, isPending } = useAsk('getAgents', {}, { every: 10_000 })
  if (isPending) return <Loading rows={2} />
  if (data === undefined) return <Failed problem={error} />
  if (data.agents.length === 0) return <p className="quiet">No agent is enrolled yet.</p>
  const now = Date.now()
  return (
    <ul className="agents">
      {data.agents.map((agent) => {
        const health = healthOf(agent, now)
        return (
          <li key={agent.id}>
            <Link to="/settings/agents">
              <span className={`sign ${health}`}>{HEALTH[health]}</span> <bdi>{agent.name}</bdi>
              <span className="quiet">
                {agent.lastSeen === null ? 'never seen' : `last seen ${ago(agent.lastSeen, now)}`}
                {agent.lagBytes !== null && agent.lagBytes > 0 ? `, ${bytes(agent.lagBytes)} behind` : ''}
              </span>
            </Link>
            {agent.notices.map((notice) => (
              <p key={notice} className="quiet small">
                <bdi>{notice}</bdi>
              </p>
            ))}
          </li>
        )
      })}
    </ul>
  )
}
