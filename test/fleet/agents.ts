import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { pino } from 'pino'
import { createShipper, enroll, type Shipper } from '../../agent/ship/index.ts'
import { openState, type State } from '../../agent/state/index.ts'
import {
  canonical,
  leavesOf,
  merkleRoot,
  mintedEventId,
  mintedIdPrefix,
  type SourceId,
} from '../../schema/index.ts'
import type { Ledger } from '../../schema/wire/index.ts'

export interface FleetOptions {
  /** Each agent gets a data folder in it. */
  readonly dir: string
  readonly indexers: readonly string[]
  readonly agents: number
  /** The enrolment token of all but the first agent. */
  readonly token: () => Promise<string>
  readonly heartbeatEvery: number
}

/** The time from sealing a batch to its acknowledgement. */
export interface Acknowledged {
  /** When it was sealed, in ms of `performance.now()`. */
  readonly sealed: number
  readonly ms: number
  readonly events: number
}

/** What enrolling all agents at once took. */
export interface Enrolling {
  readonly seconds: number
  /** The time until each agent was enrolled, sorted. */
  readonly waited: readonly number[]
  /** Attempts that the indexers did not answer in time, or refused for the moment. */
  readonly retries: number
}

const log = pino({ level: process.env.WAYBILL_FLEET_LOG ?? 'silent' }, pino.destination(2))
const RETRY_AFTER = 500
/** The bytes between the beginnings of two records. */
const RECORD = 430

/**
 * Many agents in one process. Each has a key, a data folder, a spool, a chain of waybills and heartbeats of its own, and sends by the code of
 * the real agent. Only the records are made up, instead of being read from files.
 */
export class Fleet {
  readonly agents: readonly FleetAgent[]
  readonly enrolling: Enrolling
  /** Acknowledgements, in their order. */
  readonly acknowledged: Acknowledged[]

  private constructor(agents: readonly FleetAgent[], enrolling: Enrolling, acknowledged: Acknowledged[]) {
    this.agents = agents
    this.enrolling = enrolling
    this.acknowledged = acknowledged
  }

  /** Enrolls all agents at once, each preferring another indexer than the one before, and starts them. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const acknowledged: Acknowledged[] = []
    const waited: number[] = []
    let retries = 0
    const add = async (number: number, token?: string): Promise<FleetAgent> => {
      const began = performance.now()
      for (;;) {
        try {
          const agent = await FleetAgent.enrolled(number, { ...options, acknowledged, token })
          waited.push(performance.now() - began)
          return agent
        } catch (problem) {
          if (performance.now() - began > 600_000) throw problem
          retries++
          await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER * (0.5 + Math.random())))
        }
      }
    }
    // The first one needs no token.
    const first = await add(0)
    waited.length = 0
    const token = await options.token()
    const began = performance.now()
    const others = Array.from({ length: options.agents - 1 }, (_, i) => add(i + 1, token))
    const agents = [first, ...(await Promise.all(others))]
    const seconds = (performance.now() - began) / 1000
    await Promise.all(agents.map((agent) => agent.start()))
    return new Fleet(agents, { seconds, waited: waited.sort((a, b) => a - b), retries }, acknowledged)
  }

  /** The ids of all events that were made. */
  ids(): Set<string> {
    return new Set(this.agents.flatMap((agent) => agent.ids()))
  }

  get heartbeats(): number {
    return this.agents.reduce((sum, { heartbeats }) => sum + heartbeats, 0)
  }

  get pending(): number {
    return this.agents.reduce((sum, agent) => sum + agent.total().pending, 0)
  }

  total(member: keyof Ledger): number {
    return this.agents.reduce((sum, agent) => sum + agent.total()[member], 0)
  }

  async close(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.close()))
  }
}

export class FleetAgent {
  readonly name: string
  readonly id: string
  readonly #source: SourceId
  readonly #prefix: string
  readonly #shipper: Shipper
  readonly #state: State
  readonly #sealed = new Map<number, number>()
  #records = 0
  heartbeats = 0

  private constructor(parts: {
    name: string
    id: string
    source: SourceId
    state: State
    shipper: (agent: () => FleetAgent) => Shipper
  }) {
    this.name = parts.name
    this.id = parts.id
    this.#source = parts.source
    this.#prefix = mintedIdPrefix(parts.source, 0)
    this.#state = parts.state
    this.#shipper = parts.shipper(() => this)
  }

