import { setTimeout as pause } from 'node:timers/promises'
import { reasonOf } from '../../schema/index.ts'
import type { Records } from './port.ts'

/** The interval of lookups, ms: changes by another indexer go unseen for this time at most, plus the time of a lookup. */
const EVERY = 1_000
/** The least interval between extra lookups, ms. */
const LEAST_BETWEEN = 200

/** Elapsed time, and how to let some of it pass; an abort ends the wait early. */
interface Time {
  now(): number
  pass(ms: number, signal?: AbortSignal): Promise<void>
}

const REAL_TIME: Time = {
  now: () => performance.now(),
  pass: (ms, signal) => pause(ms, undefined, { ref: false, ...(signal && { signal }) }).catch(() => {}),
}

/**
 * Records of a store that several indexers may share. Code that keeps some in memory follows them here: changes by another indexer take
 * effect within a second or two. While the store can't be asked, the copy in memory counts; the store can give nothing else then either.
 */
export class SharedRecords implements Records {
  readonly #records: Records
  readonly #say: (sentence: string) => void
  readonly #time: Time
  readonly #followers: (() => Promise<void>)[] = []
  readonly #stopping = new AbortController()
  #seen: string | null
  #timesRead = 0
  #looking: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null
  #lookedAt = Number.NEGATIVE_INFINITY
  #isBlind = false

  private constructor(records: Records, seen: string | null, say: (sentence: string) => void, time: Time) {
    this.#records = records
    this.#seen = seen
    this.#say = say
    this.#time = time
  }

  /** Before anything is read that is to be followed. */
  static async open(
    records: Records,
    say: (sentence: string) => void,
    time: Time = REAL_TIME,
  ): Promise<SharedRecords> {
    const shared = new SharedRecords(records, await records.version(), say, time)
    if (shared.#seen !== null) void shared.#lookOn()
    return shared
  }

  /** Registers `again`, which reloads a caller's records whenever they may have changed. */
  follow(again: () => Promise<void>): void {
    this.#followers.push(again)
  }

  /** Looks up now rather than at the next turn; returns whether anything was read again since the call. */
  async look(): Promise<boolean> {
    if (this.#seen === null) return false
    const before = this.#timesRead
    // A running lookup may have begun too early: the next one serves all callers until it begins.
    this.#next ??= this.#lookNext()
    await this.#next
    return this.#timesRead !== before
  }

  async #lookNext(): Promise<void> {
    await this.#looking
    const early = this.#lookedAt + LEAST_BETWEEN - this.#time.now()
    if (early > 0) await this.#time.pass(early)
    this.#next = null
    this.#looking = this.#look()
    await this.#looking
    this.#lookedAt = this.#time.now()
  }

  close(): void {
    this.#stopping.abort()
  }

  async #lookOn(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await this.#time.pass(EVERY, signal)
      if (!signal.aborted) await this.look()
    }
  }

  async #look(): Promise<void> {
    try {
      const version = await this.#records.version()
      if (version !== this.#seen) {
        for (const again of this.#followers) await again()
        this.#timesRead++
      }
      this.#seen = version
      this.#isBlind = false
    } catch (thrown) {
      if (!this.#isBlind && !this.#stopping.signal.aborted)
        this.#say(
          `Changes by other indexers (users, tokens, agents, settings) can't be read now: ${reasonOf(thrown)}`,
        )
      this.#isBlind = true
    }
  }

  version(): Promise<string | null> {
    return this.#records.version()
  }

  get(kind: string, key: string): ReturnType<Records['get']> {
    return this.#records.get(kind, key)
  }

  put(kind: string, key: string, value: unknown, version: number | null): Promise<boolean> {
    return this.#records.put(kind, key, value, version)
  }

  list(kind: string): ReturnType<Records['list']> {
    return this.#records.list(kind)
  }

  kinds(): Promise<string[]> {
    return this.#records.kinds()
  }

  remove(kind: string, key: string): Promise<void> {
    return this.#records.remove(kind, key)
  }
}
