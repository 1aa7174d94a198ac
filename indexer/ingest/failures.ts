import { Refusal } from '../refusal.ts'

/** The delays after failed guesses. */
export interface Pace {
  /** Failures without a delay. */
  readonly free: number
  /** The first delay, ms; each further failure doubles it. */
  readonly first: number
  readonly longest: number
  /** Time without a delay and without a failure that makes up for one failure, ms. */
  readonly forgiven: number
}

/** More keys than this are not distinguished: the one that failed longest ago is forgotten. */
const MOST_KEYS = 10_000

interface Failed {
  readonly count: number
  readonly last: number
  readonly until: number
}

/** Growing delays for repeated failures: of an address, or at one account. */
export class Delays {
  readonly #failed = new Map<string, Failed>()
  readonly #pace: Pace
  readonly #clock: () => number

  constructor(pace: Pace, clock: () => number) {
    this.#pace = pace
    this.#clock = clock
  }

  /** The time that this key still has to wait, ms. */
  left(key: string): number {
    return Math.max(0, (this.#failed.get(key)?.until ?? 0) - this.#clock())
  }

  /** Counts a failure, and returns the number of failures. */
  failed(key: string): number {
    const { free, first, longest, forgiven } = this.#pace
    const now = this.#clock()
    const before = this.#failed.get(key)
    const forgotten =
      before === undefined ? 0 : Math.floor((now - Math.max(before.last, before.until)) / forgiven)
    const count = Math.max(0, (before?.count ?? 0) - Math.max(0, forgotten)) + 1
    const delay = count <= free ? 0 : Math.min(longest, first * 2 ** Math.min(30, count - free - 1))
    // Put behind all others: the first is the one that has not failed for longest.
    this.#failed.delete(key)
    this.#failed.set(key, { count, last: now, until: now + delay })
    if (this.#failed.size > MOST_KEYS)
      for (const oldest of this.#failed.keys().take(1)) this.#failed.delete(oldest)
    return count
  }

  succeeded(key: string): void {
    this.#failed.delete(key)
  }
}

const OF_ADDRESS: Pace = { free: 9, first: 5_000, longest: 15 * 60_000, forgiven: 6_000 }

/** Slows down addresses that bring wrong tokens or wrong passwords. */
export class Failures {
  readonly #delays: Delays

  constructor(clock: () => number) {
    this.#delays = new Delays(OF_ADDRESS, clock)
  }

  /** Refuses an address that failed too often lately. Clients with valid credentials are recognised before this check. */
  check(address: string): void {
    const left = this.#delays.left(address)
    if (left > 0)
      throw new Refusal(
        'WB-TOO-MANY-ATTEMPTS',
        'Too many refused attempts from this address; try again later.',
        {
          retryAfter: Math.ceil(left / 1000),
        },
      )
  }

  count(address: string): void {
    this.#delays.failed(address)
  }
}
