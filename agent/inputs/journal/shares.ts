/** The memory for what is not whole yet. It is reserved before use, so that many slow senders cannot take all of it. */
export interface Budget {
  take(bytes: number): boolean
  give(bytes: number): void
}

/** The name of a peer's account. */
export type Account = string

/**
 * Divides a limited amount among peers: each may hold as much as is still free. So a single peer gets a half, two get a third each, and
 * something always remains for a new peer. (Switches know this as dynamic thresholds.)
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

  /** Senders' addresses can be forged (UDP): beyond this number, all others of a kind share one account. */
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
