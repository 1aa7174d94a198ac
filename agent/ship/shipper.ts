import { OperatorError, reasonOf } from '../../schema/index.ts'
import type { Acknowledgement, Ledger, SourceSlice } from '../../schema/wire/index.ts'
import type { TaskResult } from '../normalise/task.ts'
import type { Range } from '../ranges.ts'
import type { Change, Log, State } from '../state/index.ts'
import { type Batch, rangesOf, recordsOf, roomOf } from './batch.ts'
import { Certificates, tlsFor } from './certificate.ts'
import {
  CHAIN,
  type ChainRecord,
  chainOf,
  citationOf,
  type Link,
  latest,
  withNumber,
  withSettled,
} from './chain.ts'
import { type Clock, clockOf, waitFor } from './clock.ts'
import { Connection, checkedUrl, readTls, TIMEOUTS, type Timeouts, type TlsFiles } from './connection.ts'
import { faultIn } from './fault.ts'
import { type HeartbeatNumbers, HeartbeatSender } from './heartbeat.ts'
import type { Identity } from './identity.ts'
import {
  acknowledged,
  discarded,
  ledgerKey,
  ledgersOf,
  quarantined,
  retirement,
  type Settled,
  totalOf,
} from './ledger.ts'
import {
  decide,
  enterRefusal,
  heldIn,
  moveToQuarantine,
  quarantineKey,
  reasonOfRefusal,
  settleLedgers,
} from './quarantine.ts'
import { reseal } from './reseal.ts'
import { Sealer } from './sealer.ts'
import { DELAYS, type Delays, type Refusal, Sender } from './sender.ts'
import type { SettingsDesk } from './settings.ts'
import { SettlementLog } from './settlement-log.ts'
import { fileOf, Spool } from './spool.ts'
import { isDone, putAside, takeUp } from './takeup.ts'
import type { QuarantineAction, QuarantineDecision, Shipper, ShipperHooks, ShipStatus } from './types.ts'

export interface ShipperOptions {
  readonly state: State
  /** The agent's data folder with `spool/` and `quarantine/`. */
  readonly dir: string
  /** The indexers, tried in turn. */
  readonly indexers: readonly string[]
  readonly tls?: TlsFiles
  readonly allowPlainHttp?: boolean
  readonly identity: Identity
  /** The limit of bytes in the spool, above which `hasRoom` returns false. */
  readonly windowBytes?: number
  readonly inFlight?: number
  /** Called for each heartbeat; if it is absent, there are no heartbeats. */
  readonly heartbeat?: () => HeartbeatNumbers
  /** The interval of heartbeats, in ms. */
  readonly heartbeatEvery?: number
  /** The version of the central settings that batches are made under. */
  readonly settings?: () => string | null
  /** Receives the central settings when a heartbeat's answer names a new version. */
  readonly central?: SettingsDesk
  readonly timeouts?: Timeouts
  readonly delays?: Delays
  /** The time that running requests get to end when the shipper closes. */
  readonly grace?: number
  readonly clock?: Clock
  /** Returns this number of random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly log: Log
  readonly hooks: ShipperHooks
}

/** The longest time for which an indexer that doesn't answer delays a stop. */
export const GRACE_MS = 2000

export function createShipper(options: ShipperOptions): Shipper {
  return new SpoolingShipper(options)
}

class SpoolingShipper implements Shipper {
  readonly #options: ShipperOptions
  readonly #clock: Clock
  readonly #log: Log
  readonly #state: State
  readonly #spool: Spool
  readonly #settlements: SettlementLog
  readonly #sender: Sender
  readonly #connections: readonly Connection[]
  readonly #heartbeats: HeartbeatSender | null
  #sealer: Sealer | null = null
  /** Everything in the spool, by name. */
  readonly #pending = new Map<string, Batch>()
  #pendingBytes = 0
  #forking: Promise<void> | null = null
  #forkProblem: string | null = null
  #changed: (() => void)[] = []
  readonly #stop = new AbortController()
  #forksInARow = 0
  #sending = false
  #deciding: Promise<unknown> = Promise.resolve()

