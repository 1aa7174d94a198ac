import type { Logger } from 'pino'
import * as z from 'zod'
import { reasonOf } from '../../schema/index.ts'
import type { Records } from '../store/port.ts'

const KIND = 'clock'
const KEY = 'latest'
const markSchema = z.object({ at: z.number() })

/** How often the latest time is saved, ms. */
const SAVE_EVERY = 60_000
/** A clock that is this far behind was set back, rather than corrected. */
const WORTH_SAYING = 60_000

/**
 * A clock that never goes back, over restarts either: what has ended by it stays ended. While the system's clock is behind the latest time
 * that was seen, time continues from there as fast as it passes.
 */
export class LastingClock {
  readonly #records: Records
  readonly #clock: () => number
  readonly #elapsed: () => number
  readonly #log: Logger
  /** The time at which nothing had elapsed. */
  #start: number
  #saved: number
  #saving: Promise<void> = Promise.resolve()

  private constructor(parts: Parameters<typeof LastingClock.open>[0], latest: number) {
    this.#records = parts.records
    this.#clock = parts.clock
    this.#elapsed = parts.elapsed
    this.#log = parts.log
    this.#start = latest - parts.elapsed()
    this.#saved = latest
  }

  static async open(parts: {
    records: Records
    /** The system's time, ms since 1970. */
    clock: () => number
    /** A clock in ms from any start; nobody can set it. */
    elapsed: () => number
    log: Logger
  }): Promise<LastingClock> {
    const { records, clock, log } = parts
    const known = await records.get(KIND, KEY)
    const latest = known === null ? 0 : markSchema.parse(known.value).at
    const behind = latest - clock()
    if (behind > WORTH_SAYING)
      log.warn(
        `The system's clock is ${Math.round(behind / 1000)} s behind the latest time that this indexer has seen (${new Date(latest).toISOString()}): sessions and tokens expire by that time, so correct the clock.`,
      )
    const lasting = new LastingClock(parts, latest)
    lasting.now()
    return lasting
  }

  readonly now = (): number => {
    const elapsed = this.#elapsed()
    const clock = this.#clock()
    if (clock > this.#start + elapsed) this.#start = clock - elapsed
    const now = Math.floor(this.#start + elapsed)
    if (now - this.#saved >= SAVE_EVERY) {
      this.#saved = now
      this.#saving = this.#saving.then(() => this.#save(now))
    }
    return now
  }

  async #save(at: number): Promise<void> {
    try {
      for (;;) {
        const known = await this.#records.get(KIND, KEY)
        // Another indexer of this store may be further.
        if (known !== null && markSchema.parse(known.value).at >= at) return
        if (await this.#records.put(KIND, KEY, { at }, known?.version ?? null)) return
      }
    } catch (error) {
      this.#log.warn(`The latest time could not be stored: ${reasonOf(error)}`)
    }
  }

  /** Saves the latest time. */
  async close(): Promise<void> {
    const now = this.now()
    await this.#saving
    await this.#save(now)
  }
}
