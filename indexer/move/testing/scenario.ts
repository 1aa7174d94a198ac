import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { expect } from 'vitest'
import { canonical, sealedPart, sha256 } from '../../../schema/index.ts'
import { type Ran, start } from '../../cli/testing/command.ts'
import { readIndexerConfig } from '../../config.ts'
import { askAt, type Sealed, TestAgent } from '../../ingest/testing.ts'
import { USUAL_TABLE } from '../../lifecycle/table.ts'
import { openStore } from '../../open-store.ts'
import { type RunningIndexer, startIndexer } from '../../server.ts'
import { everything } from '../../store/testing/reference.ts'

const EVENTS = 400
const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(12)

/** An agent that ships all the time, and sends a batch again until it is acknowledged. */
export class ShippingAgent {
  readonly agent: TestAgent
  readonly lines = new Set<string>()
  readonly acknowledged: Sealed[] = []
  url: string
  #stopping = false
  #running: Promise<void> | null = null

  constructor(agent: TestAgent, url: string) {
    this.agent = agent
    this.url = url
  }

  begin(): void {
    this.#stopping = false
    this.#running = this.#ship()
  }

  async end(): Promise<void> {
    this.#stopping = true
    await this.#running
  }

  async ship(events = EVENTS): Promise<void> {
    const made = Array.from({ length: events }, (_, i) =>
      this.agent.event({
        audit: { category: i % 3 === 0 ? 'security' : 'change' },
        message: `${TEXT} number ${i} of ${this.agent.sequence}`,
      }),
    )
    for (const event of made) this.lines.add(canonical(event))
    const sealed = this.agent.seal(made)
    for (;;) {
      const answer = await this.agent.send(this.url, sealed).catch(() => null)
      if (answer?.status === 200) break
      if (this.#stopping && answer === null) {
        // The indexer is away: the batch stays in the spool.
        this.spooled.push(sealed)
        return
      }
      await pause(50)
    }
    this.acknowledged.push(sealed)
  }

  /** Sealed batches that no indexer has acknowledged. */
  readonly spooled: Sealed[] = []

  async #ship(): Promise<void> {
    while (!this.#stopping && this.spooled.length === 0) {
      await this.ship(10)
      await pause(100)
    }
  }

  async sendSpooled(): Promise<void> {
    for (const sealed of this.spooled.splice(0)) {
      const answer = await this.agent.send(this.url, sealed)
      expect(answer.status).toBe(200)
      this.acknowledged.push(sealed)
    }
  }
}

/** The places of one test: settings files, and the folders that they name. */
export class Places {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async make(): Promise<Places> {
    return new Places(await mkdtemp(join(tmpdir(), 'waybill-move-')))
  }

  /** A settings file for a store; `store` is what stands under `store:`. */
  async settings(name: string, store: object, more: object = {}): Promise<string> {
    const file = join(this.folder, `${name}.yml`)
    await writeFile(
      file,
      JSON.stringify({
        listen: 'http://127.0.0.1:0',
        read: 'open-on-loopback',
        manage: 'open-on-loopback',
        enroll: 'open-on-loopback',
        ...more,
        store,
      }),
    )
    return file
  }

  async embedded(name: string, more: object = {}): Promise<string> {
    return this.settings(name, { embedded: { path: join(this.folder, name), 'min-free': '1MiB' } }, more)
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true })
  }
}

export async function runIndexer(settings: string): Promise<RunningIndexer> {
  const config = await readIndexerConfig(settings)
  return startIndexer(config, { log: pino({ level: 'silent' }), isTimed: false })
}

export const move = (from: string, to: string, ...more: string[]): Promise<Ran> =>
  start(['move', '--from', from, '--to', to, ...more]).ended

/** Runs a move, and kills it some time after it has begun to copy; returns whether it was still running. */
export async function killedAfter(ms: number, from: string, to: string, ...more: string[]): Promise<boolean> {
  const running = start(['move', '--from', from, '--to', to, ...more])
  const begun = async (): Promise<null> => {
    while (!running.err().includes('Copying')) await pause(5)
    await pause(ms)
    return null
  }
  const ended = await Promise.race([running.ended, begun()])
  if (ended !== null) return false
  running.child.kill('SIGKILL')
  await running.ended
  return true
}

