import { hash } from 'node:crypto'
import type { Logger } from 'pino'
import { reasonOf } from '../../schema/index.ts'
import { type Act, Delays, type Failures, type Pace, type Trail } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { Passwords } from './passwords.ts'
import { whyNotAPassword } from './passwords.ts'
import type { Session, Sessions, StoredSession } from './sessions.ts'
import { stepOf } from './totp.ts'
import { isLockedOut, maySignIn, seenFrom, type User, type Users } from './users.ts'

export interface Origin {
  readonly address: string
  /** The browser or program, as it names itself. */
  readonly client: string
}

export interface Opened {
  readonly secret: string
  readonly session: Session
}

/** Failures at one account; each is remembered for an hour. */
const AT_ACCOUNT: Pace = { free: 4, first: 2_000, longest: 15 * 60_000, forgiven: 60 * 60_000 }
/** Failures from where a user never signed in, after which the user is locked for those who come from there, and for how long. */
const LOCKED_AFTER = 10
const LOCK_MS = 15 * 60_000

/** One sentence for all that can be wrong: it must not tell whether there is such a user, or whether it is locked. */
const WRONG = 'Name or password is wrong, or this user may not sign in at present.'
const WRONG_CODE = 'This code is wrong, or was used already.'

const refused = (sentence: string): Refusal => new Refusal(401, 'unauthorised', sentence)

/** A one-time password that was used, to be changed: what was tried with it can't be done any more. */
const isSpent = (user: User, now: number): boolean =>
  user.oneTime !== null && user.oneTime.until !== null && user.oneTime.until <= now

/** Refuses what only a user of this indexer has: a password, a second factor. */
export function demandLocal({ name, identity }: User): void {
  if (identity === undefined) return
  throw new Refusal(
    409,
    'refused',
    `${name} signs in at ${identity.issuer}: password and second factor are set there, role and limits by sign-in.openid.roles in indexer.yml.`,
  )
}

export const recoveryHash = (code: string): string =>
  hash('sha256', code.toLowerCase().replace(/[^a-z0-9]/g, ''))

/** Signing in and what belongs to it: the second factor, and passwords of one's own. */
export class SignIn {
  readonly #users: Users
  readonly #sessions: Sessions
  readonly #passwords: Passwords
  readonly #failures: Failures
  readonly #trail: Trail
  readonly #log: Logger
  readonly #clock: () => number
  readonly #wallClock: () => number
  readonly #delays: Delays

  constructor(parts: {
    users: Users
    sessions: Sessions
    passwords: Passwords
    failures: Failures
    trail: Trail
    log: Logger
    /** It never goes back. */
    clock: () => number
    /** What the devices of users show, too. */
    wallClock: () => number
  }) {
    this.#users = parts.users
    this.#sessions = parts.sessions
    this.#passwords = parts.passwords
    this.#failures = parts.failures
    this.#trail = parts.trail
    this.#log = parts.log
    this.#clock = parts.clock
    this.#wallClock = parts.wallClock
    this.#delays = new Delays(AT_ACCOUNT, parts.clock)
  }

  async withPassword(
    said: { name: string; password: string; kind: StoredSession['kind'] },
    from: Origin,
  ): Promise<Opened> {
    this.#failures.check(from.address)
    const name = said.name.toLowerCase()
    // The password is checked whatever is known of the user by now: each answer takes the same work.
    const before = this.#users.find(name)
    const key = keyAt('password', name, before, from)
    const attempt = this.#begin(key)
    const right = await this.#passwords.check(said.password, before?.password ?? undefined)
    // What was found then may have been changed while the hash was computed.
    const user = this.#users.find(name)
    const same = user !== undefined && user.id === before?.id && user.epoch === before.epoch
    const now = this.#clock()
    if (!right || !same || !maySignIn(user, from.address, now) || isSpent(user, now)) {
      await this.#failed(user, attempt, from, 'name or password')
      throw refused(WRONG)
    }
    this.#delays.succeeded(key)
    const wants = user.secondFactor !== null ? 'second-factor' : user.oneTime !== null ? 'new-password' : null
    if (wants !== 'second-factor') await this.#record(user, from, 'success', 'signed in')
    return this.#open(user, { kind: said.kind, wants, ...from })
  }

