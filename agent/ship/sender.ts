import { codeOf, reasonOf } from '../../schema/index.ts'
import { type Acknowledgement, WAYBILL_TYPE } from '../../schema/wire/index.ts'
import type { Log } from '../state/index.ts'
import { type Backoff, jittered, judge, type Verdict } from './answer.ts'
import type { Batch } from './batch.ts'
import type { Clock } from './clock.ts'
import type { Connection } from './connection.ts'
import { besideAcknowledged, type Cuts, cutAgain, isTooLarge, NO_CUTS, waitsAlone } from './cuts.ts'
import { NOTHING_COUNTED, type ShipCounters } from './types.ts'
import { isCut, wireReason } from './wire-reason.ts'

export interface Delays {
  /** After an indexer was unreachable, busy or gave an unexpected answer. */
  readonly indexer: Backoff
  /** After its store was full: somebody must free space first. */
  readonly full: Backoff
  /** After it did not know this agent (any more): somebody must enrol or revoke it on purpose. */
  readonly unauthorised: Backoff
  /** After one batch failed while others succeeded. */
  readonly batch: Backoff
  /** After consecutive rejections without an acknowledgement: then the batches are probably not the cause. */
  readonly refusals: Backoff
}

export const DELAYS: Delays = {
  indexer: { base: 500, cap: 30_000 },
  full: { base: 10_000, cap: 60_000 },
  unauthorised: { base: 15_000, cap: 300_000 },
  batch: { base: 2_000, cap: 300_000 },
  refusals: { base: 5_000, cap: 60_000 },
}

/** The number of consecutive rejections at full speed. */
const REFUSALS_AT_ONCE = 8
/** The time after which the same problem is logged again. */
const REPEAT_MS = 60_000

/** The shipper records what happened to each batch; each call resolves when it has. */
export interface Outcomes {
  read(batch: Batch): Promise<Buffer>
  acknowledged(batch: Batch, answer: Acknowledgement): Promise<void>
  refused(batch: Batch, refusal: Refusal): Promise<void>
  /** The file of a batch is gone or damaged. */
  lost(batch: Batch, reason: string): Promise<void>
  fork(batch: Batch, sentence: string): void
}

export interface Refusal {
  readonly status: number
  readonly code: string
  readonly sentence: string
  readonly indexer: string
}

interface Endpoint {
  readonly connection: Connection
  /** Consecutive failures. While there are any, only one request at a time tries it. */
  failures: number
  notBefore: number
  busy: number
  problem: string | null
  loggedAt: number
}

interface Waiting {
  readonly batch: Batch
  failures: number
  notBefore: number
  cuts: Cuts
}

export interface SenderOptions {
  readonly connections: readonly Connection[]
  readonly inFlight: number
  readonly outcomes: Outcomes
  readonly delays: Delays
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  /** Called when an attempt has ended: `isFed` may have changed. */
  readonly ended: () => void
}

const tooLarge = ({ batch, cuts }: Waiting): Verdict => ({
  kind: 'refused',
  status: 413,
  code: 'too-large',
  sentence: `cut the connection ${cuts.count} times while this batch of ${batch.bytes} bytes was on its way, and took smaller ones in between: a proxy between must let 72 MiB pass`,
})

function release(body: Buffer): void {
  if (body.buffer instanceof ArrayBuffer) body.buffer.transfer(0)
}

/** Sends the waiting batches, several at a time, to the first indexer that accepts them. */
export class Sender {
  readonly #options: SenderOptions
  readonly #endpoints: Endpoint[]
  #waiting: Waiting[] = []
  #preferred = 0
  #inFlight = 0
  #held = true
  /** Whether nothing was acknowledged since the sending began. */
  #fresh = true
  #refusals = 0
  #cancelTimer: (() => void) | null = null
  #idle: (() => void)[] = []
  readonly #abort = new AbortController()
  readonly counters: { -readonly [Name in keyof ShipCounters]: number } = { ...NOTHING_COUNTED }

