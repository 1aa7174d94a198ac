import { StoreUnavailableError } from '../port.ts'

/** Batches as documents take several times their size: only so many are being written at once, and only so many wait. */
export class Room {
  readonly #most: number
  readonly #mostWaiting: number
  #used = 0
  #waitingBytes = 0
  readonly #waiting: { readonly bytes: number; readonly enter: () => void }[] = []

  constructor({ most, mostWaiting }: { most: number; mostWaiting: number }) {
    this.#most = most
    this.#mostWaiting = mostWaiting
  }

  /** Does it when there is room; one of any size always has. */
  async within<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    await this.#enter(bytes)
    try {
      return await work()
    } finally {
      this.#used -= bytes
      this.#admit()
    }
  }

  async #enter(bytes: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#used += bytes
      return
    }
    if (this.#waitingBytes + bytes > this.#mostWaiting)
      throw new StoreUnavailableError('the store has as much to write as it can hold; try again in a moment')
    this.#waitingBytes += bytes
    await new Promise<void>((enter) => this.#waiting.push({ bytes, enter }))
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#most
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined || !this.#fits(next.bytes)) return
      this.#waiting.shift()
      this.#waitingBytes -= next.bytes
      this.#used += next.bytes
      next.enter()
    }
  }
}
