import { Refusal } from './refusal.ts'

const WINDOW = 60_000
const ALLOWED = 10
/** More addresses than this are not told apart: the oldest is forgotten. */
const ADDRESSES = 10_000

/** Counts refused tokens by address, so that nobody can try many. */
export class Failures {
  readonly #byAddress = new Map<string, { since: number; count: number }>()
  readonly #clock: () => number

  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Refuses an address that failed too often lately, whatever it brings now. */
  check(address: string): void {
    const known = this.#byAddress.get(address)
    if (known === undefined) return
    const left = known.since + WINDOW - this.#clock()
    if (left <= 0) {
      this.#byAddress.delete(address)
    } else if (known.count >= ALLOWED) {
      throw new Refusal(429, 'busy', 'Too many refused attempts from this address; try again later.', {
        retryAfter: Math.ceil(left / 1000),
      })
    }
  }

  count(address: string): void {
    const known = this.#byAddress.get(address)
    if (known !== undefined) {
      known.count++
      return
    }
    if (this.#byAddress.size >= ADDRESSES) {
      const [oldest] = this.#byAddress.keys()
      if (oldest !== undefined) this.#byAddress.delete(oldest)
    }
    this.#byAddress.set(address, { since: this.#clock(), count: 1 })
  }
}
