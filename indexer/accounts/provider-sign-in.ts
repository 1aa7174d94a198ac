import type { Logger } from 'pino'
import type { Limits, Role } from '../../schema/api/index.ts'
import { userName } from '../../schema/api/index.ts'
import { type Act, type Failures, inTurn, type Trail } from '../ingest/index.ts'
import { type Claimed, type Provider, ProviderRefusal } from './provider.ts'
import { grantFor } from './provider-settings.ts'
import type { Session, Sessions } from './sessions.ts'
import { actOf, type Opened, type Origin } from './sign-in.ts'
import { isLockedOut, type User, type Users } from './users.ts'

interface Grant {
  readonly role: Role
  readonly limits: Limits
}

/** ID tokens that a later sign-out at the provider names; where one is forgotten, the provider asks the person. */
const MOST_ID_TOKENS = 10_000
const LONGEST_ID_TOKEN = 4096

/** Signing in at the organisation's provider. Role and limits are found again at each sign-in, by the groups of that moment. */
export class ProviderSignIn {
  readonly #provider: Provider
  readonly #users: Users
  readonly #sessions: Sessions
  readonly #failures: Failures
  readonly #trail: Trail
  readonly #log: Logger
  readonly #clock: () => number
  readonly #random: (bytes: number) => Buffer
  /** Sign-ins run one after the other: two sign-ins of a new person make one user. */
  readonly #turn = inTurn()
  /** ID tokens by session. */
  readonly #idTokens = new Map<string, string>()

  constructor(parts: {
    organisation: Provider
    users: Users
    sessions: Sessions
    failures: Failures
    trail: Trail
    log: Logger
    clock: () => number
    random: (bytes: number) => Buffer
  }) {
    this.#provider = parts.organisation
    this.#users = parts.users
    this.#sessions = parts.sessions
    this.#failures = parts.failures
    this.#trail = parts.trail
    this.#log = parts.log
    this.#clock = parts.clock
    this.#random = parts.random
  }

  /** The text of the button; null if no provider is configured. */
  get button(): string | null {
    return this.#provider.settings?.button ?? null
  }

  async begin(to: string, from: Origin): Promise<{ url: string; flow: string }> {
    try {
      return await this.#provider.begin(to)
    } catch (thrown) {
      throw await this.#refused(thrown, from)
    }
  }

