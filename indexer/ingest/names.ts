import type { Heartbeat } from '../../schema/wire/index.ts'
import { hostMatcher } from '../store/index.ts'
import { type Agent, type Agents, hostsOf } from './agents.ts'
import type { Presences } from './presence.ts'
import type { Trail } from './trail.ts'

/** Names compare as people see them. */
const folded = (name: string): string => name.normalize('NFKC').trim().toLowerCase()
const MOST_TOLD = 10_000

/** The names of agents. An agent may change its name, but never take one that another agent has. */
export class AgentNames {
  readonly #agents: Agents
  readonly #presences: Presences
  readonly #trail: Trail
  readonly #told = new Set<string>()

  constructor(parts: { agents: Agents; presences: Presences; trail: Trail }) {
    this.#agents = parts.agents
    this.#presences = parts.presences
    this.#trail = parts.trail
  }

  /** Returns the name and the host of an agent from now on, according to its heartbeat. */
  async of(agent: Agent, said: Pick<Heartbeat, 'name' | 'host'>): Promise<{ name: string; host: string }> {
    const hosts = hostsOf(agent)
    const host = hosts === null || hostMatcher(hosts)(said.host) ? said.host : agent.host
    const before = this.#nameOf(agent)
    if (said.name === before) return { name: before, host }
    const isTaken = this.#isTaken(said.name, agent)
    const name = isTaken ? before : said.name
    const key = `${agent.id}/${said.name}`
    if (!isTaken || !this.#told.has(key)) {
      if (this.#told.size >= MOST_TOLD) this.#told.clear()
      if (isTaken) this.#told.add(key)
      await this.#trail.record({
        action: 'agent-rename',
        category: 'security',
        message: isTaken
          ? `Agent ${before} (${agent.id}) calls itself ${said.name}, which is the name of another agent: it keeps its previous name.`
          : `Agent ${before} (${agent.id}) calls itself ${said.name} now.`,
        outcome: isTaken ? 'failure' : 'success',
        ...(isTaken && { reason: 'another agent has this name' }),
        by: { name: 'agent' },
        entity: { type: 'agent', id: agent.id, name },
        changes: [{ field: 'name', old: before, new: said.name }],
      })
    }
    return { name, host }
  }

  #nameOf({ id, name }: Agent): string {
    return this.#presences.get(id)?.heartbeat?.name ?? name
  }

  /**
   * Whether another agent was enrolled with the name or has it now, the indexer's own agent included. Revoked agents keep their names:
   * events have them.
   */
  #isTaken(name: string, by: Agent): boolean {
    const wanted = folded(name)
    return this.#agents
      .all()
      .some(
        (agent) =>
          agent.id !== by.id && (folded(agent.name) === wanted || folded(this.#nameOf(agent)) === wanted),
      )
  }
}
