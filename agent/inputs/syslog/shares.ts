import type { Budget } from './framer.ts'

/** Under which name a peer's share is kept. */
export type Account = string

/**
 * Divides what is bounded among peers: each may hold as much as is still free. One alone thus comes to a half, two to a third each,
 * and something is always left for one that has nothing yet. (Known from switches as dynamic thresholds.)
 */
export class Shares {
  readonly #held = new Map<Account, number>()
  limit: number
  #used = 0

  constructor(limit: number) {
    this.limit = limit
  }

  get used(): number {
    return this.#used
  }

  /** Addresses of senders can be made up (UDP): beyond so many, all others of a kind share one account. */
  accountOf(peer: string): Account {
    return this.#held.has(peer) || this.#held.size < MOST_ACCOUNTS ? peer : `${peer.split(' ')[0]} *`
  }

  mayTake(account: Account, bytes: number): boolean {
    return (this.#held.get(account) ?? 0) + bytes <= this.limit - this.#used - bytes
  }

  take(account: Account, bytes: number): void {
    this.#held.set(account, (this.#held.get(account) ?? 0) + bytes)
    this.#used += bytes
  }

  give(account: Account, bytes: number): void {
    const left = (this.#held.get(account) ?? 0) - bytes
    if (left > 0) this.#held.set(account, left)
    else this.#held.delete(account)
    this.#used -= bytes
  }

  budgetOf(peer: string): Budget {
    const account = this.accountOf(peer)
    return {
      take: (bytes) => {
        if (!this.mayTake(account, bytes)) return false
        this.take(account, bytes)
        return true
      },
      give: (bytes) => {
        if (bytes > 0) this.give(account, bytes)
      },
    }
  }
}

const MOST_ACCOUNTS = 4096
