import { Refusal } from '../refusal.ts'
import type { Session } from './sessions.ts'
import { recoveryHash } from './sign-in.ts'
import { base32, otpauth, stepOf } from './totp.ts'
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

/** Setting up a second factor. What is offered holds only once a code of it has come back. */
export class SecondFactors {
  readonly #users: Users
  readonly #clock: () => number
  readonly #wallClock: () => number
  readonly #random: (bytes: number) => Buffer
  /** By session: an offer is nobody's but the one's who asked for it. */
  readonly #offers = new Map<string, Offer>()

  constructor(parts: {
    users: Users
    clock: () => number
    /** What the devices of users show, too. */
    wallClock: () => number
    random: (bytes: number) => Buffer
  }) {
    this.#users = parts.users
    this.#clock = parts.clock
    this.#wallClock = parts.wallClock
    this.#random = parts.random
  }

  offer(session: Session): { secret: string; uri: string } {
    const now = this.#clock()
    if (session.owner.secondFactor !== null)
      throw new Refusal(409, 'refused', 'There is a second factor already: take it off first.')
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
      throw new Refusal(409, 'refused', 'Nothing is offered: begin setting up the second factor again.')
    const step = stepOf(offer.secret, code.replace(/\s/g, ''), this.#wallClock(), 0)
    if (step === null)
      throw new Refusal(
        400,
        'bad-request',
        'This is not the code that the app shows now; is the clock of its device right?',
      )
    const codes = Array.from({ length: RECOVERY_CODES }, () =>
      base32(this.#random(RECOVERY_BYTES)).replace(/(.{4})(?=.)/g, '$1-'),
    )
    const factor = {
      secret: offer.secret.toString('base64'),
      last: step,
      recovery: codes.map(recoveryHash),
    }
    this.#offers.delete(session.id)
    await this.#users.change(session.user, (user) => {
      if (user.secondFactor !== null) throw new Refusal(409, 'refused', 'There is a second factor already.')
      return { ...user, secondFactor: factor }
    })
    return codes
  }

  async remove(name: string): Promise<void> {
    await this.#users.change(name, (user) => ({ ...user, secondFactor: null }))
  }
}
