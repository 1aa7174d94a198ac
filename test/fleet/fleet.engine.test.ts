import type { ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { TestCluster } from '../../indexer/store/elasticsearch/testing/engine.ts'
import { freePort, kill, System, until } from '../system/system.ts'
import { Fleet } from './agents.ts'
import { agentsAt, mintedToken, storedIds } from './checks.ts'

const AGENTS = 100
const ROUNDS = 3
const RECORDS = 20
/** Small batches of a hundred agents are far below the indexer's limits, so this is mostly what the collector leaves for later. */
const ROOM_MIB = 200

const cluster = new TestCluster()
let system: System
let fleet: Fleet | undefined
beforeAll(async () => {
  system = await System.make()
})
afterAll(async () => {
  await fleet?.close()
  await system.end()
  await cluster.remove()
})

const residentMiB = ({ pid }: ChildProcess): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

test('a hundred agents and two indexers, one of them killed and started again: each event is stored once, heartbeats come from all, memory is bounded', {
  timeout: 600_000,
}, async () => {
  const { url: node, username, password } = inject('engine')
  const namespace = await cluster.make()
  const started = async (name: string, port: number): Promise<ChildProcess> => {
    const store = `{ nodes: ['${node}'], username: ${username}, password: ${password}, path: ${system.path(name)} }`
    writeFileSync(
      system.path(`${name}.yml`),
      `listen: http://127.0.0.1:${port}\nnamespace: ${namespace}\nread: open-on-loopback\nmanage: open-on-loopback\nstore: { elasticsearch: ${store} }\n`,
    )
    const child = system.start(name, ['@bin/waybill.js', 'indexer', '--config', `${name}.yml`])
    await until(`${name} is ready`, () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    )
    return child
  }
  const [here, there] = [await freePort(), await freePort()]
  const one = await started('one', here)
  const two = await started('two', there)
  const indexers = [`http://127.0.0.1:${here}`, `http://127.0.0.1:${there}`] as const
  fleet = await Fleet.start({
    dir: system.path('agents'),
    indexers,
    agents: AGENTS,
    token: () => mintedToken(indexers[0], AGENTS),
    heartbeatEvery: 1_000,
  })
  const { agents } = fleet
  const atRest = residentMiB(two)
  let most = 0
  const watched = setInterval(() => (most = Math.max(most, residentMiB(two))), 100)
  const { acknowledged } = fleet
  const settled = (count: number): Promise<unknown> =>
    until(`${count} batches are acknowledged`, () => acknowledged.length >= count, 200_000)
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(agents.map((agent) => agent.write(RECORDS)))
      // The others of this round are on their way or waiting.
      await settled(round * AGENTS + 20)
      if (round === 0) await kill(one, 'SIGKILL')
      if (round === 1) await started('one', here)
    }
    await until('all is acknowledged', () => fleet!.pending === 0, 200_000)
  } finally {
    clearInterval(watched)
  }

  const made = fleet.ids()
  expect(made.size).toBe(AGENTS * ROUNDS * RECORDS)
  expect(fleet.total('stored')).toBe(made.size)
  expect(fleet.total('duplicate') + fleet.total('dead') + fleet.total('quarantined')).toBe(0)
  await cluster.settled()
  for (const url of indexers) {
    const ids = await storedIds(url, 'event.module: generic-json')
    expect(ids).toHaveLength(made.size)
    expect(new Set(ids)).toEqual(made)
  }
  expect(most, `${atRest} MiB at rest`).toBeLessThan(atRest + ROOM_MIB)
  await until('each agent has reported in a heartbeat that all of its records are stored', async () => {
    const reports = (await Promise.all(indexers.map(agentsAt))).flat()
    return agents.every(({ id }) =>
      reports.some((agent) => agent.id === id && agent.ledger?.stored === ROUNDS * RECORDS),
    )
  })
})
