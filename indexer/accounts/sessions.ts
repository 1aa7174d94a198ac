import { hash } from 'node:crypto'
import * as z from 'zod'
import type { Records } from '../store/port.ts'
import { RecordCache } from './record-cache.ts'
import { isLockedOut, type User, type Users } from './users.ts'

const sessionSchema = z.object({
  user: z.string(),
  /** The user's id and epoch at sign-in: when either is another, the session has ended. */
  account: z.string(),
  /** A browser keeps it in a cookie; a program sends it as a bearer token. */
  kind: z.enum(['browser', 'program']),
  /** The step that is required before the session may be used for anything else. */
  wants: z.enum(['second-factor', 'new-password']).nullable(),
  created: z.number(),
  seen: z.number(),
  address: z.string(),
  client: z.string(),
})
export type StoredSession = z.infer<typeof sessionSchema>

/** A session that is good now. */
export interface Session extends StoredSession {
  /** Names it in lists; opens nothing. */
  readonly id: string
  readonly owner: User
}

export interface SessionTimes {
  /** The longest time without a request, ms. */
  readonly idle: number
  /** The longest time since sign-in, ms. */
  readonly absolute: number
}

const SECRET = /^wbs_[0-9a-f]{64}$/
const HALF_OPEN_MS = 10 * 60_000
/** How often the use of a session is saved, ms. */
const SEEN_EVERY = 60_000
const MOST_PER_USER = 20

const keyOf = (secret: string): string => hash('sha256', secret)
const idOf = (key: string): string => key.slice(0, 16)
const accountOf = (user: User): string => `${user.id}:${user.epoch}`

/** Sessions. The client has the secret; this keeps its hash. */
export class Sessions {
  readonly #book: RecordCache<StoredSession>
  readonly #users: Users
  readonly #times: () => SessionTimes
  readonly #clock: () => number
  readonly #random: (bytes: number) => Buffer
  /** The last use of each session: more exact than the saved one. */
  readonly #seen = new Map<string, number>()

  private constructor(
    book: RecordCache<StoredSession>,
    parts: Omit<Parameters<typeof Sessions.open>[0], 'records'>,
  ) {
    this.#book = book
    this.#users = parts.users
    this.#times = parts.times
    this.#clock = parts.clock
    this.#random = parts.random
  }

  static async open(parts: {
    records: Records
    users: Users
    times: () => SessionTimes
    clock: () => number
    random: (bytes: number) => Buffer
  }): Promise<Sessions> {
    return new Sessions(await RecordCache.open(parts.records, 'session', sessionSchema), parts)
  }

  /** Begins a new session, always with a new secret: nobody can bring one along to sign in with. */
  async begin(
    user: User,
    how: Pick<StoredSession, 'kind' | 'wants' | 'address' | 'client'>,
  ): Promise<{ secret: string; session: Session }> {
    await this.#sweep(user)
    const now = this.#clock()
    const secret = `wbs_${this.#random(32).toString('hex')}`
    const client = how.client.slice(0, 200)
    const stored = { ...how, client, user: user.name, account: accountOf(user), created: now, seen: now }
    const key = keyOf(secret)
    if (!(await this.#book.add(key, stored))) throw new Error('two sessions have one secret')
    return { secret, session: { ...stored, id: idOf(key), owner: user } }
  }

  /** The session of this secret, if it is good; using it keeps it awake, unless nobody is there. */
  use(secret: string, { isAttended = true } = {}): Session | null {
    if (!SECRET.test(secret)) return null
    const key = keyOf(secret)
    const stored = this.#book.get(key)
    if (stored === undefined) return null
    const session = this.#good(key, stored)
    if (session === null) return null
    if (isAttended) this.#touch(key, stored)
    return session
  }

  of(user: string): Session[] {
    return this.#book
      .entries()
      .map(([key, stored]) => (stored.user === user ? this.#good(key, stored) : null))
      .filter((session) => session !== null)
      .sort((a, b) => b.seen - a.seen)
  }

  async end(session: Session): Promise<void> {
    for (const [key] of this.#book.entries()) if (idOf(key) === session.id) await this.#forget(key)
  }

  /** Ends all other sessions of this user, also those that wait for a code or a new password. */
  async endOthers(session: Session): Promise<void> {
    for (const [key, { user }] of this.#book.entries())
      if (user === session.user && idOf(key) !== session.id) await this.#forget(key)
  }

  #good(key: string, stored: StoredSession): Session | null {
    const now = this.#clock()
    const owner = this.#users.find(stored.user)
    if (owner === undefined || stored.account !== accountOf(owner) || isLockedOut(owner)) return null
    if (!this.#users.isVouchedFor(owner, now)) return null
    const { idle, absolute } = this.#times()
    const seen = Math.max(stored.seen, this.#seen.get(key) ?? 0)
    if (now >= stored.created + (stored.wants === null ? absolute : HALF_OPEN_MS)) return null
    if (stored.kind === 'browser' && now >= seen + idle) return null
    return { ...stored, seen, id: idOf(key), owner }
  }

  #touch(key: string, stored: StoredSession): void {
    const now = this.#clock()
    this.#seen.set(key, now)
    if (now - stored.seen < SEEN_EVERY) return
    // A failure costs a minute of a session's time, and the next use tries again.
    this.#book.change(key, (session) => ({ ...session, seen: Math.max(session.seen, now) })).catch(() => {})
  }

  async #forget(key: string): Promise<void> {
    this.#seen.delete(key)
    await this.#book.remove(key)
  }

  /** Removes sessions that have ended, and this user's longest unused ones if there are too many. */
  async #sweep(user: User): Promise<void> {
    const kept: [string, Session][] = []
    for (const [key, stored] of this.#book.entries()) {
      const session = this.#good(key, stored)
      if (session === null) await this.#forget(key)
      else if (stored.user === user.name) kept.push([key, session])
    }
    kept.sort(([, a], [, b]) => b.seen - a.seen)
    for (const [key] of kept.slice(MOST_PER_USER - 1)) await this.#forget(key)
  }
}

/** The token that our own pages send along with each change, and that other sites can't know. */
export const csrfOf = (secret: string): string => hash('sha256', `waybill csrf ${secret}`, 'base64url')