  constructor(options: ShipperOptions) {
    const { state, log, identity, random } = options
    if (options.indexers.length === 0)
      throw new OperatorError('WB-CONFIG-INVALID', 'indexers: there is none; name at least one.')
    this.#options = options
    this.#clock = options.clock ?? clockOf(Date.now)
    this.#log = log
    this.#state = state
    this.#spool = new Spool(options.dir)
    const delays = options.delays ?? DELAYS
    this.#settlements = new SettlementLog(state, {
      clock: this.#clock,
      log,
      retry: Math.min(1000, delays.indexer.cap),
    })
    const inFlight = options.inFlight ?? 8
    const timeouts = options.timeouts ?? TIMEOUTS
    const files = options.tls ?? {}
    const tls = readTls(tlsFor(files, options.dir))
    // An additional connection lets heartbeats pass beside batches.
    this.#connections = options.indexers.map((indexer) => {
      const url = checkedUrl(indexer, options.allowPlainHttp ?? false)
      return new Connection(url, { connections: inFlight + 1, timeouts, tls })
    })
    this.#sender = new Sender({
      connections: this.#connections,
      inFlight,
      delays,
      clock: this.#clock,
      random: () => random(6).readUIntBE(0, 6) / 2 ** 48,
      log,
      outcomes: {
        read: (batch) => this.#spool.read(this.#folder(), batch),
        acknowledged: (batch, answer) => this.#acknowledge(batch, answer),
        refused: (batch, refusal) => this.#refuse(batch, refusal),
        lost: (batch, reason) => this.#lose(batch, reason),
        fork: (batch, sentence) => this.#fork(batch, sentence),
      },
      ended: () => this.#tell(),
    })
    const { heartbeat } = options
    this.#heartbeats =
      heartbeat === undefined
        ? null
        : new HeartbeatSender({
            state,
            connections: this.#connections,
            identity,
            settings: options.central,
            // If the operator names certificates, the operator renews them, too.
            certificates:
              files.cert === undefined
                ? new Certificates({
                    dir: options.dir,
                    files,
                    connections: this.#connections,
                    identity,
                    clock: this.#clock,
                    log,
                  })
                : undefined,
            every: options.heartbeatEvery ?? 15_000,
            numbers: heartbeat,
            place: () => ({ incarnation: this.#chain().incarnation, sequence: this.#sealer?.sequence ?? 0 }),
            clock: this.#clock,
            log,
          })
  }

  async takeUp(): Promise<void> {
    const { identity } = this.#options
    let { chain, last } = await this.#readSpool()
    const before = this.#state.get<{ id: string }>('agent')?.id
    if (before !== undefined && before !== identity.agent) {
      this.#log.warn(
        { before, now: identity.agent, batches: this.#pending.size },
        'this agent was enrolled again; the batches in the spool are sealed under its new identity',
      )
      await this.#reseal(null)
      ;({ chain, last } = await this.#readSpool())
    }
    const { agent: id, key, namespace } = identity
    const retired = retirement(this.#state, this.#pending.values())
    await this.#state.write([{ key: 'agent', value: { id, key, namespace } }, ...retired])
    this.#sealer = new Sealer(
      {
        spool: this.#spool,
        agent: id,
        keyId: key,
        key: identity.privateKey,
        namespace,
        clock: this.#clock.now,
        settings: this.#options.settings ?? (() => null),
        sealed: (batch) => this.#sealed(batch),
      },
      chain,
      last,
    )
  }

  async start(): Promise<void> {
    if (this.#sealer === null) await this.takeUp()
    this.#sending = true
    this.#sendAll()
    this.#heartbeats?.start()
  }

  sealed(): ReadonlyMap<string, readonly Range[]> {
    return rangesOf(this.#pending.values())
  }

  hasRoom(): boolean {
    if (this.#sender.isFed) return false
    const window = this.#options.windowBytes ?? 64 * 1024 * 1024
    return this.#pendingBytes + (this.#sealer?.bytes ?? 0) < window
  }

  room(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.hasRoom(), signal)
  }

  drained(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.#pending.size === 0 && this.#sealer?.busy !== true, signal)
  }

  async seal(result: TaskResult, slices: readonly SourceSlice[]): Promise<void> {
    if (this.#sealer === null) throw new Error('the spool is not taken up')
    await this.#sealer.seal(result, slices)
  }

  status(): ShipStatus {
    const chain = chainOf(this.#state)
    let oldest: number | null = null
    for (const { created } of this.#pending.values()) oldest = Math.min(oldest ?? created, created)
    return {
      incarnation: chain?.incarnation ?? '',
      sealed: this.#sealer?.sequence ?? 0,
      acknowledged: chain?.acknowledged?.sequence ?? 0,
      spooledBatches: this.#pending.size,
      spooledBytes: this.#pendingBytes,
      quarantined: heldIn(this.#state),
      oldestPending: oldest === null ? null : Math.max(0, this.#clock.now() - oldest),
      problem: this.#settlements.problem ?? this.#forkProblem ?? this.#sender.problem,
      lastAcknowledged: chain?.acknowledgedAt ?? null,
      clockOffset: this.#heartbeats?.clockOffset ?? null,
      counters: { ...this.#sender.counters },
    }
  }

  ledgers(): ReadonlyMap<string, Ledger> {
    return ledgersOf(this.#state.entries<Settled>(ledgerKey('')), this.#unsettled())
  }

  total(): Ledger {
    return totalOf(this.#state.entries<Settled>(ledgerKey('')), this.#unsettled())
  }

  async quarantine(name: string, action: QuarantineAction): Promise<QuarantineDecision> {
    while (this.#forking !== null) await this.#forking
    const parts = {
      state: this.#state,
      settlements: this.#settlements,
      spool: this.#spool,
      log: this.#log,
      clock: this.#clock.now,
      retrying: (batch: Batch) => this.#addPending(batch),
    }
    const decided = decide(parts, name, action).then((batch) => {
      if (action === 'retry' && this.#sending) this.#sender.add(batch)
      return { batch: name, action, events: batch.events }
    })
    // A fork waits for running decisions: it must find the batch either in quarantine or in the spool.
    this.#deciding = Promise.allSettled([this.#deciding, decided])
    return decided
  }

  async close(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort()
      const grace = this.#options.grace ?? GRACE_MS
      // If the disk refuses the settlements, acknowledged batches cannot be recorded: they are sent again after the next start.
      const cancel = this.#clock.after(grace, () => void this.#settlements.close())
      await this.#sender.close(grace)
      cancel()
      await this.#forking
      await this.#sealer?.close()
      await this.#deciding
      await this.#heartbeats?.close()
      await this.#settlements.close()
      for (const connection of this.#connections) await connection.close()
    }
    this.#tell()
  }

  #chain(): ChainRecord {
    const chain = chainOf(this.#state)
    if (chain === undefined) throw new Error('the shipper is not started')
    return chain
  }

  #folder(): string {
    return this.#spool.folder(this.#chain().incarnation)
  }

  async #readSpool(): Promise<{ chain: ChainRecord; last: Link | null }> {
    const taken = await takeUp(this.#state, this.#spool, this.#log, () =>
      this.#options.random(16).toString('hex'),
    )
    this.#pending.clear()
    this.#pendingBytes = 0
    let last = taken.chain.head
    for (const batch of taken.batches) {
      this.#pending.set(batch.name, batch)
      this.#pendingBytes += roomOf(batch.bytes)
      if (batch.incarnation === taken.chain.incarnation) last = latest(last, batch)
    }
    return { chain: taken.chain, last }
  }

  #sendAll(): void {
    for (const batch of this.#pending.values()) this.#sender.add(batch)
    this.#sender.go()
  }

  #sealed(batch: Batch): void {
    this.#addPending(batch)
    if (this.#sending) this.#sender.add(batch)
  }

  #addPending(batch: Batch): void {
    this.#pending.set(batch.name, batch)
    this.#pendingBytes += roomOf(batch.bytes)
  }

  /**
   * The pending batches according to the state. A batch stays in `#pending` until its file has left the spool, a moment after the state
   * has recorded it as settled. If both counted it, its records would be read twice.
   */
  *#unsettled(): IterableIterator<Batch> {
    const chain = chainOf(this.#state)
    for (const batch of this.#pending.values())
      if (chain === undefined || !isDone(this.#state, chain, batch)) yield batch
  }

  /** Records the acknowledgement on the disk before the file is removed. */
  async #acknowledge(batch: Batch, answer: Acknowledgement): Promise<void> {
    const settled = batch.again ? [] : this.#options.hooks.settled(batch.slices)
    await this.#settlements.enter((draft) => {
      settleLedgers(draft, batch, (ledger, at) =>
        acknowledged(ledger, batch.slices[at]!, answer.sources[at]!),
      )
      if (batch.again) draft.set(quarantineKey(batch.name), undefined)
      else enterPositions(draft, settled)
      const chain = draft.get<ChainRecord>(CHAIN)
      if (chain !== undefined && batch.incarnation === chain.incarnation && !batch.again) {
        draft.set(CHAIN, withSettled(chain, batch, this.#clock.now()))
      }
    })
    this.#forksInARow = 0
    if (answer.dead > 0) {
      this.#log.warn(
        { batch: batch.name, dead: answer.dead, reasons: answer.reasons.slice(0, 3) },
        `${answer.dead} of ${batch.events} events of a batch went to the dead letters of the indexer`,
      )
    }
    await this.#settle(batch, () => this.#spool.remove(this.#folder(), batch))
  }

  async #refuse(batch: Batch, refusal: Refusal): Promise<void> {
    const fault = await this.#faultOf(batch)
    if (fault !== null) return await this.#lose(batch, `its file is damaged (${fault})`)
    const reason = reasonOfRefusal(refusal, this.#clock.now())
    const settled = batch.again ? [] : this.#options.hooks.settled(batch.slices)
    await this.#settlements.enter((draft) =>
      enterRefusal(draft, batch, reason, () => enterPositions(draft, settled)),
    )
    this.#log.error(
      {
        batch: batch.name,
        events: batch.events,
        sources: [...new Set(batch.slices.map(({ path }) => path))].slice(0, 5),
        ...reason,
      },
      `a batch of ${recordsOf(batch)} records was refused for good (${refusal.indexer} ${refusal.sentence}); it is in quarantine: see \`waybill-agent quarantine show ${batch.name}\``,
    )
    await this.#settle(batch, () => moveToQuarantine(this.#spool, this.#folder(), batch, reason))
  }

  /** The settlements contain the outcome: only the file has to follow, and if that fails now, the next start does it. */
  async #settle(batch: Batch, follow: () => Promise<void>): Promise<void> {
    try {
      await follow()
    } catch (problem) {
      this.#log.error(
        { batch: batch.name, reason: reasonOf(problem) },
        'the file of a settled batch could not be moved out of the spool; the next start does it',
      )
    }
    this.#forget(batch)
  }

  /** Handles a changed file of a batch: its records are read again, except if they were settled once, and came out of quarantine. */
  async #lose(batch: Batch, reason: string): Promise<void> {
    this.#sender.counters.damaged++
    const place = await putAside(this.#spool, this.#folder(), fileOf(batch))
    await this.#settlements.enter((draft) => {
      const chain = draft.get<ChainRecord>(CHAIN)
      if (chain !== undefined && batch.incarnation === chain.incarnation && !batch.again)
        draft.set(CHAIN, { ...chain, settled: withNumber(chain.settled, batch.sequence) })
      if (!batch.again) return
      // It is not read again, so the ledger counts its records as discarded.
      draft.set(quarantineKey(batch.name), undefined)
      settleLedgers(draft, batch, (ledger, at) =>
        discarded(quarantined(ledger, batch.slices[at]!), batch.slices[at]!),
      )
    })
    this.#log.error(
      {
        batch: batch.name,
        events: batch.events,
        sources: batch.slices.map(({ path, from, to }) => ({ path, from, to })),
        place,
      },
      `a batch can't be sent: ${reason}. ${batch.again ? 'It was in quarantine, and its sources were read on since: what is left of it is set aside' : 'What is left of it is set aside, and what it held is read again from its source'}`,
    )
    this.#forget(batch)
    if (!batch.again) this.#options.hooks.lost(batch.slices)
  }

  /** Checks whether a batch is unchanged since it was sealed, before it is given up because an indexer rejects it. */
  async #faultOf(batch: Batch): Promise<string | null> {
    try {
      return faultIn(await this.#spool.read(this.#folder(), batch))
    } catch {
      // An unreadable file is reported at its next sending.
      return null
    }
  }

  #forget(batch: Batch): void {
    if (this.#pending.delete(batch.name)) this.#pendingBytes -= roomOf(batch.bytes)
    this.#tell()
  }

  #fork(batch: Batch, sentence: string): void {
    if (this.#forking !== null || this.#stop.signal.aborted) return
    this.#log.error(
      { batch: batch.name, incarnation: batch.incarnation },
      `The indexer knows another waybill of this number (${sentence}): this data folder was copied or restored. The agent seals and sends the batches in the spool again as a new incarnation.`,
    )
    this.#forkProblem = 'the indexer reports a fork; what is in the spool is being sealed anew.'
    this.#forking = this.#becomeAnother().finally(() => {
      this.#forking = null
    })
  }

  async #becomeAnother(): Promise<void> {
    await this.#deciding
    this.#forksInARow++
    if (this.#forksInARow > 1) {
      // An indexer that answers like this to everything must not keep the disk busy.
      const wait = Math.min(300_000, 1000 * 2 ** this.#forksInARow)
      await waitFor(this.#clock, wait, this.#stop.signal)
    }
    const sealer = this.#sealer
    if (sealer === null) return
    await sealer.halt(async () => {
      await this.#sender.hold()
      for (let failures = 1; ; failures++) {
        try {
          await this.#reseal(citationOf(this.#chain()))
          return await this.#readSpool()
        } catch (problem) {
          const sentence = `after a fork the spool can't be sealed anew (${reasonOf(problem)}); it is tried again`
          this.#log.error({ failures }, sentence)
          this.#forkProblem = sentence
        }
        if (this.#stop.signal.aborted) return { chain: this.#chain(), last: this.#chain().head }
        await waitFor(this.#clock, Math.min(30_000, 500 * 2 ** failures), this.#stop.signal)
      }
    })
    this.#forkProblem = null
    if (!this.#stop.signal.aborted) this.#sendAll()
    this.#tell()
  }

  async #reseal(cites: ChainRecord['cites']): Promise<void> {
    const { identity, random } = this.#options
    await reseal(
      {
        state: this.#state,
        settlements: this.#settlements,
        spool: this.#spool,
        log: this.#log,
        clock: this.#clock.now,
        agent: identity.agent,
        keyId: identity.key,
        key: identity.privateKey,
        renaming: (batches) => {
          for (const batch of batches) this.#addPending(batch)
        },
      },
      this.#chain(),
      [...this.#unsettled()],
      random(16).toString('hex'),
      cites,
    )
  }

  #until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds() && !signal.aborted && !this.#stop.signal.aborted) {
          this.#changed.push(look)
          return
        }
        signal.removeEventListener('abort', look)
        resolve()
      }
      signal.addEventListener('abort', look, { once: true })
      look()
    })
  }

  #tell(): void {
    for (const look of this.#changed.splice(0)) look()
  }
}

function enterPositions(draft: { set(key: string, value: unknown): void }, changes: readonly Change[]): void {
  for (const { key, value } of changes) draft.set(key, value)
}
