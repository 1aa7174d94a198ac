import * as z from 'zod'
import { type Limits, limitsSchema, ROLES, type Role } from '../../schema/api/index.ts'
import { inTurn } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { Records } from '../store/port.ts'
import { passwordHashSchema } from './passwords.ts'
import { RecordCache } from './record-cache.ts'

const userSchema = z.object({
  name: z.string(),
  fullName: z.string(),
  /** Random: a later user of the same name is another person. */
  id: z.string(),
  role: z.enum(ROLES),
  /** Where reports for the role go. */
  email: z.string().optional(),
  limits: limitsSchema,
  /** Sessions of earlier epochs have ended: it goes up with the password, the role and a lock. */
  epoch: z.number().int(),
  /** Null for a user of a provider: there is no password here. */
  password: passwordHashSchema.nullable(),
  /** The identity at the provider of sign-ins; absent for a local user. A name never identifies anybody. */
  identity: z
    .object({
      issuer: z.string(),
      subject: z.string(),
      /** The time of the provider's last confirmation; null since it refused. */
      confirmed: z.number().nullable(),
    })
    .optional(),
  /** Set while the password is one that somebody else gave: it can only be used to change it, until this time (null: without end). */
  oneTime: z
    .object({
      until: z.number().nullable(),
      /** It is the password of the first admin, which the indexer itself made. */
      isFirst: z.boolean().default(false),
    })
    .nullable(),
  secondFactor: z
    .object({
      secret: z.string(),
      /** The step of the last code: it and all before are used up. */
      last: z.number().int(),
      /** SHA-256 of recovery codes that are left. */
      recovery: z.array(z.string()),
    })
    .nullable(),
  /** A lock by an admin (`until` null) or by failed sign-ins. */
  locked: z.object({ since: z.number(), until: z.number().nullable(), reason: z.string() }).nullable(),
  created: z.number(),
  passwordChanged: z.number(),
  /** The addresses of the last complete sign-ins: guesses from elsewhere do not delay a client from these. */
  knownFrom: z.array(z.string()).default([]),
})
export type User = z.infer<typeof userSchema>

const MOST_KNOWN = 8

/** The user as somebody who signed in from there. */
export const seenFrom = (user: User, address: string): User =>
  user.knownFrom.includes(address)
    ? user
    : { ...user, knownFrom: [address, ...user.knownFrom].slice(0, MOST_KNOWN) }

/** Whether an admin locked the user. Such a lock also ends open sessions; a lock by failed sign-ins must not let strangers do that. */
export const isLockedOut = (user: User): boolean => user.locked !== null && user.locked.until === null

/** Whether the user may sign in from this address: a lock by failed sign-ins applies to addresses that the user never used. */
export const maySignIn = (user: User, address: string, now: number): boolean =>
  user.locked === null ||
  (user.locked.until !== null && (user.locked.until <= now || user.knownFrom.includes(address)))

const missing = (name: string): Refusal => new Refusal('WB-NOT-FOUND', `There is no user ${name}.`)

/** The provider whose word counts now, and for how long it does after a sign-in, ms. */
export interface Vouching {
  readonly issuer: string
  readonly lasts: number
}

/** All users. */
export class Users {
  readonly #book: RecordCache<User>
  readonly #vouching: () => Vouching | null
  /** Changes run one after the other: two admins who demote each other at once must not both find the other one still there. */
  readonly #turn = inTurn()

  private constructor(book: RecordCache<User>, vouching: () => Vouching | null) {
    this.#book = book
    this.#vouching = vouching
  }

  static async open(records: Records, vouching: () => Vouching | null): Promise<Users> {
    return new Users(await RecordCache.open(records, 'user', userSchema), vouching)
  }

  /**
   * Whether the user's sessions and tokens are still valid: a local user needs no confirmation, others need a recent one of the provider.
   */
  isVouchedFor({ identity }: User, now: number): boolean {
    if (identity === undefined) return true
    const vouching = this.#vouching()
    if (vouching === null || vouching.issuer !== identity.issuer || identity.confirmed === null) return false
    return now < identity.confirmed + vouching.lasts
  }

  ofIdentity(issuer: string, subject: string): User | undefined {
    return this.list().find(({ identity }) => identity?.issuer === issuer && identity.subject === subject)
  }

  get isEmpty(): boolean {
    return this.#book.size === 0
  }

  find(name: string): User | undefined {
    return this.#book.get(name.toLowerCase())
  }

  demand(name: string): User {
    const user = this.find(name)
    if (user === undefined) throw missing(name)
    return user
  }

  list(): User[] {
    return this.#book
      .entries()
      .map(([, user]) => user)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Returns false if there is a user of this name. */
  addUnlessTaken(user: User): Promise<boolean> {
    return this.#book.add(user.name, user)
  }

  async add(user: User): Promise<void> {
    if (await this.addUnlessTaken(user)) return
    throw new Refusal('WB-EXISTS', `There is already a user ${user.name}.`)
  }

  async change(name: string, next: (user: User) => User): Promise<User> {
    const user = await this.#turn(() =>
      this.#book.change(name.toLowerCase(), (before) => {
        const after = next(before)
        this.demandChange(before, after)
        return after
      }),
    )
    if (user === undefined) throw missing(name)
    return user
  }

  async setRole(name: string, role: Role): Promise<User> {
    return this.change(name, (user) => (user.role === role ? user : { ...user, role, epoch: user.epoch + 1 }))
  }

  async setLimits(name: string, limits: Limits): Promise<User> {
    return this.change(name, (user) => ({ ...user, limits }))
  }

  async lock(name: string, reason: string, now: number): Promise<User> {
    const locked = { since: now, until: null, reason }
    return this.change(name, (user) => ({ ...user, locked, epoch: user.epoch + 1 }))
  }

  async unlock(name: string): Promise<User> {
    return this.change(name, (user) => ({ ...user, locked: null }))
  }

  async remove(name: string): Promise<void> {
    await this.#turn(async () => {
      const user = this.demand(name)
      this.demandChange(user, null)
      await this.#book.remove(user.name)
    })
  }

  /** Refuses a change (null: a removal) after which nobody could manage users. */
  demandChange(before: User, after: User | null): void {
    if (!isActiveAdmin(before) || (after !== null && isActiveAdmin(after))) return
    if (this.list().some((user) => user.id !== before.id && isActiveAdmin(user))) return
    throw new Refusal(
      'WB-LAST-ADMIN',
      `${before.name} is the only local admin who can sign in: make another one first (waybill users add NAME --role admin).`,
    )
  }
}

/** The admin must be local: while the provider is down somebody must be able to manage users. */
const isActiveAdmin = (user: User): boolean =>
  user.role === 'admin' && user.identity === undefined && !isLockedOut(user)