  static async enrolled(
    number: number,
    options: Omit<FleetOptions, 'token'> & { acknowledged: Acknowledged[]; token: string | undefined },
  ): Promise<FleetAgent> {
    const name = `host-${number}`
    const dir = join(options.dir, name)
    await mkdir(dir, { recursive: true })
    const first = number % options.indexers.length
    const indexers = [...options.indexers.slice(first), ...options.indexers.slice(0, first)]
    const about = { name, host: `${name}.example`, version: '0.1.0' }
    const identity = await enroll({ ...about, url: indexers[0]!, dir, token: options.token })
    const state = await openState(join(dir, 'state'), { log })
    const began = performance.now()
    return new FleetAgent({
      name,
      id: identity.agent,
      source: randomBytes(16).toString('hex') as SourceId,
      state,
      shipper: (agent) =>
        createShipper({
          state,
          dir,
          indexers,
          identity,
          random: randomBytes,
          log,
          heartbeatEvery: options.heartbeatEvery,
          heartbeat: () => {
            agent().heartbeats++
            return {
              ...about,
              settings: null,
              uptime: Math.round(performance.now() - began),
              lagBytes: 0,
              oldestPending: null,
              sources: 1,
              quarantinedBatches: 0,
              ledger: agent().total(),
            }
          },
          hooks: {
            settled: (slices) => {
              for (const { from, events } of slices) options.acknowledged.push(agent().#settle(from, events))
              return []
            },
            lost: () => {
              throw new Error(`${name} lost a batch`)
            },
          },
        }),
    })
  }

  async start(): Promise<void> {
    await this.#shipper.start()
  }

  /** Seals this many records as one batch; resolves when it is in the spool. */
  async write(records: number): Promise<void> {
    const from = this.#records * RECORD
    const lines = Array.from({ length: records }, (_, i) => this.#line(this.#records + i))
    this.#records += records
    const to = this.#records * RECORD
    const text = Buffer.from(`\0${lines.join('\n')}\n`)
    const { leaves } = leavesOf(text, 1, text.length)
    const counts = {
      read: records,
      events: records,
      filtered: 0,
      skipped: 0,
      truncated: 0,
      errors: 0,
      dropped: 0,
    }
    this.#sealed.set(from, performance.now())
    await this.#shipper.seal(
      {
        buffer: new ArrayBuffer(0),
        payload: zstdCompressSync(text.subarray(1)),
        encoding: 'zstd',
        events: records,
        bytes: text.length - 1,
        root: merkleRoot(leaves).toString('hex'),
        slices: [counts],
        shapes: [],
      },
      [{ ...counts, source: this.#source, generation: 0, path: '/var/log/app/audit.jsonl', from, to }],
    )
  }

  #settle(from: number, events: number): Acknowledged {
    const sealed = this.#sealed.get(from)
    if (sealed === undefined) throw new Error(`${this.name}: nothing was sealed from ${from}`)
    this.#sealed.delete(from)
    return { sealed, ms: performance.now() - sealed, events }
  }

  /** An event as `generic-json` makes it, of about 1.1 KB. */
  #line(number: number): string {
    const offset = number * RECORD
    const user = { id: `u-${1000 + (number % 50)}`, name: `user-${number % 50}` }
    const entity = { id: `INV-${100_000 + number}`, type: 'invoice' }
    const time = new Date(Date.UTC(2026, 10, 2) + offset).toISOString()
    const message = `${user.name} changed ${entity.type} ${entity.id}`
    const changes = [{ field: 'amount', new: String(number + 1), old: String(number) }]
    const payload = { build: '2026.11.3', region: 'eu-west-1', request_id: offset.toString(16) }
    const original = JSON.stringify({ time, user, action: 'update', entity, message, changes, ...payload })
    return canonical({
      '@timestamp': time,
      agent: { id: this.id, name: this.name, version: '0.1.0' },
      audit: { category: number % 10 === 0 ? 'security' : 'change', changes, entity, payload },
      event: {
        action: 'record.update',
        id: mintedEventId(this.#prefix, offset),
        kind: 'event',
        module: 'generic-json',
        original,
        outcome: 'success',
        sequence: offset,
      },
      host: { name: `${this.name}.example` },
      log: { file: { path: '/var/log/app/audit.jsonl' }, offset },
      message,
      source: { ip: `192.0.2.${number % 250}` },
      user,
    })
  }

  ids(): string[] {
    return Array.from({ length: this.#records }, (_, i) => mintedEventId(this.#prefix, i * RECORD))
  }

  total(): Ledger {
    return this.#shipper.total()
  }

  async close(): Promise<void> {
    await this.#shipper.close()
    await this.#state.close()
  }
}
