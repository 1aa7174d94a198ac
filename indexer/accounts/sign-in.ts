import { hash } from 'node:crypto'
import type { Logger } from 'pino'
import { reasonOf } from '../../schema/index.ts'
import { type Act, Delays, type Failures, type Pace, type SecretBox, type Trail } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { Passwords } from './passwords.ts'
import { whyNotAPassword } from './passwords.ts'
import type { Session, Sessions, StoredSession } from './sessions.ts'
import { secretOf, stepOf } from './totp.ts'
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
/**
 * The number of failures from addresses that a user never signed in from, after which the user is locked for such addresses; and the
 * duration of the lock.
 */
const LOCKED_AFTER = 10
const LOCK_MS = 15 * 60_000

/** One sentence for all failures: it must not reveal whether there is such a user, or whether it is locked. */
const WRONG = 'Name or password is wrong, or this user may not sign in at present.'
const WRONG_CODE = 'This code is wrong, or has been used.'

const refused = (sentence: string): Refusal => new Refusal('WB-SIGN-IN-FAILED', sentence)

/** Whether a one-time password is past its time: it is no longer valid. */
const isSpent = (user: User, now: number): boolean =>
  user.oneTime !== null && user.oneTime.until !== null && user.oneTime.until <= now

/** Refuses an action that only a local user can take: those on a password or a second factor. */
export function demandLocal({ name, identity }: User): void {
  if (identity === undefined) return
  throw new Refusal(
    'WB-PROVIDER-USER',
    `${name} signs in at ${identity.issuer}, which manages password and second factor; sign-in.openid.roles in indexer.yml sets role and limits.`,
  )
}

export const recoveryHash = (code: string): string =>
  hash('sha256', code.toLowerCase().replace(/[^a-z0-9]/g, ''))

/** Signing in and related actions: the second factor, and changes of one's own password. */
export class SignIn {
  readonly #users: Users
  readonly #sessions: Sessions
  readonly #passwords: Passwords
  readonly #failures: Failures
  readonly #trail: Trail
  readonly #log: Logger
  readonly #clock: () => number
  readonly #wallClock: () => number
  readonly #box: SecretBox
  readonly #delays: Delays
  readonly #isDemo: (address: string) => boolean

  constructor(parts: {
    users: Users
    sessions: Sessions
    passwords: Passwords
    failures: Failures
    trail: Trail
    log: Logger
    /** It never goes back. */
    clock: () => number
    /** The time that the users' devices show, too. */
    wallClock: () => number
    box: SecretBox
    isDemo: (address: string) => boolean
  }) {
    this.#isDemo = parts.isDemo
    this.#box = parts.box
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
    // The password is checked even for an unknown user, so that each answer takes the same work.
    const before = this.#users.find(name)
    const key = keyAt('password', name, before, from)
    const attempt = this.#begin(key)
    const right = await this.#passwords.check(said.password, before?.password ?? undefined)
    // The user may have been changed while the hash was computed.
    const user = this.#users.find(name)
    const same = user !== undefined && user.id === before?.id && user.epoch === before.epoch
    const now = this.#clock()
    if (!right || !same || !maySignIn(user, from.address, now) || isSpent(user, now)) {
      await this.#failed(user, attempt, from, 'name or password')
      throw refused(WRONG)
    }
    this.#delays.succeeded(key)
    const wants = user.secondFactor !== null ? 'second-factor' : this.#wantsPassword(user, from)
    if (wants !== 'second-factor') await this.#record(user, from, 'success', 'signed in')
    return this.#open(user, { kind: said.kind, wants, ...from })
  }

