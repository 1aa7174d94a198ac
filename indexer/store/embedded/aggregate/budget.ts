/** What an aggregate may cost, and what it had to leave out because of that. */
export class Budget {
  readonly #end: number
  readonly #now: () => number
  #late = false
  /** More different values came than are held. */
  tooManyValues = false

  constructor(ms: number, now: () => number) {
    this.#now = now
    this.#end = now() + ms
  }

  /** Whether the time is over; once it is, it stays so. */
  get late(): boolean {
    if (!this.#late && this.#now() >= this.#end) this.#late = true
    return this.#late
  }

  /** Whether it was found to be over. */
  get wasLate(): boolean {
    return this.#late
  }
}
