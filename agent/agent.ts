import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { VERSION } from '../config/version.ts'
import { logged, OperatorError, reasonOf } from '../schema/index.ts'
import type { AgentSettings, Ledger, Notice } from '../schema/wire/index.ts'
import { enrollFirst, lockSoon, makeDataFolder, settingsToBeginWith } from './begin.ts'
import { keepSettings } from './central-settings.ts'
import { type AgentConfig, readAgentConfig, receives } from './config.ts'
import { serveControl } from './control.ts'
import type { InputEvents } from './event-status.ts'
import { Reception, type ReceptionStatus, takeJournalKey } from './inputs/index.ts'
import { hasJournal, journalFolder, journalKeyFile, receive } from './receive.ts'
import {
  type AccountedSource,
  accounts,
  type Held,
  type Prepared,
  prepareLine,
  type Runtime,
  startRuntime,
} from './runtime.ts'
import {
  type Identity,
  loadIdentity,
  type SettingsDesk,
  type Shipper,
  type ShipStatus,
} from './ship/index.ts'
import { type FolderLock, openState, type State } from './state/index.ts'

export interface AgentStatus {
  readonly enrolled: true
  readonly name: string
  readonly id: string
  readonly version: string
  readonly pid: number
  readonly started: number
  readonly configFile: string
  /** The last attempt to take up a changed config file. */
  readonly reloaded: { readonly at: number; readonly problem: string | null } | null
  readonly problem: string | null
  /** The central settings in use, and the problem with those that the indexer has now. */
  readonly settings: { readonly version: string | null; readonly problem: string | null }
  /** The recorded event types of each input, and the origin of each decision. */
  readonly events: readonly InputEvents[]
  /** Records that stopped their parser and were shipped unparsed. */
  readonly unparsed: number
  readonly shipping: ShipStatus
  /** The state of the reception; null if the agent receives nothing. */
  readonly reception: ReceptionStatus | null
  /** Inputs of which most records lack something. */
  readonly notices: readonly Notice[]
  readonly sources: readonly AccountedSource[]
  readonly total: Ledger
}

/** The status of an agent that is not enrolled yet: it receives, but reads and ships nothing. */
export type WaitingStatus = Pick<
  AgentStatus,
  'name' | 'version' | 'pid' | 'started' | 'configFile' | 'reception'
> & {
  readonly enrolled: false
  /** Why the last attempt to enroll failed; null before it ended. */
  readonly problem: string | null
}

/** The agent: holds the data folder, and runs one runtime after another: input, workers, pump and shipper. */
export class Agent {
  readonly #file: string
  readonly #log: Logger
  readonly #clock: () => number
  readonly #lock: FolderLock
  readonly #state: State
  readonly #identity: Identity
  readonly #desk: SettingsDesk
  readonly #journalKey: Held['journalKey']
  readonly #started: number
  #reception: Reception | null
  #runtime: Runtime
  #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #pumping = false
  #reloaded: AgentStatus['reloaded'] = null
  /** Reads the present records and ends: settings that arrive in the meantime apply to the next run. */
  #once = false
  /** The version of the central settings that is in use, or about to be. */
  #settings: string | null
  #settingsProblem: string | null = null
  #closing = false
  /** Serialises the swaps of the runtime. */
  #turn: Promise<void> = Promise.resolve()
  #ended = Promise.withResolvers<void>()

  private constructor(
    file: string,
    log: Logger,
    clock: () => number,
    held: Held,
    runtime: Runtime,
    reception: Reception | null,
  ) {
    this.#reception = reception
    this.#file = file
    this.#log = log
    this.#clock = clock
    this.#lock = held.lock
    this.#state = held.state
    this.#identity = held.identity
    this.#desk = held.desk
    this.#journalKey = held.journalKey
    this.#runtime = runtime
    this.#settings = runtime.central?.version ?? null
    this.#started = clock()
  }