  /** The second step of a sign-in; the session gets a new secret with the rights that it brings. */
  async withCode(session: Session, code: string, from: Origin): Promise<Opened> {
    if (session.wants !== 'second-factor')
      throw new Refusal('WB-SECOND-FACTOR', 'No code is needed: this session is signed in.')
    // This client knows the password, so failures of others under this name or from this address do not count.
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
      wants: this.#wantsPassword(user, from),
      ...from,
    })
  }

  /**
   * A password that somebody else gave is good for one sign-in. Only the demo shows something before it is changed, to its first admin on
   * its own machine. That password is random, and known to those who can read the terminal or the data folder of the demo, who can do
   * everything there anyway. The settings refuse `demo` for an indexer that others can reach; without it the next sign-in asks.
   */
  #wantsPassword({ oneTime }: User, { address }: Origin): 'new-password' | null {
    return oneTime === null || (oneTime.isFirst && this.#isDemo(address)) ? null : 'new-password'
  }

  async #open(user: User, how: Parameters<Sessions['begin']>[1]): Promise<Opened> {
    const opened = await this.#sessions.begin(user, how)
    if (how.wants === null && seenFrom(user, how.address) !== user)
      await this.#users.change(user.name, (before) => seenFrom(before, how.address))
    return opened
  }

  /** Counts an attempt as a failure from its start, so that parallel attempts gain nothing; refuses an attempt that comes too early. */
  #begin(key: string): number {
    const left = this.#delays.left(key)
    if (left > 0)
      throw new Refusal(
        'WB-TOO-MANY-ATTEMPTS',
        'Too many failed attempts; try again after the time in Retry-After.',
        {
          retryAfter: Math.ceil(left / 1000),
        },
      )
    return this.#delays.failed(key)
  }

  /** Accepts a code of the app or a recovery code: it is used up in the same write, so it works once. */
  async #takeCode(name: string, code: string): Promise<boolean> {
    const now = this.#wallClock()
    let taken = false
    await this.#users.change(name, (user) => {
      taken = false
      const factor = user.secondFactor
      if (factor === null) return user
      const step = stepOf(secretOf(this.#box, user.name, factor), code.replace(/\s/g, ''), now, factor.last)
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

  /** Sets a new password, which ends all sessions, and opens one for the client. */
  async changePassword(
    session: Session,
    said: { current?: string | undefined; password: string },
    from: Origin,
  ): Promise<Opened> {
    const { user: name, wants, owner } = session
    demandLocal(owner)
    if (wants === 'second-factor')
      throw new Refusal('WB-SECOND-STEP', 'Send the code of the second factor first.')
    if (wants === null) await this.confirm(session, said.current ?? '', from)
    const why = whyNotAPassword(said.password, owner)
    if (why !== null) throw new Refusal('WB-PASSWORD-REFUSED', why)
    if (await this.#passwords.check(said.password, owner.password ?? undefined))
      throw new Refusal('WB-PASSWORD-REFUSED', 'The new password equals the old one.')
    const password = await this.#passwords.hash(said.password)
    await this.#trail.record(
      actOf(owner, from, 'password-change', 'success', `User ${name} chose a new password.`),
    )
    const user = await this.#users.change(name, (before) => {
      if (before.id !== owner.id || before.epoch !== owner.epoch)
        throw refused('This session has ended; sign in again.')
      return { ...before, password, oneTime: null, passwordChanged: this.#clock(), epoch: before.epoch + 1 }
    })
    return this.#open(user, { kind: session.kind, wants: null, ...from })
  }

  /** Asks again for the password before an action for which an open session must not be enough. */
  async confirm(session: Session, password: string, from: Origin): Promise<void> {
    demandLocal(session.owner)
    // The key is this session's own: failed attempts by strangers do not lock out a signed-in user.
    const key = `confirm ${session.id}`
    const attempt = this.#begin(key)
    if (await this.#passwords.check(password, this.#users.find(session.user)?.password ?? undefined)) {
      this.#delays.succeeded(key)
      return
    }
    await this.#failed(this.#users.find(session.user), attempt, from, 'password')
    throw new Refusal('WB-PASSWORD-WRONG', 'The current password is wrong.')
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
    // This is not awaited: the answer must not take longer if there is such a user.
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
      message: `User ${user.name} is locked until ${new Date(until).toISOString()} for addresses from which they have never signed in: ${reason}.`,
      by: { name: 'indexer', address: from.address },
    })
    try {
      await this.#users.change(user.name, (before) =>
        before.locked !== null && before.locked.until === null
          ? before
          : { ...before, locked: { since: now, until, reason } },
      )
    } catch (error) {
      // The count continues in memory, with its delays.
      this.#log.error(`User ${user.name} could not be locked in the store: ${reasonOf(error)}`)
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

/** Guesses from addresses that the user never used are delayed separately from the user's own attempts. */
const keyAt = (
  what: 'password' | 'code',
  name: string,
  user: User | undefined,
  { address }: Origin,
): string => (user?.knownFrom.includes(address) ? `${what} of ${name} from ${address}` : `${what} of ${name}`)

/** A name without a user is not recorded: people type their password there. */
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
