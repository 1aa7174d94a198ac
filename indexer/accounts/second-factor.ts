import { isSealed, type SecretBox } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { Session } from './sessions.ts'
import { recoveryHash } from './sign-in.ts'
import { base32, contextOf, otpauth, stepOf } from './totp.ts'
import type { Users } from './users.ts'

const RECOVERY_CODES = 10
const SECRET_BYTES = 20
/** 120 bits: a plain hash of it in the store can't be tried through. */
const RECOVERY_BYTES = 15
const OFFER_MS = 15 * 60_000
const MOST_OFFERS = 1000

interface Offer {
  readonly secret: Buffer
  readonly until: number
}

/** Sets up a second factor. An offered secret takes effect only once a code of it has come back. */
export class SecondFactors {
  readonly #box: SecretBox
  readonly #users: Users
  readonly #clock: () => number
  readonly #wallClock: () => number
  readonly #random: (bytes: number) => Buffer
  /** By session: an offer belongs to the session that asked for it. */
  readonly #offers = new Map<string, Offer>()

  constructor(parts: {
    users: Users
    clock: () => number
    /** The time that the users' devices show, too. */
    wallClock: () => number
    random: (bytes: number) => Buffer
    box: SecretBox
  }) {
    this.#box = parts.box
    this.#users = parts.users
    this.#clock = parts.clock
    this.#wallClock = parts.wallClock
    this.#random = parts.random
  }

  offer(session: Session): { secret: string; uri: string } {
    const now = this.#clock()
    if (session.owner.secondFactor !== null)
      throw new Refusal('WB-SECOND-FACTOR', 'There is already a second factor: remove it first.')
    for (const [id, { until }] of this.#offers)
      if (until <= now || this.#offers.size >= MOST_OFFERS) this.#offers.delete(id)
    const secret = this.#random(SECRET_BYTES)
    this.#offers.set(session.id, { secret, until: now + OFFER_MS })
    return { secret: base32(secret), uri: otpauth(secret, session.user) }
  }

  /** Recovery codes, shown this once, for the day when the telephone is lost. */
  async take(session: Session, code: string): Promise<string[]> {
    const offer = this.#offers.get(session.id)
    const now = this.#clock()
    if (offer === undefined || offer.until <= now)
      throw new Refusal('WB-SECOND-FACTOR', 'The set-up of the second factor has expired: begin again.')
    const step = stepOf(offer.secret, code.replace(/\s/g, ''), this.#wallClock(), 0)
    if (step === null)
      throw new Refusal(
        'WB-CODE-WRONG',
        'This is not the code that the app shows now; check the clock of its device.',
      )
    const codes = Array.from({ length: RECOVERY_CODES }, () =>
      base32(this.#random(RECOVERY_BYTES)).replace(/(.{4})(?=.)/g, '$1-'),
    )
    const factor = {
      secret: this.#box.seal(offer.secret, contextOf(session.user)),
      last: step,
      recovery: codes.map(recoveryHash),
    }
    this.#offers.delete(session.id)
    await this.#users.change(session.user, (user) => {
      if (user.secondFactor !== null)
        throw new Refusal('WB-SECOND-FACTOR', 'There is already a second factor.')
      return { ...user, secondFactor: factor }
    })
    return codes
  }

  async remove(name: string): Promise<void> {
    await this.#users.change(name, (user) => ({ ...user, secondFactor: null }))
  }
}

/**
 * Encrypts secrets that an earlier version stored in plain text; returns the names of users whose second factor this indexer can't read.
 */
export async function sealSecrets(users: Users, box: SecretBox): Promise<string[]> {
  const unreadable: string[] = []
  for (const { name, secondFactor } of users.list()) {
    if (secondFactor === null) continue
    const { secret } = secondFactor
    const opened = box.open(secret, contextOf(name))
    if (opened === null) unreadable.push(name)
    if (opened === null || isSealed(secret)) continue
    const sealed = box.seal(opened, contextOf(name))
    await users.change(name, (user) =>
      user.secondFactor?.secret === secret
        ? { ...user, secondFactor: { ...user.secondFactor, secret: sealed } }
        : user,
    )
  }
  return unreadable
}
