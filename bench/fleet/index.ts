/**
 * A thousand agents in one process, with the real protocol and a key each, against two indexers beside an Elasticsearch, or against one with
 * the embedded store. One indexer is killed while they send, and started again. At the end each event must be stored once.
 *
 *   npm run bench:fleet
 *   npm run bench:fleet -- --embedded
 *   npm run bench:fleet -- --agents 200 --seconds 20
 */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startEngine } from '../../test/engines/elasticsearch.ts'
import { Fleet } from '../../test/fleet/agents.ts'
import { agentsAt, mintedToken, storedIds } from '../../test/fleet/checks.ts'
import { quickDisk } from '../../test/quick-disk.ts'
import { freePort, until } from '../../test/system/system.ts'
import { engineCpuSeconds, Measured, published } from '../processes.ts'

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '1000' },
    embedded: { type: 'boolean', default: false },
    /** The length of each phase. */
    seconds: { type: 'string', default: '60' },
    /** The average time between two batches of an agent, and the records of such a batch. */
    trickle: { type: 'string', default: '30' },
    records: { type: 'string', default: '3' },
    /** Every ten seconds this many agents have a burst of this many records. */
    bursting: { type: 'string', default: '10' },
    burst: { type: 'string', default: '500' },
  },
})
const number = (name: Exclude<keyof typeof values, 'embedded'>): number => Number(values[name])
const AGENTS = number('agents')
const PHASE_MS = number('seconds') * 1000
/** As an agent has it by default. */
const HEARTBEAT_EVERY = 15_000
const BURST_EVERY = 10_000
const DRAIN_WITHIN = 900_000

const dir = await mkdtemp(join(quickDisk, 'waybill-fleet-'))
const namespace = `fleet${randomBytes(4).toString('hex')}`
const engine = values.embedded ? null : await startEngine()

/** An indexer that can be killed and started again on its folder. */
class Indexer {
  readonly name: string
  readonly url: string
  #process: Measured | null = null
  #peak = 0
  #cpuBefore = 0
  readonly #sampling = setInterval(() => (this.#peak = Math.max(this.#peak, this.resident)), 200)

  constructor(name: string, port: number) {
    this.name = name
    this.url = `http://127.0.0.1:${port}`
  }

  /** Starts it; returns the seconds until it was ready. */
  async start(): Promise<number> {
    const began = performance.now()
    const path = join(dir, this.name)
    const store =
      engine === null
        ? `embedded: { path: ${path} }`
        : `elasticsearch: { nodes: ['${engine.address.url}'], username: ${engine.address.username}, password: ${engine.address.password}, path: ${path} }`
    const config = join(dir, `${this.name}.yml`)
    await writeFile(
      config,
      `listen: ${this.url}\nnamespace: ${namespace}\nread: open-on-loopback\nmanage: open-on-loopback\nstore: { ${store} }\n`,
    )
    this.#process = new Measured(published('waybill'), ['indexer', '--config', config], `${path}.log`)
    this.#process.child.stdout?.resume()
    await until(`${this.name} is ready`, async () => {
      const answer = await fetch(`${this.url}/readyz`).catch(() => null)
      return answer?.ok === true
    })
    return (performance.now() - began) / 1000
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process
    this.#cpuBefore = this.cpuSeconds
    this.#process = null
    running?.child.kill(signal)
    await running?.ended()
  }