  /**
   * Takes the data folder, enrols if necessary, and starts what the config file defines; `run` begins to read. With `patience` it waits
   * for an unreachable indexer until that signal fires. In the meantime it receives, and keeps what comes in the journal.
   */
  static async open(
    file: string,
    settings: AgentConfig,
    log: Logger,
    { patience, clock = Date.now }: { patience: AbortSignal | null; clock?: () => number },
  ): Promise<Agent> {
    const data = settings.agent.data
    await makeDataFolder(data)
    const lock = await lockSoon(data)
    let state: State | undefined
    let reception: Reception | null = null
    try {
      state = await openState(join(data, 'state'), { log })
      let agent: Agent | null = null
      const journalKey = keptKey(data, log)
      const known = await loadIdentity(data)
      // An agent that runs until it is stopped receives even before it is enrolled.
      if (known === null && patience !== null && receives(settings))
        reception = await openReception(settings, journalKey, clock, log, () => agent)
      const { identity, config } =
        known === null
          ? await firstEnrolment(file, settings, log, { patience, clock, reception, state })
          : { identity: known, config: settings }
      const desk: SettingsDesk = {
        known: () => (agent === null ? null : agent.#settings),
        given: (settings) => {
          if (agent !== null) agent.#given(settings)
        },
        failed: (sentence) => {
          if (agent !== null) agent.#settingsFailed(sentence)
        },
      }
      const held = { lock, state, identity, desk, journalKey }
      const central = await settingsToBeginWith(config, identity, log, clock)
      const prepared = await prepareLine(file, config, central, held, log)
      // This cuts off what a crash left incomplete, before anything reads the journal.
      if (hasJournal(config)) reception ??= await openReception(config, journalKey, clock, log, () => agent)
      const runtime = await startRuntime(prepared, held, log, clock)
      agent = new Agent(file, log, clock, held, runtime, reception)
      return agent
    } catch (error) {
      await reception?.close()
      await state?.close()
      await lock.release()
      throw error
    }
  }

  get #held(): Held {
    return {
      lock: this.#lock,
      state: this.#state,
      identity: this.#identity,
      desk: this.#desk,
      journalKey: this.#journalKey,
    }
  }

  get config(): AgentConfig {
    return this.#runtime.config
  }