  constructor(options: SenderOptions) {
    this.#options = options
    this.#endpoints = options.connections.map((connection) => {
      return { connection, failures: 0, notBefore: 0, busy: 0, problem: null, loggedAt: 0 }
    })
  }

  /** The reason why nothing gets through, in a sentence; null while any indexer works. */
  get problem(): string | null {
    if (this.#endpoints.some(({ problem }) => problem === null)) return null
    const at = this.#endpoints[this.#preferred] ?? this.#endpoints[0]
    return at?.problem ?? null
  }

  /**
   * Whether enough batches wait to fill all requests, while an indexer accepts them. Making more would take processor time from an indexer
   * on the same host, and from the rest of the host. Batches that failed don't count: they must not stop later ones.
   */
  get isFed(): boolean {
    if (this.#held || this.problem !== null) return false
    let waiting = 0
    for (const { failures } of this.#waiting) if (failures === 0) waiting++
    return waiting >= this.#options.inFlight
  }

  add(batch: Batch): void {
    this.#waiting.push({ batch, failures: 0, notBefore: 0, cuts: NO_CUTS })
    this.#next()
  }

  /** Starts no new requests; resolves when the running ones have ended. Waiting batches are forgotten. */
  async hold(): Promise<void> {
    this.#held = true
    this.#waiting = []
    this.#cancelTimer?.()
    this.#cancelTimer = null
    await this.#untilIdle()
  }

  go(): void {
    this.#held = false
    this.#fresh = true
    this.#next()
  }

  /** Running requests get this time to end. Then they are aborted, and repeated after the next start. */
  async close(grace: number): Promise<void> {
    const ended = this.hold()
    const cancel = this.#options.clock.after(grace, () => this.#abort.abort())
    await ended
    cancel()
    this.#abort.abort()
  }

  #untilIdle(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #next(): void {
    const now = this.#options.clock.ticks()
    while (!this.#held && this.#inFlight < this.#limit() && this.#waiting.length > 0) {
      const endpoint = this.#choose(now)
      if (endpoint === null) break
      const at = this.#first(now, endpoint)
      const one = this.#waiting[at]
      if (one === undefined) break
      this.#waiting.splice(at, 1)
      this.#inFlight++
      endpoint.busy++
      void this.#attempt(one, endpoint)
    }
    this.#setTimer(now)
  }

  /**
   * Returns the place of the next batch in the queue: the oldest. An indexer that failed gets the batch that failed least: batches that
   * always fail would keep it failing for all others.
   */
  #first(now: number, endpoint: Endpoint): number {
    let first = -1
    for (const [at, { failures, notBefore }] of this.#waiting.entries()) {
      if (notBefore > now) continue
      if (first === -1 || failures < this.#waiting[first]!.failures) first = at
      if (endpoint.failures === 0 || failures === 0) break
    }
    return first
  }

  /**
   * The limit of simultaneous requests. After a start the first batch goes alone: if this folder was copied or restored, the answer shows
   * it before more waybills extend a chain that another agent continues.
   */
  #limit(): number {
    return this.#fresh ? 1 : this.#options.inFlight
  }

  #choose(now: number): Endpoint | null {
    const count = this.#endpoints.length
    for (let i = 0; i < count; i++) {
      const endpoint = this.#endpoints[(this.#preferred + i) % count]!
      if (endpoint.notBefore <= now && (endpoint.failures === 0 || endpoint.busy === 0)) return endpoint
    }
    return null
  }

  /** Wakes when a batch and an indexer have both waited long enough. */
  #setTimer(now: number): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (this.#held || this.#waiting.length === 0 || this.#inFlight >= this.#limit()) return
    let batch = Number.POSITIVE_INFINITY
    for (const one of this.#waiting) batch = Math.min(batch, one.notBefore)
    let endpoint = Number.POSITIVE_INFINITY
    for (const one of this.#endpoints) {
      if (one.failures === 0 || one.busy === 0) endpoint = Math.min(endpoint, one.notBefore)
    }
    const at = Math.max(batch, endpoint)
    if (at === Number.POSITIVE_INFINITY) return
    this.#cancelTimer = this.#options.clock.after(Math.max(1, at - now), () => this.#next())
  }

  async #attempt(one: Waiting, endpoint: Endpoint): Promise<void> {
    try {
      await this.#send(one, endpoint)
    } catch (problem) {
      // The network is not the cause: the outcome of the batch could not be stored. It is sent again.
      if (!this.#abort.signal.aborted) {
        this.#options.log.error(
          { batch: one.batch.name, reason: reasonOf(problem) },
          'a batch could not be settled',
        )
      }
      this.#putBack(one)
    } finally {
      this.#inFlight--
      endpoint.busy--
      if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve()
      this.#next()
      this.#options.ended()
    }
  }

  async #send(one: Waiting, endpoint: Endpoint): Promise<void> {
    const { outcomes, clock } = this.#options
    const { batch } = one
    const { connection } = endpoint
    let body: Buffer
    try {
      body = await outcomes.read(batch)
      if (body.length !== batch.bytes) {
        return await outcomes.lost(batch, `its file has ${body.length} bytes where it had ${batch.bytes}`)
      }
    } catch (problem) {
      if (codeOf(problem) === 'ENOENT') return await outcomes.lost(batch, 'its file is gone')
      this.#options.log.error(
        { batch: batch.name, reason: reasonOf(problem) },
        'a batch in the spool can not be read',
      )
      return this.#putBack(one)
    }
    this.counters.requests++
    let verdict: Verdict
    try {
      const answer = await connection.post('/v1/waybills', WAYBILL_TYPE, body, this.#abort.signal)
      verdict = judge(answer, batch, clock.now())
      // The indexer has read all of it, so nothing here needs it any more; the collector would keep tens of megabytes of these buffers.
      if (verdict.kind === 'acknowledged' && body.buffer.byteLength === body.byteLength) release(body)
    } catch (problem) {
      if (isCut(problem) && !this.#abort.signal.aborted) {
        one.cuts = cutAgain(one.cuts)
        if (isTooLarge(one.cuts)) return await this.#follow(tooLarge(one), one, endpoint)
      }
      this.counters.retries++
      if (waitsAlone(one.cuts)) this.#putBack(one)
      else {
        one.notBefore = 0
        this.#back(one)
      }
      if (this.#abort.signal.aborted) return
      return this.#failed(
        endpoint,
        this.#options.delays.indexer,
        null,
        `can't be reached: ${wireReason(problem)}`,
      )
    }
    await this.#follow(verdict, one, endpoint)
  }

  async #follow(verdict: Verdict, one: Waiting, endpoint: Endpoint): Promise<void> {
    const { outcomes, delays } = this.#options
    switch (verdict.kind) {
      case 'acknowledged':
        this.#works(endpoint)
        this.#refusals = 0
        this.#fresh = false
        this.counters.acknowledged++
        for (const other of this.#waiting)
          other.cuts = besideAcknowledged(other.cuts, one.batch.bytes < other.batch.bytes)
        return await outcomes.acknowledged(one.batch, verdict.answer)
      case 'refused': {
        this.counters.refused++
        this.#refusals++
        const indexer = endpoint.connection.url
        if (this.#refusals > REFUSALS_AT_ONCE) {
          const many = `refuses every batch (${this.#refusals} in a row are in quarantine; the last: ${verdict.sentence})`
          this.#failed(endpoint, delays.refusals, null, many)
        } else this.#works(endpoint)
        return await outcomes.refused(one.batch, { ...verdict, indexer })
      }
      case 'fork':
        this.counters.forks++
        this.#back(one)
        return outcomes.fork(one.batch, verdict.sentence)
      case 'unauthorised':
        this.counters.unauthorised++
        this.counters.retries++
        this.#back(one)
        return this.#failed(
          endpoint,
          delays.unauthorised,
          null,
          `${verdict.sentence}. Nothing is dropped; enroll this agent again, or ask who revoked it`,
        )
      case 'busy':
        this.counters.retries++
        this.#back(one)
        return this.#failed(endpoint, delays.indexer, verdict.wait, verdict.sentence)
      case 'full':
        this.counters.retries++
        this.#back(one)
        return this.#failed(endpoint, delays.full, verdict.wait, verdict.sentence)
      case 'unexpected':
        this.counters.retries++
        this.#putBack(one)
        return this.#failed(endpoint, delays.indexer, verdict.wait, verdict.sentence)
    }
  }

  /** Returns a batch to its old place: the oldest goes first. */
  #back(one: Waiting): void {
    if (!this.#held) this.#waiting.unshift(one)
  }

  /** Makes a batch wait, longer after each failure; others pass it. */
  #putBack(one: Waiting): void {
    one.failures++
    one.notBefore =
      this.#options.clock.ticks() + jittered(this.#options.delays.batch, one.failures, this.#options.random)
    this.#back(one)
  }

  #works(endpoint: Endpoint): void {
    if (endpoint.problem !== null) {
      this.#options.log.info(
        { indexer: endpoint.connection.url },
        `${endpoint.connection.url} accepts batches again`,
      )
    }
    endpoint.failures = 0
    endpoint.notBefore = 0
    endpoint.problem = null
    endpoint.loggedAt = 0
  }

  #failed(endpoint: Endpoint, backoff: Backoff, asked: number | null, sentence: string): void {
    const { clock, log, random } = this.#options
    const now = clock.ticks()
    endpoint.failures++
    // The requested wait is kept to the millisecond; a small jitter on top spreads the agents.
    const wait =
      asked === null
        ? jittered(backoff, endpoint.failures, random)
        : asked + Math.floor(random() * Math.min(1000, backoff.base))
    endpoint.notBefore = Math.max(endpoint.notBefore, now + wait)
    const { url } = endpoint.connection
    endpoint.problem = `${url} ${sentence}.`
    if (this.#endpoints[this.#preferred] === endpoint) {
      this.#preferred = (this.#preferred + 1) % this.#endpoints.length
    }
    const repeat = endpoint.loggedAt !== 0 && now - endpoint.loggedAt < REPEAT_MS
    if (repeat) return
    endpoint.loggedAt = now
    log.error({ indexer: url, failures: endpoint.failures, wait }, endpoint.problem)
  }
}
