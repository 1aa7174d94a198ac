/** Failed sign-ins in a row after which a name is locked, and for how long. */
export const MOST_FAILURES = 10
export const LOCK_MS = 15 * 60_000
/** Failures longer ago than this count no more. */
const MEMORY_MS = 60 * 60_000
const MOST_NAMES = 10_000

/**
 * Counts sign-ins by name that have not succeeded, whether or not there is such a user, so that neither answer nor time tells.
 * An attempt counts from its beginning: many at once are no way around.
 */
export class Attempts {
  readonly #names = new Map<string, { count: number; last: number }>()
  readonly #clock: () => number

  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Which attempt in a row this is, from 1. */
  begin(name: string): number {
    const now = this.#clock()
    const known = this.#names.get(name)
    const count = known === undefined || known.last + MEMORY_MS < now ? 1 : known.count + 1
    // Put behind all others: the one forgotten first is the one not tried for longest.
    this.#names.delete(name)
    this.#names.set(name, { count, last: now })
    if (this.#names.size > MOST_NAMES)
      for (const oldest of this.#names.keys().take(1)) this.#names.delete(oldest)
    return count
  }

  succeeded(name: string): void {
    this.#names.delete(name)
  }
}
