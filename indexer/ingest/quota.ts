/** The limits of one agent: events and bytes in a second, and new values in a minute. */
export interface QuotaLimits {
  readonly events: number
  /** Bytes of unpacked events. */
  readonly bytes: number
  readonly newValues: number
}

/** Why an agent is slowed down. */
export type Slowed = 'events' | 'bytes' | 'new values'

/** The burst that an agent may send after an absence, in seconds of its quota. */
const BURST_SECONDS = 10
const MINUTE = 60_000
/** An episode is over when the agent has kept its quota for so long. */
const OVER_AFTER = 5 * MINUTE
const LONGEST_WAIT = 30

/** A bucket that fills up with time; drawing more than it holds makes a debt that must be waited for. */
class Bucket {
  readonly #clock: () => number
  #level: number
  #at: number

  constructor(room: number, clock: () => number) {
    this.#level = room
    this.#clock = clock
    this.#at = clock()
  }

  /** Seconds until something may be drawn, at this rate; 0: now. */
  wait(perSecond: number, room: number): number {
    const now = this.#clock()
    // A clock that was set back gives nothing and takes nothing.
    this.#level = Math.min(room, this.#level + (Math.max(0, now - this.#at) / 1000) * perSecond)
    this.#at = now
    return this.#level > 0 ? 0 : (1 - this.#level) / perSecond
  }

  draw(amount: number): void {
    this.#level -= amount
  }
}

interface Account {
  readonly buckets: Readonly<Record<Slowed, Bucket>>
  episode: { readonly since: number; readonly why: Slowed; last: number } | null
}

/** Keeps each agent to its quota. An agent over it comes again later and loses nothing; others are not affected. */
export class Quotas {
  readonly #limits: () => QuotaLimits
  readonly #clock: () => number
  readonly #accounts = new Map<string, Account>()

  constructor(limits: () => QuotaLimits, clock: () => number) {
    this.#limits = limits
    this.#clock = clock
  }

  /**
   * Admits a waybill. Null: the agent may send it now, and it is counted. Otherwise the result has the time to wait, and whether this is a
   * new episode.
   */
  admit(
    agent: string,
    what: { readonly events: number; readonly bytes: number },
  ): { readonly seconds: number; readonly why: Slowed; readonly isNew: boolean } | null {
    const account = this.#accountOf(agent)
    const now = this.#clock()
    for (const [why, perSecond, room] of this.#rates()) {
      const wait = account.buckets[why].wait(perSecond, room)
      if (wait === 0) continue
      const isNew = this.slowed(agent) === null
      if (isNew) account.episode = { since: now, why, last: now }
      else if (account.episode !== null) account.episode.last = now
      return { seconds: Math.min(LONGEST_WAIT, Math.max(1, Math.ceil(wait))), why, isNew }
    }
    account.buckets.events.draw(what.events)
    account.buckets.bytes.draw(what.bytes)
    return null
  }

  /** Values that were new in what the agent sent: only the store finds that out. */
  met(agent: string, newValues: number): void {
    if (newValues > 0) this.#accountOf(agent).buckets['new values'].draw(newValues)
  }

  /** The start and the reason of the current slowdown of the agent; null if there is none. */
  slowed(agent: string): { readonly since: number; readonly why: Slowed } | null {
    const episode = this.#accounts.get(agent)?.episode ?? null
    return episode === null || this.#clock() - episode.last > OVER_AFTER ? null : episode
  }

  #rates(): readonly (readonly [why: Slowed, perSecond: number, room: number])[] {
    const { events, bytes, newValues } = this.#limits()
    return [
      ['events', events, events * BURST_SECONDS],
      ['bytes', bytes, bytes * BURST_SECONDS],
      ['new values', newValues / 60, newValues],
    ]
  }

  #accountOf(agent: string): Account {
    let account = this.#accounts.get(agent)
    if (account === undefined) {
      const { events, bytes, newValues } = this.#limits()
      const bucket = (room: number): Bucket => new Bucket(room, this.#clock)
      account = {
        buckets: {
          events: bucket(events * BURST_SECONDS),
          bytes: bucket(bytes * BURST_SECONDS),
          'new values': bucket(newValues),
        },
        episode: null,
      }
      this.#accounts.set(agent, account)
    }
    return account
  }
}