/** Opens the store of these settings, and returns the sealed lines of its events of this agent, sorted, each as often as it is there. */
export async function linesIn(settings: string, agent: string): Promise<string[]> {
  const config = await readIndexerConfig(settings)
  const store = await openStore(config, { table: USUAL_TABLE, log: () => {} })
  try {
    const query = { kind: 'equals', field: 'agent.id', value: agent } as const
    const events = await everything(store, { query, order: 'oldest', limit: 1000 })
    return events.map((event) => canonical(sealedPart(event))).sort()
  } finally {
    await store.close()
  }
}

/**
 * Moves a store with a running indexer to another one: killed at several moments, while an agent ships. Afterwards each event is there
 * once, the agent goes on at the new indexer without enrolment, and the old store is closed.
 */
export async function movesWhileShipping({
  from,
  to,
  kills,
  batches,
  known,
}: {
  readonly from: string
  readonly to: string
  /** The number of batches that are there before the move begins. */
  readonly batches: number
  /** The agent of an earlier move, which goes on. */
  readonly known?: ShippingAgent
  /** The times, ms, after which the command is killed. */
  readonly kills: readonly number[]
}): Promise<{ agent: ShippingAgent; indexer: RunningIndexer; statement: string }> {
  const before = await runIndexer(from)
  const agent = known ?? new ShippingAgent(await TestAgent.enrolled(before.url), before.url)
  agent.url = before.url
  for (let i = 0; i < batches; i++) await agent.ship()
  const broken = agent.agent.sealLines(['this is no event'])
  expect((await agent.agent.send(before.url, broken)).json).toMatchObject({ dead: 1 })
  agent.agent.sequence++
  agent.agent.previous = broken.hash
  const asked = { events: [{ event: 'erp.record.viewed', record: 'off' }] }
  const headers = { 'if-match': '*' }
  const put = await askAt(before.url, '/v1/settings/events', { method: 'PUT', headers, json: asked })
  expect(put.status).toBe(200)
  agent.begin()
  let killed = 0
  for (const ms of kills) if (await killedAfter(ms, from, to)) killed++
  expect(killed).toBeGreaterThan(0)
  const copied = await move(from, to)
  expect([copied.code, copied.err]).toEqual([0, expect.stringContaining('--finish')])
  // A target that is not finished is not served.
  await expect(runIndexer(to)).rejects.toThrow('is not finished')
  await pause(500)
  await before.close()
  await agent.end()
  for (const ms of kills) await killedAfter(ms, from, to, '--finish')
  const finished = await move(from, to, '--finish')
  expect([finished.code, finished.err]).toEqual([0, expect.stringContaining('Start the indexer')])
  await expect(runIndexer(from)).rejects.toThrow('was moved to')
  const indexer = await runIndexer(to)
  agent.url = indexer.url
  // An acknowledgement that was lost: the same answer, without a second event.
  const last = agent.acknowledged.at(-1)!
  const again = await agent.agent.send(indexer.url, last)
  expect([again.status, again.json.stored]).toEqual([200, last.manifest.events])
  await agent.sendSpooled()
  await agent.ship(10)
  const { json } = await askAt(indexer.url, '/v1/settings/events')
  expect(json).toMatchObject(asked)
  const { total } = (await askAt(indexer.url, '/v1/dead-letters')).json
  expect(total).toBe(known === undefined ? 1 : 2)
  return { agent, indexer, statement: finished.out }
}

/** Each event that was acknowledged is in the store once, as it was sealed. */
export async function holdsEachOnce(settings: string, agent: ShippingAgent): Promise<void> {
  const lines = await linesIn(settings, agent.agent.id)
  expect(lines.length).toBe(agent.lines.size)
  expect(sha256(lines.join('\n'))).toBe(sha256([...agent.lines].sort().join('\n')))
}
