import { expect, it } from 'vitest'
import type { ShownAgent } from '../store/port.ts'
import type { Agent } from './agents.ts'
import type { Presence } from './presence.ts'
import { showAgents } from './shown-agents.ts'

const agentOf = (id: string, more: Partial<Agent> = {}): Agent => ({
  id,
  name: id,
  host: `${id}.example`,
  version: '1.0.0',
  enrolled: 1000,
  keys: [{ id: 'k', pem: '' }],
  revoked: null,
  own: false,
  ...more,
})
const seenAt = (lastSeen: number): Presence => ({ lastSeen, heartbeat: null, clockOffset: null, beats: [] })

/** The shown agents, by the writes; `down` makes writes fail. */
function trial(agents: Agent[]) {
  const writes: string[][] = []
  const shown = new Map<string, ShownAgent>()
  const presences = new Map<string, Presence>()
  const warnings: string[] = []
  const state = { down: false }
  const parts = {
    store: {
      async showAgents(changed: readonly ShownAgent[]) {
        if (state.down) throw new Error('no such index')
        writes.push(changed.map(({ id }) => id))
        for (const agent of changed) shown.set(agent.id, agent)
      },
    },
    agents: { list: () => agents },
    presences: { get: (id: string) => presences.get(id) },
    breaks: { of: () => [] },
    silentAfter: () => 300_000,
    log: { warn: (text: string) => void warnings.push(text) },
  }
  return { ...showAgents(parts), writes, shown, presences, warnings, state }
}

it('all agents are shown at the start, also one that was never seen, and later those that have changed', async () => {
  const { now, close, writes, shown, presences } = trial([agentOf('a'), agentOf('b')])
  await now()
  expect(writes).toEqual([['a', 'b']])
  expect(shown.get('a')).toMatchObject({ seen: null, ledger: null, revoked: false, silentAfter: 300_000 })
  presences.set('b', seenAt(5000))
  await now()
  await close()
  expect(writes).toEqual([['a', 'b'], ['b']])
  expect(shown.get('b')).toMatchObject({ seen: 5000 })
})

it('an agent that was revoked is shown as that', async () => {
  const agents = [agentOf('a')]
  const { now, close, shown } = trial(agents)
  await now()
  agents[0] = agentOf('a', { revoked: 7000 })
  await now()
  await close()
  expect(shown.get('a')?.revoked).toBe(true)
})

it('a failure is logged once with the remedy, and what was not written is written later', async () => {
  const { now, close, writes, warnings, state } = trial([agentOf('a')])
  state.down = true
  await now()
  await now()
  expect(warnings).toEqual([
    'The state of the agents could not be written for Kibana: no such index. If the index or a privilege is missing, run `waybill setup` again.',
  ])
  state.down = false
  await now()
  await close()
  expect(writes.flat()).toContain('a')
})
