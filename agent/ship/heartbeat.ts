import { reasonOf } from '../../schema/index.ts'
import { type Heartbeat, heartbeatAnswerSchema, signHeartbeat } from '../../schema/wire/index.ts'
import type { Log, State } from '../state/index.ts'
import type { Certificates } from './certificate.ts'
import type { Clock } from './clock.ts'
import type { Connection } from './connection.ts'
import type { Identity } from './identity.ts'
import { askSettings, type SettingsDesk } from './settings.ts'
import { wireReason } from './wire-reason.ts'

/** The agent's report about itself; the sender adds its identity and the end of its chain. */
export type HeartbeatNumbers = Omit<Heartbeat, 'agent' | 'key' | 'incarnation' | 'beat' | 'sent' | 'sequence'>

export interface HeartbeatOptions {
  readonly state: State
  readonly connections: readonly Connection[]
  readonly identity: Pick<Identity, 'agent' | 'key' | 'privateKey'>
  /** Receives the central settings; without it they are ignored. */
  readonly settings?: SettingsDesk | undefined
  /** Gets and renews certificates; absent if the operator names some. */
  readonly certificates?: Certificates | undefined
  readonly every: number
  readonly numbers: () => HeartbeatNumbers
  readonly place: () => { incarnation: string; sequence: number }
  readonly clock: Clock
  readonly log: Log
}

interface BeatRecord {
  readonly reserved: number
}

const BEATS = 'heartbeat'
/** The number of beats that are reserved in the state at once, so that none is used twice and few writes are needed. */
const RESERVE = 1000
const LAST_BEAT_MS = 1000

/** Regularly reports the agent's state to the indexer, so that silence has a meaning. */
export class HeartbeatSender {
  readonly #options: HeartbeatOptions
  #beat: number
  #reserved: number
  #preferred = 0
  #offset: number | null = null
  #quiet = false
  /** Indexers that accept notices, and those that accept details. */
  readonly #takeNotices = new Set<Connection>()
  readonly #takeDetails = new Set<Connection>()
  #closing = false
  #cancel: (() => void) | null = null
  #beating: Promise<void> = Promise.resolve()
  readonly #stop = new AbortController()

  constructor(options: HeartbeatOptions) {
    this.#options = options
    this.#beat = options.state.get<BeatRecord>(BEATS)?.reserved ?? 0
    this.#reserved = this.#beat
  }

  /** The lead of the indexer's clock over ours. */
  get clockOffset(): number | null {
    return this.#offset
  }

  start(): void {
    this.#beating = this.#tick()
  }

  /** Sends a last beat, so that the indexer's last information about this agent is recent; not if no beat gets through. */
  async close(): Promise<void> {
    this.#closing = true
    this.#cancel?.()
    const giveUp = this.#options.clock.after(LAST_BEAT_MS, () => this.#stop.abort())
    await this.#beating
    if (!this.#quiet && !this.#stop.signal.aborted) await this.#send().catch(() => undefined)
    giveUp()
    this.#stop.abort()
  }

  async #tick(): Promise<void> {
    const { clock, every, log } = this.#options
    try {
      await this.#send()
      this.#quiet = false
    } catch (problem) {
      // The sending of batches reports connection problems in detail; one line is enough here.
      if (!this.#quiet && !this.#stop.signal.aborted)
        log.warn({ reason: reasonOf(problem) }, 'no indexer accepted a heartbeat')
      this.#quiet = true
    }
    if (this.#closing) return
    this.#cancel = clock.after(every, () => {
      this.#beating = this.#tick()
    })
  }

  async #send(): Promise<void> {
    const { state, connections, identity, numbers, place, clock } = this.#options
    const { agent, key } = identity
    if (this.#beat >= this.#reserved) {
      const reserved = this.#beat + RESERVE
      await state.write([{ key: BEATS, value: { reserved } satisfies BeatRecord }])
      this.#reserved = reserved
    }
    this.#beat++
    const sent = clock.now()
    const { notices, details, ...others } = numbers()
    const bare: Heartbeat = { ...others, agent, key, ...place(), beat: this.#beat, sent }
    let reason = 'there is no indexer'
    for (let i = 0; i < connections.length; i++) {
      const at = (this.#preferred + i) % connections.length
      const connection = connections[at]!
      const heartbeat: Heartbeat = {
        ...bare,
        ...(this.#takeNotices.has(connection) && notices !== undefined && { notices }),
        ...(this.#takeDetails.has(connection) && details !== undefined && { details }),
      }
      const body = JSON.stringify(signHeartbeat(heartbeat, identity.privateKey))
      try {
        const answer = await connection.post('/v1/heartbeat', 'application/json', body, this.#stop.signal)
        if (answer.status === 200) {
          const back = clock.now()
          const { now, settings, takesNotices, takesDetails, givesCertificates } =
            heartbeatAnswerSchema.parse(JSON.parse(answer.body.toString('utf8')))
          this.#offset = Math.round(now - (sent + back) / 2)
          this.#preferred = at
          if (takesNotices === true) this.#takeNotices.add(connection)
          if (takesDetails === true) this.#takeDetails.add(connection)
          if (givesCertificates === true && !this.#closing) await this.#certify(connection, 'due')
          if (settings !== undefined && !this.#closing) await this.#followSettings(connection, settings)
          return
        }
        // The indexer may have an earlier version now.
        this.#takeNotices.delete(connection)
        this.#takeDetails.delete(connection)
        reason = `${connection.url} answers ${answer.status}`
        // A certificate may be missing, or a better one may help; heartbeats are too rare to be a burden.
        if (answer.status === 401 && !this.#closing) await this.#certify(connection, 'refused')
      } catch (problem) {
        reason = `${connection.url}: ${wireReason(problem)}`
      }
      if (this.#stop.signal.aborted) return
    }
    throw new Error(reason)
  }

  async #certify(connection: Connection, why: 'due' | 'refused'): Promise<void> {
    await this.#options.certificates?.follow(connection, {
      why,
      offset: this.#offset ?? 0,
      stop: this.#stop.signal,
    })
  }

  /** Now the indexer's clock is known: otherwise it might consider a request as too old if the agent's clock is wrong. */
  async #followSettings(connection: Connection, version: string): Promise<void> {
    const { settings: desk, identity, clock } = this.#options
    if (desk === undefined || desk.known() === version) return
    try {
      const given = await askSettings(connection, {
        identity,
        known: desk.known(),
        asked: clock.now() + (this.#offset ?? 0),
        stop: this.#stop.signal,
      })
      if (given !== null) desk.given(given)
    } catch (problem) {
      if (this.#stop.signal.aborted) return
      desk.failed(`The central settings ${version} of ${connection.url}: ${wireReason(problem)}.`)
    }
  }
}