  async finish(
    { flow, search }: { flow: string | undefined; search: string },
    from: Origin,
  ): Promise<Opened & { readonly to: string }> {
    this.#failures.check(from.address)
    try {
      const claimed = await this.#provider.finish(flow, search)
      const user = await this.#turn(() => this.#userOf(claimed, from))
      await this.#trail.record(
        actOf(user, from, 'sign-in', 'success', `User ${user.name} signed in at ${claimed.issuer}.`),
      )
      const opened = await this.#sessions.begin(user, { kind: 'browser', wants: null, ...from })
      this.#keep(opened.session, claimed.idToken)
      return { ...opened, to: claimed.to }
    } catch (thrown) {
      throw await this.#refused(thrown, from)
    }
  }

  /** Returns the address for signing out at the provider after a session here has ended; null if that is not needed. */
  async endOf(session: Session): Promise<string | null> {
    const idToken = this.#idTokens.get(session.id)
    this.#idTokens.delete(session.id)
    if (session.owner.identity === undefined) return null
    try {
      return await this.#provider.endOf(idToken)
    } catch (thrown) {
      // The session here has ended nevertheless; the provider's session is the provider's concern.
      if (!(thrown instanceof ProviderRefusal)) throw thrown
      this.#log.warn(`The user can't be sent to the provider to sign out: ${thrown.message}.`)
      return null
    }
  }

  #keep({ id }: Session, idToken: string): void {
    if (idToken.length > LONGEST_ID_TOKEN) return
    this.#idTokens.set(id, idToken)
    if (this.#idTokens.size > MOST_ID_TOKENS)
      for (const oldest of this.#idTokens.keys().take(1)) this.#idTokens.delete(oldest)
  }

  /** The user here for an identity of the provider: found by issuer and subject alone, never by the name. */
  async #userOf(claimed: Claimed, from: Origin): Promise<User> {
    const { issuer, subject, groups } = claimed
    const { settings } = this.#provider
    if (settings === null || settings.issuer !== issuer)
      throw new ProviderRefusal('wrong-settings', 'the settings of the sign-in have changed in the meantime')
    const known = this.#users.ofIdentity(issuer, subject)
    if (known !== undefined && isLockedOut(known))
      throw new ProviderRefusal('locked', 'locked by an admin', known.name)
    const grant = grantFor(settings, groups)
    if (grant === null) {
      if (known !== undefined) await this.#withdraw(known)
      throw new ProviderRefusal(
        'no-group',
        `${known === undefined ? `subject ${JSON.stringify(subject)}` : known.name} is in no group of sign-in.openid.roles (${settings.groups} has ${groups.length})`,
        known?.name ?? null,
      )
    }
    return known === undefined
      ? this.#newUser(claimed, grant, from)
      : this.#renewed(known, claimed, grant, from)
  }

  async #newUser(
    { issuer, subject, name: said, fullName }: Claimed,
    grant: Grant,
    from: Origin,
  ): Promise<User> {
    const claim = this.#provider.settings?.name ?? ''
    const named = userName.safeParse(said)
    if (!named.success)
      throw new ProviderRefusal(
        'no-name',
        `the claim ${claim} of subject ${JSON.stringify(subject)} is not a valid user name: ${named.error.issues[0]?.message ?? ''} (sign-in.openid.name chooses another claim)`,
      )
    const name = named.data
    const taken = (): ProviderRefusal =>
      new ProviderRefusal(
        'name-taken',
        `the claim ${claim} of subject ${JSON.stringify(subject)} is ${name}, and another user has that name: remove that user, or name a claim in sign-in.openid.name that is unique`,
      )
    if (this.#users.find(name) !== undefined) throw taken()
    const now = this.#clock()
    const user: User = {
      name,
      fullName,
      ...grant,
      id: this.#random(8).toString('hex'),
      epoch: 0,
      password: null,
      identity: { issuer, subject, confirmed: now },
      oneTime: null,
      secondFactor: null,
      locked: null,
      knownFrom: [],
      created: now,
      passwordChanged: now,
    }
    await this.#trail.record({
      ...actOf(user, from, 'user-create', 'success', `User ${name} was made as ${grant.role}, by ${issuer}.`),
      changes: [
        { field: 'role', old: null, new: grant.role },
        { field: 'limits', old: null, new: JSON.stringify(grant.limits) },
      ],
    })
    if (!(await this.#users.addUnlessTaken(user))) throw taken()
    return user
  }

  /** Another role ends what is open under the one before. */
  async #renewed(known: User, { fullName }: Claimed, { role, limits }: Grant, from: Origin): Promise<User> {
    const [before, after] = [JSON.stringify(known.limits), JSON.stringify(limits)]
    const acts: Act[] = []
    if (known.role !== role)
      acts.push({
        ...actOf(
          known,
          from,
          'user-role',
          'success',
          `User ${known.name} now has the role ${role}, from their groups.`,
        ),
        changes: [{ field: 'role', old: known.role, new: role }],
      })
    if (before !== after)
      acts.push({
        ...actOf(
          known,
          from,
          'user-limits',
          'success',
          `The limits of user ${known.name} were set from their groups.`,
        ),
        changes: [{ field: 'limits', old: before, new: after }],
      })
    if (acts.length > 0) await this.#trail.record(...acts)
    const now = this.#clock()
    return this.#users.change(known.name, (user) => {
      if (user.identity === undefined || user.id !== known.id)
        throw new ProviderRefusal('stale', 'the user was removed in the meantime')
      return {
        ...user,
        fullName,
        role,
        limits,
        epoch: user.role === role ? user.epoch : user.epoch + 1,
        identity: { ...user.identity, confirmed: now },
      }
    })
  }

  /** Notes that the provider no longer confirms the user: sessions end, and tokens are suspended until it does again. */
  async #withdraw({ name, id }: User): Promise<void> {
    await this.#users.change(name, (user) =>
      user.identity === undefined || user.id !== id || user.identity.confirmed === null
        ? user
        : { ...user, epoch: user.epoch + 1, identity: { ...user.identity, confirmed: null } },
    )
  }

  async #refused(thrown: unknown, from: Origin): Promise<unknown> {
    if (!(thrown instanceof ProviderRefusal)) return thrown
    const { code, message, user } = thrown
    if (code === 'unreachable' || code === 'wrong-settings')
      this.#log.warn(`Sign-in at the provider does not work: ${message}.`)
    else this.#failures.count(from.address)
    const known = user === null ? undefined : this.#users.find(user)
    const who = known === undefined ? 'Somebody' : `User ${known.name}`
    await this.#trail.record({
      ...actOf(known, from, 'sign-in', 'failure', `${who} failed to sign in at the provider.`),
      reason: `${code}: ${message}`.slice(0, 1000),
    })
    return thrown
  }
}