  /** Receives, reads and ships until `close`. */
  async run(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#listen(this.#runtime.config)
      this.#pumpOn()
    })
    await this.#ended.promise
  }

  /** Reads the present records and returns when all are acknowledged; false if the signal fired first. */
  async runOnce(signal: AbortSignal): Promise<boolean> {
    this.#once = true
    await this.#turn
    const { pump, shipper } = this.#runtime
    const damaged = (): number => shipper.status().counters.damaged
    let before: number
    do {
      before = damaged()
      await pump.run(signal, { once: true })
      await shipper.drained(signal)
      // Records of a batch that was damaged in transit are read again.
    } while (!signal.aborted && damaged() > before)
    return !signal.aborted
  }

  /** Reads the config file again: validate, build, swap. If it has an error, the old settings stay in use. */
  reload(): Promise<void> {
    return this.#inTurn(() => this.#reload())
  }

  async #reload(): Promise<void> {
    const old = this.#runtime
    try {
      const config = await readAgentConfig(this.#file)
      if (config.agent.data !== old.config.agent.data) {
        throw new OperatorError(
          'WB-CONFIG-RESTART',
          `${this.#file}: agent.data can't change while the agent runs. Restart the agent.`,
        )
      }
      await this.#swap(await prepareLine(this.#file, config, old.central, this.#held, this.#log))
      this.#log.level = config.log.level
      this.#reloaded = { at: this.#clock(), problem: null }
      this.#log.info(`${this.#file} is in use.`)
    } catch (error) {
      this.#reloaded = { at: this.#clock(), problem: reasonOf(error) }
      this.#log.error(
        logged(error),
        `${this.#file} is wrong, so the previous settings stay in use: ${reasonOf(error)}`,
      )
    }
  }

  /** Records read before the swap are sealed under the old settings, later ones under the new settings. */
  async #swap(prepared: Prepared): Promise<void> {
    const old = this.#runtime
    try {
      await this.#listen(prepared.config)
    } catch (error) {
      await prepared.normaliser.close()
      throw error
    }
    const pumping = this.#pumping
    await this.#pumpOff()
    await old.input.close()
    await old.shipper.close()
    await old.shapes.keep(this.#state)
    try {
      this.#runtime = await startRuntime(prepared, this.#held, this.#log, this.#clock)
    } catch (error) {
      await prepared.normaliser.close()
      this.#runtime = await startRuntime(old, this.#held, this.#log, this.#clock)
      if (pumping) this.#pumpOn()
      await this.#listen(old.config)
      throw error
    }
    await old.normaliser.close()
    if (pumping) this.#pumpOn()
  }

  /** Takes other central settings of an indexer: they are written to the disk before they apply. */
  #given(settings: AgentSettings): void {
    this.#settings = settings.version
    void this.#inTurn(async () => {
      const { config, central } = this.#runtime
      try {
        await keepSettings(config.agent.data, settings)
        if (!this.#once) {
          await this.#swap(await prepareLine(this.#file, config, settings, this.#held, this.#log))
          this.#log.info(`The central settings ${settings.version} are in use.`)
        }
        this.#settingsProblem = null
      } catch (error) {
        this.#settings = central?.version ?? null
        this.#settingsFailed(`The central settings ${settings.version}: ${reasonOf(error)}`)
      }
    })
  }

  /** Each heartbeat tries again; the log reports the problem when it changes. */
  #settingsFailed(sentence: string): void {
    if (this.#settingsProblem !== sentence) this.#log.error(`${sentence} The previous settings stay in use.`)
    this.#settingsProblem = sentence
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(async () => {
      if (!this.#closing) await work()
    })
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  /**
   * Stops reading, writes what was read to the disk, releases the folder. Unacknowledged records stay in the spool: the answer counts
   * them.
   */
  async close(): Promise<ShipStatus> {
    this.#closing = true
    await this.#turn
    // The reception comes first: then all received messages are in the journal.
    await this.#reception?.close()
    await this.#pumpOff()
    await this.#runtime.input.close()
    await this.#runtime.shipper.close()
    const shipping = this.#runtime.shipper.status()
    await this.#runtime.normaliser.close()
    await this.#runtime.shapes.keep(this.#state)
    await this.#state.close()
    await this.#lock.release()
    this.#ended.resolve()
    return shipping
  }

  status(): AgentStatus {
    const { input, shipper, pump, config, central, events, shapes } = this.#runtime
    return {
      enrolled: true,
      name: config.agent.name,
      id: this.#identity.agent,
      version: VERSION,
      pid: process.pid,
      started: this.#started,
      configFile: this.#file,
      reloaded: this.#reloaded,
      problem: pump.problem,
      settings: { version: central?.version ?? null, problem: this.#settingsProblem },
      events,
      unparsed: pump.killers,
      shipping: shipper.status(),
      reception: this.#reception?.status() ?? null,
      notices: shapes.notices,
      ...accounts(input.status(), shipper.ledgers()),
    }
  }

  /** Since when its loop has been at work on one step; null while it waits. */
  get busySince(): number | null {
    return this.#runtime.pump.busySince
  }

  get shipper(): Shipper {
    return this.#runtime.shipper
  }

  /** Opens the listeners of the settings. Listeners that are already open and stay keep their connections. */
  async #listen(config: AgentConfig): Promise<void> {
    if (!hasJournal(config)) return
    this.#reception ??= await openReception(config, this.#journalKey, this.#clock, this.#log, () => this)
    await receive(this.#reception, config, this.#state)
  }

  /** The acknowledged position of each file, by path. */
  acknowledged(): ReadonlyMap<string, number> {
    return new Map(this.#runtime.input.status().map(({ path, position }) => [path, position] as const))
  }

  hint(path: string): void {
    this.#runtime.input.hint(path)
  }

  #pumpOn(): void {
    this.#pumping = true
    this.#stop = new AbortController()
    this.#running = this.#runtime.pump.run(this.#stop.signal)
    this.#running.catch((error) => this.#ended.reject(error))
  }

  async #pumpOff(): Promise<void> {
    this.#stop.abort()
    await this.#running
    this.#pumping = false
  }
}

/** Enrols the agent. If it receives, it listens in the meantime and answers `status`. */
async function firstEnrolment(
  file: string,
  config: AgentConfig,
  log: Logger,
  given: {
    readonly patience: AbortSignal | null
    readonly clock: () => number
    readonly reception: Reception | null
    readonly state: State
  },
): Promise<{ identity: Identity; config: AgentConfig }> {
  const { patience, clock, reception, state } = given
  let problem: string | null = null
  const enrolling = {
    ...{ file, config, log, patience, receives: reception !== null },
    failed: (why: string) => {
      problem = why
    },
  }
  if (reception === null) return await enrollFirst(enrolling)
  await receive(reception, config, state)
  log.info(
    `Not enrolled yet: what is received is kept in ${journalFolder(config.agent.data)} until this agent is enrolled.`,
  )
  const started = clock()
  const status = (): WaitingStatus => ({
    enrolled: false,
    name: config.agent.name,
    version: VERSION,
    pid: process.pid,
    started,
    configFile: file,
    problem,
    reception: reception.status(),
  })
  const control = await serveControl({ status }, config.agent.data, log)
  try {
    return await enrollFirst(enrolling)
  } finally {
    await control.close()
  }
}

const boundsOf = ({ journal }: AgentConfig) => ({ limit: journal.limit, syncEvery: journal.sync })

/** The key is read once: the journal and the workers must have the same key as long as the agent runs. */
function keptKey(data: string, log: Logger): () => Promise<Uint8Array> {
  let key: Uint8Array | undefined
  return async () => (key ??= await takeJournalKey(journalKeyFile(data), journalFolder(data), log))
}

/** `agent` is a function because the agent is created later: the journal is opened before anything reads it. */
async function openReception(
  config: AgentConfig,
  key: () => Promise<Uint8Array>,
  clock: () => number,
  log: Logger,
  agent: () => Agent | null,
): Promise<Reception> {
  const acknowledged = (): ReadonlyMap<string, number> => agent()?.acknowledged() ?? new Map()
  return Reception.open(
    { folder: journalFolder(config.agent.data), key: await key(), ...boundsOf(config) },
    {
      clock,
      random: randomBytes,
      log,
      acknowledged,
      written: (path) => agent()?.hint(path),
    },
  )
}
