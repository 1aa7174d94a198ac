import { reasonOf } from '../schema/index.ts'

/** Runs tasks one after the other, in the order of the calls; a failure does not stop the next ones. */
export function inTurn(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.then(
      () => undefined,
      () => undefined,
    )
    return mine
  }
}

interface RoundsParts {
  /** Does what is due; returns when to do the next round, ms from now. */
  readonly round: () => Promise<number>
  /** How long it waits after a round that failed, ms. */
  readonly afterFailure: number
  /** Hears of the first of several failures in a row. */
  readonly failed: (reason: string) => void
}

/** Does one round of work after the other, each at the time that the last one named or as soon as somebody wakes it. */
export class Rounds {
  readonly #parts: RoundsParts
  readonly #stopping = new AbortController()
  #awake = Promise.withResolvers<void>()
  #done: Promise<void> = Promise.resolve()

  constructor(parts: RoundsParts) {
    this.#parts = parts
  }

  /** Aborted as soon as it is closed. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  start(): void {
    this.#done = this.#run()
  }

  wake(): void {
    this.#awake.resolve()
  }

  /** Begins no other round, and resolves when the last one has ended. */
  async close(): Promise<void> {
    this.#stopping.abort()
    this.wake()
    await this.#done
  }

  async #run(): Promise<void> {
    const { round, afterFailure, failed } = this.#parts
    let isTroubled = false
    while (!this.signal.aborted) {
      // Before the round: somebody who wakes it meanwhile has the next one at once.
      this.#awake = Promise.withResolvers()
      let wait = afterFailure
      try {
        wait = await round()
        isTroubled = false
      } catch (thrown) {
        if (!isTroubled) failed(reasonOf(thrown))
        isTroubled = true
      }
      const timer = setTimeout(() => this.wake(), wait)
      await this.#awake.promise
      clearTimeout(timer)
    }
  }
}
