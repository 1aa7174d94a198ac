/**
 * The number of bytes of waybills that may be in memory at once, as received and unpacked. Nobody waits for room: a sender without room is
 * asked to come back, so memory stays bounded whatever arrives. Nobody has more than half of it while others are there: what one sender
 * announces and never sends leaves room for the others.
 */
export class Budget {
  readonly limit: number
  readonly #mostOfOne: number
  readonly #held = new Map<string, number>()
  #used = 0

  constructor(limit: number, mostOfOne = Math.floor(limit / 2)) {
    this.limit = limit
    this.#mostOfOne = mostOfOne
  }

  get used(): number {
    return this.#used
  }

  /** A share of the budget that grows as bytes arrive and is given back as a whole. `holder` is whose bytes they are. */
  share(holder: string): Share {
    let held = 0
    let open = true
    return {
      take: (bytes) => {
        if (!open || this.#used + bytes > this.limit) return false
        const its = this.#held.get(holder) ?? 0
        // One waybill that is larger than that must be possible, too.
        if (its + bytes > this.#mostOfOne && its > held) return false
        this.#used += bytes
        held += bytes
        this.#held.set(holder, its + bytes)
        return true
      },
      release: () => {
        if (!open) return
        this.#used -= held
        const left = (this.#held.get(holder) ?? 0) - held
        if (left > 0) this.#held.set(holder, left)
        else this.#held.delete(holder)
        held = 0
        open = false
      },
    }
  }
}

export interface Share {
  /** False if the budget has no room for it. */
  take(bytes: number): boolean
  /** Gives all of it back; further calls have no effect. */
  release(): void
}