  async close(): Promise<void> {
    clearInterval(this.#sampling)
    await this.end('SIGTERM')
  }

  get resident(): number {
    return this.#process === null || this.#process.child.exitCode !== null
      ? 0
      : this.#process.residentMegabytes()
  }

  get peak(): number {
    return this.#peak
  }

  /** Of all its processes so far. */
  get cpuSeconds(): number {
    return this.#cpuBefore + (this.#process?.usage().cpuSeconds ?? 0)
  }
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
const times = (ms: readonly number[]): string => {
  const sorted = [...ms].sort((a, b) => a - b)
  return `median ${at(sorted, 0.5).toFixed(0)} ms, 99 % within ${at(sorted, 0.99).toFixed(0)} ms, longest ${at(sorted, 1).toFixed(0)} ms`
}
const engineCpu = async (): Promise<number> => (engine === null ? 0 : engineCpuSeconds(engine.address))

const indexers = [new Indexer('one', await freePort())]
if (engine !== null) indexers.push(new Indexer('two', await freePort()))
const [first] = indexers as [Indexer]
const shares = async (seconds: number, before: readonly number[], engineBefore: number): Promise<string> => {
  const each = indexers.map(({ name, cpuSeconds }, i) => {
    const share = ((cpuSeconds - before[i]!) / seconds) * 100
    return `${name} ${share.toFixed(0)} %`
  })
  if (engine !== null)
    each.push(`Elasticsearch ${((((await engineCpu()) - engineBefore) / seconds) * 100).toFixed(0)} %`)
  return `of a core: ${each.join(', ')}`
}

let fleet: Fleet | null = null

/** Lets the agents write for a phase: trickles at random, and bursts. Prints what was acknowledged of it. */
async function phase(name: string, during: () => Promise<void> = async () => {}): Promise<void> {
  const { agents, acknowledged } = fleet!
  const began = performance.now()
  const before = indexers.map(({ cpuSeconds }) => cpuSeconds)
  const engineBefore = await engineCpu()
  const from = acknowledged.length
  const writing: Promise<void>[] = []
  let nextBurst = began
  let due = 0
  const meanwhile = during()
  for (;;) {
    const now = performance.now() - began
    if (now > PHASE_MS) break
    const wanted = (now / 1000) * (AGENTS / number('trickle'))
    for (; due < wanted; due++)
      writing.push(agents[Math.floor(Math.random() * agents.length)]!.write(number('records')))
    if (began + now >= nextBurst) {
      nextBurst += BURST_EVERY
      for (let i = 0; i < number('bursting'); i++)
        writing.push(agents[Math.floor(Math.random() * agents.length)]!.write(number('burst')))
    }
    await pause(20)
  }
  await Promise.all([...writing, meanwhile])
  const shown = await shares((performance.now() - began) / 1000, before, engineBefore)
  const sealing = performance.now()
  await until(`${name}: all is acknowledged`, () => fleet!.pending === 0, DRAIN_WITHIN)
  const all = acknowledged.slice(from)
  const events = all.reduce((sum, one) => sum + one.events, 0)
  const seconds = (performance.now() - began) / 1000
  console.log(
    `${name}: ${all.length} batches, ${events} events in ${seconds.toFixed(1)} s (${Math.round(events / seconds)} events/s); acknowledged ${times(all.map(({ ms }) => ms))}; the last ${((performance.now() - sealing) / 1000).toFixed(1)} s after the end; ${shown}`,
  )
}

try {
  for (const indexer of indexers) await indexer.start()
  await pause(5000)
  console.log(
    `at rest: ${indexers.map(({ name, resident }) => `${name} ${resident.toFixed(0)} MB`).join(', ')}`,
  )

  const before = indexers.map(({ cpuSeconds }) => cpuSeconds)
  const engineBefore = await engineCpu()
  const data = join(dir, 'agents')
  await mkdir(data)
  fleet = await Fleet.start({
    dir: data,
    indexers: indexers.map(({ url }) => url),
    agents: AGENTS,
    token: () => mintedToken(first.url, AGENTS),
    heartbeatEvery: HEARTBEAT_EVERY,
  })
  const { seconds, waited, retries } = fleet.enrolling
  console.log(
    `enrolment: ${AGENTS} agents at once in ${seconds.toFixed(1)} s (${Math.round(AGENTS / seconds)}/s); each waited ${times(waited)}; ${retries} attempts repeated; ${await shares(seconds, before, engineBefore)}`,
  )

  const idle = performance.now()
  const idleBefore = indexers.map(({ cpuSeconds }) => cpuSeconds)
  const idleEngine = await engineCpu()
  const beats = fleet.heartbeats
  await pause(PHASE_MS)
  const idleSeconds = (performance.now() - idle) / 1000
  console.log(
    `heartbeats only: ${((fleet.heartbeats - beats) / idleSeconds).toFixed(0)}/s; ${await shares(idleSeconds, idleBefore, idleEngine)}`,
  )

  await phase('trickle and bursts')
  await phase('the same, one indexer killed after a quarter and started at the half', async () => {
    await pause(PHASE_MS / 4)
    await first.end('SIGKILL')
    await pause(PHASE_MS / 4)
    console.log(`  ready again ${(await first.start()).toFixed(1)} s after its start`)
  })

  const made = fleet.ids()
  await pause(HEARTBEAT_EVERY + 5000)
  const ids = await storedIds(first.url, 'event.module: generic-json')
  const stored = new Set(ids)
  const lost = [...made].filter((id) => !stored.has(id)).length
  const heard = new Set<string>()
  for (const { url } of indexers)
    for (const { id, lastSeen } of await agentsAt(url))
      if (lastSeen !== null && Date.now() - lastSeen < 2 * HEARTBEAT_EVERY) heard.add(id)
  console.log(
    `${made.size} events made, ${ids.length} stored: ${lost} lost, ${ids.length - stored.size} twice; ${fleet.total('dead')} dead letters; heard from ${heard.size} of ${AGENTS} agents lately`,
  )
  console.log(`at most: ${indexers.map(({ name, peak }) => `${name} ${peak.toFixed(0)} MB`).join(', ')}`)
  if (lost > 0 || ids.length !== stored.size) process.exitCode = 1
} finally {
  await fleet?.close()
  for (const indexer of indexers) await indexer.close()
  await engine?.stop()
  await rm(dir, { recursive: true, force: true })
}
