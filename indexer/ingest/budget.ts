/**
 * How many bytes of waybills may be in memory at once, as they came and unpacked. Nobody waits for room: who finds none
 * is told to come back, so that memory stays bounded whatever arrives.
 */
export class Budget {
  readonly limit: number
  #used = 0

  constructor(limit: number) {
    this.limit = limit
  }

  get used(): number {
    return this.#used
  }

  /** A share of the budget that grows as bytes arrive and is given back as a whole. */
  share(): Share {
    let held = 0
    let open = true
    return {
      take: (bytes) => {
        if (!open || this.#used + bytes > this.limit) return false
        this.#used += bytes
        held += bytes
        return true
      },
      release: () => {
        this.#used -= held
        held = 0
        open = false
      },
    }
  }
}

export interface Share {
  /** False where the budget has no room for it. */
  take(bytes: number): boolean
  /** Gives all of it back; once is enough. */
  release(): void
}
