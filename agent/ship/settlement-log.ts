import { reasonOf } from '../../schema/index.ts'
import type { Change, Log, State } from '../state/index.ts'
import { type Clock, waitFor } from './clock.ts'

/** The state as it will be after the write that is being prepared. */
export interface Draft {
  get<Value>(key: string): Value | undefined
  set(key: string, value: unknown): void
}

type Entry = {
  readonly write: (draft: Draft) => void
  readonly resolve: () => void
  readonly reject: (problem: unknown) => void
}

/**
 * Records the outcomes of batches in the state: one entry after the other, so that sums are correct, and several in one write, so that a
 * slow disk costs one sync. If the disk refuses, the write is retried until it succeeds: an acknowledgement is never dropped.
 */
export class SettlementLog {
  readonly #state: State
  readonly #clock: Clock
  readonly #log: Log
  readonly #retry: number
  readonly #closing = new AbortController()
  #entries: Entry[] = []
  #working: Promise<void> | null = null
  #problem: string | null = null

  constructor(state: State, options: { clock: Clock; log: Log; retry: number }) {
    this.#state = state
    this.#clock = options.clock
    this.#log = options.log
    this.#retry = options.retry
  }

  /** The reason why acknowledgements cannot be stored, in a sentence. */
  get problem(): string | null {
    return this.#problem
  }

  /** Resolves when the entry is on the disk; rejects only when the settlements are closed. */
  enter(write: (draft: Draft) => void): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(new SettlementLogClosedError())
    return new Promise((resolve, reject) => {
      this.#entries.push({ write, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#working
  }

  async #work(): Promise<void> {
    await Promise.resolve()
    while (this.#entries.length > 0) {
      const group = this.#entries
      this.#entries = []
      const changes = new Map<string, unknown>()
      const state = this.#state
      const draft: Draft = {
        get<Value>(key: string): Value | undefined {
          return changes.has(key) ? (changes.get(key) as Value | undefined) : state.get<Value>(key)
        },
        set: (key, value) => {
          changes.set(key, value)
        },
      }
      const kept: Entry[] = []
      for (const entry of group) {
        try {
          entry.write(draft)
          kept.push(entry)
        } catch (problem) {
          entry.reject(problem)
        }
      }
      const written = await this.#write([...changes].map(([key, value]) => ({ key, value })))
      for (const entry of kept) {
        if (written) entry.resolve()
        else entry.reject(new SettlementLogClosedError())
      }
    }
    this.#working = null
  }

  async #write(changes: readonly Change[]): Promise<boolean> {
    for (;;) {
      try {
        await this.#state.write(changes)
        this.#problem = null
        return true
      } catch (problem) {
        const sentence = `the agent's state can't be written (${reasonOf(problem)}); it is tried again`
        if (this.#problem === null) this.#log.error({ reason: reasonOf(problem) }, sentence)
        this.#problem = sentence
      }
      if (this.#closing.signal.aborted) return false
      await waitFor(this.#clock, this.#retry, this.#closing.signal)
    }
  }
}

/** The agent stopped before an entry could be written: it is repeated after the next start. */
export class SettlementLogClosedError extends Error {
  override name = 'SettlementLogClosedError'
  constructor() {
    super('the agent stops before this could be written down')
  }
}
