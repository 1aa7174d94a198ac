import type { Act, Trail } from './trail.ts'

const MINUTE = 60_000
const MOST_KEYS = 10_000

/**
 * Records events that may happen thousands of times: the first at once, and then one a minute with a count, so that they never become a
 * flood.
 */
export class Seldom {
  readonly #trail: Trail
  readonly #clock: () => number
  readonly #told = new Map<string, { at: number; count: number; actOf: (count: number) => Act }>()

  constructor(trail: Trail, clock: () => number) {
    this.#trail = trail
    this.#clock = clock
  }

  async tell(key: string, count: number, actOf: (count: number) => Act): Promise<void> {
    const known = this.#told.get(key)
    if (known !== undefined && this.#clock() - known.at < MINUTE) {
      known.count += count
      known.actOf = actOf
      return
    }
    if (known === undefined && this.#told.size >= MOST_KEYS) await this.flush(true)
    this.#told.set(key, { at: this.#clock(), count: 0, actOf })
    await this.#trail.record(actOf(count + (known?.count ?? 0)))
  }

  /** Records the events that have waited for a minute; with `all`, everything. */
  async flush(all = false): Promise<void> {
    const now = this.#clock()
    const due: Act[] = []
    for (const [key, { at, count, actOf }] of [...this.#told]) {
      if (!all && now - at < MINUTE) continue
      if (count > 0) due.push(actOf(count))
      if (count > 0 && !all) this.#told.set(key, { at: now, count: 0, actOf })
      else this.#told.delete(key)
    }
    if (due.length > 0) await this.#trail.record(...due)
  }
}