  /** The second step of a sign-in; the session gets a new secret with the rights that it brings. */
  async withCode(session: Session, code: string, from: Origin): Promise<Opened> {
    if (session.wants !== 'second-factor')
      throw new Refusal(409, 'refused', 'No code is asked for: this session is signed in.')
    // Who is here knows the password: what others fail at, under this name or from this address, does not count.
    const key = keyAt('code', session.user, session.owner, from)
    const attempt = this.#begin(key)
    if (!(await this.#takeCode(session.user, code))) {
      await this.#failed(this.#users.find(session.user), attempt, from, 'code')
      throw refused(WRONG_CODE)
    }
    const user = this.#users.demand(session.user)
    if (isLockedOut(user)) throw refused(WRONG)
    this.#delays.succeeded(key)
    await this.#record(user, from, 'success', 'signed in with a second factor')
    await this.#sessions.end(session)
    return this.#open(user, {
      kind: session.kind,
      wants: user.oneTime === null ? null : 'new-password',
      ...from,
    })
  }

  async #open(user: User, how: Parameters<Sessions['begin']>[1]): Promise<Opened> {
    const opened = await this.#sessions.begin(user, how)
    if (how.wants === null && seenFrom(user, how.address) !== user)
      await this.#users.change(user.name, (before) => seenFrom(before, how.address))
    return opened
  }

  /** Counts an attempt as a failure from its beginning, so that many at once are no way around; refuses it where it comes too early. */
  #begin(key: string): number {
    const left = this.#delays.left(key)
    if (left > 0)
      throw new Refusal(429, 'busy', 'Too many failed attempts; try again after the time in Retry-After.', {
        retryAfter: Math.ceil(left / 1000),
      })
    return this.#delays.failed(key)
  }

  /** Takes up a code of the app or of recovery: what was taken is used up in the same write, so it works once. */
  async #takeCode(name: string, code: string): Promise<boolean> {
    const now = this.#wallClock()
    let taken = false
    await this.#users.change(name, (user) => {
      taken = false
      const factor = user.secondFactor
      if (factor === null) return user
      const step = stepOf(Buffer.from(factor.secret, 'base64'), code.replace(/\s/g, ''), now, factor.last)
      if (step !== null) {
        taken = true
        return { ...user, secondFactor: { ...factor, last: step } }
      }
      const recovery = factor.recovery.filter((left) => left !== recoveryHash(code))
      taken = recovery.length < factor.recovery.length
      return taken ? { ...user, secondFactor: { ...factor, recovery } } : user
    })
    return taken
  }

  /** A new password ends all sessions, and opens one for who changed it. */
  async changePassword(
    session: Session,
    said: { current?: string | undefined; password: string },
    from: Origin,
  ): Promise<Opened> {
    const { user: name, wants, owner } = session
    demandLocal(owner)
    if (wants === 'second-factor')
      throw new Refusal(403, 'forbidden', 'The code of the second factor comes first.')
    if (wants === null) await this.confirm(session, said.current ?? '', from)
    const why = whyNotAPassword(said.password, owner)
    if (why !== null) throw new Refusal(400, 'bad-request', why)
    if (await this.#passwords.check(said.password, owner.password ?? undefined))
      throw new Refusal(400, 'bad-request', 'The new password is the old one.')
    const password = await this.#passwords.hash(said.password)
    await this.#trail.record(
      actOf(owner, from, 'password-change', 'success', `User ${name} has a new password of their own.`),
    )
    const user = await this.#users.change(name, (before) => {
      if (before.id !== owner.id || before.epoch !== owner.epoch)
        throw refused('This session has ended; sign in again.')
      return { ...before, password, oneTime: null, passwordChanged: this.#clock(), epoch: before.epoch + 1 }
    })
    return this.#open(user, { kind: session.kind, wants: null, ...from })
  }

  /** Asks again for the password, before something that a session left open must not be enough for. */
  async confirm(session: Session, password: string, from: Origin): Promise<void> {
    demandLocal(session.owner)
    // Of this session alone: what strangers fail at does not lock out who is signed in.
    const key = `confirm ${session.id}`
    const attempt = this.#begin(key)
    if (await this.#passwords.check(password, this.#users.find(session.user)?.password ?? undefined)) {
      this.#delays.succeeded(key)
      return
    }
    await this.#failed(this.#users.find(session.user), attempt, from, 'password')
    throw new Refusal(403, 'forbidden', 'The present password is wrong.')
  }

  async signOut(session: Session, from: Origin): Promise<void> {
    await this.#trail.record(
      actOf(session.owner, from, 'sign-out', 'success', `User ${session.user} signed out.`),
    )
    await this.#sessions.end(session)
  }

  async #failed(user: User | undefined, attempt: number, from: Origin, what: string): Promise<void> {
    this.#failures.count(from.address)
    await this.#record(
      user,
      from,
      'failure',
      `did not sign in`,
      `wrong ${what}, or not allowed; attempt ${attempt}`,
    )
    // Not waited for: the answer must not take longer because there is such a user.
    const isKnown = user?.knownFrom.includes(from.address) ?? false
    if (user !== undefined && !isKnown && what === 'name or password' && attempt >= LOCKED_AFTER)
      void this.#lock(user, attempt, from)
  }

  async #lock(user: User, attempt: number, from: Origin): Promise<void> {
    const now = this.#clock()
    const until = now + LOCK_MS
    const reason = `${attempt} failed sign-ins in a row`
    await this.#trail.record({
      ...actOf(user, from, 'user-lock', 'success', ''),
      message: `User ${user.name} is locked until ${new Date(until).toISOString()} for addresses from which they never signed in: ${reason}.`,
      by: { name: 'indexer', address: from.address },
    })
    try {
      await this.#users.change(user.name, (before) =>
        before.locked !== null && before.locked.until === null
          ? before
          : { ...before, locked: { since: now, until, reason } },
      )
    } catch (error) {
      // The count goes on in memory, with its delays.
      this.#log.error(`User ${user.name} could not be locked on the record: ${reasonOf(error)}`)
    }
  }

  async #record(
    user: User | undefined,
    from: Origin,
    outcome: Act['outcome'],
    did: string,
    reason?: string,
  ): Promise<void> {
    const who = user === undefined ? 'Somebody under a name that no user has' : `User ${user.name}`
    const act = actOf(user, from, 'sign-in', outcome, `${who} ${did}.`)
    await this.#trail.record(reason === undefined ? act : { ...act, reason })
  }
}

/** Who guesses from where the user never signed in is slowed down apart from the user. */
const keyAt = (
  what: 'password' | 'code',
  name: string,
  user: User | undefined,
  { address }: Origin,
): string => (user?.knownFrom.includes(address) ? `${what} of ${name} from ${address}` : `${what} of ${name}`)

/** A name that is no user's is not written down: people type their password there. */
export function actOf(
  user: User | undefined,
  from: Origin,
  action: string,
  outcome: Act['outcome'],
  message: string,
): Act {
  const by = { name: user?.name ?? 'unknown', address: from.address }
  const act: Act = { action, category: 'security', message, outcome, by }
  return user === undefined ? act : { ...act, entity: { type: 'user', id: user.name, name: user.fullName } }
}
