import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { Refusal } from '../refusal.ts'
import { isCommon } from './common-passwords.ts'

/** A password as it is kept. The cost is with it, so that it can be raised later. */
export const passwordHashSchema = z.object({
  algorithm: z.literal('scrypt'),
  n: z.number().int(),
  r: z.number().int(),
  p: z.number().int(),
  salt: z.string(),
  hash: z.string(),
})
export type PasswordHash = z.infer<typeof passwordHashSchema>

export interface Cost {
  readonly n: number
  readonly r: number
  readonly p: number
}

/** One of OWASP's equal choices, the one that takes 32 MiB and not 128: several people sign in at once. */
export const USUAL_COST: Cost = { n: 2 ** 15, r: 8, p: 3 }

const HASH_BYTES = 32
const SALT_BYTES = 16
/** Hashes computed at once, and those that may wait: a flood of sign-ins takes this much of the machine, and no more. */
const AT_ONCE = 2
const MOST_WAITING = 32

/** Hashes and checks passwords; the work in flight is bounded over all askers. */
export class Passwords {
  readonly #cost: Cost
  readonly #random: (bytes: number) => Buffer
  readonly #nobody: PasswordHash
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(random: (bytes: number) => Buffer, cost: Cost = USUAL_COST) {
    this.#cost = cost
    this.#random = random
    this.#nobody = {
      algorithm: 'scrypt',
      ...cost,
      salt: random(SALT_BYTES).toString('base64'),
      hash: random(HASH_BYTES).toString('base64'),
    }
  }

  async hash(password: string): Promise<PasswordHash> {
    const salt = this.#random(SALT_BYTES)
    const hash = await this.#derive(password, salt, this.#cost)
    return {
      algorithm: 'scrypt',
      ...this.#cost,
      salt: salt.toString('base64'),
      hash: hash.toString('base64'),
    }
  }

  /** Whether it is the password. Without a stored hash the same work is done on a dummy. */
  async check(password: string, stored: PasswordHash | undefined): Promise<boolean> {
    const against = stored ?? this.#nobody
    const derived = await this.#derive(password, Buffer.from(against.salt, 'base64'), against)
    const same = timingSafeEqual(derived, Buffer.from(against.hash, 'base64'))
    return same && stored !== undefined
  }

  async #derive(password: string, salt: Buffer, { n, r, p }: Cost): Promise<Buffer> {
    await this.#enter()
    try {
      // The same text may be typed as different code points on different keyboards.
      return await derived(password.normalize('NFKC'), salt, { N: n, r, p, maxmem: 2 ** 20 + 256 * n * r })
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  async #enter(): Promise<void> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING) {
        throw new Refusal('WB-SIGN-IN-BUSY', 'Too many people are signing in at this moment; try again.', {
          retryAfter: 2,
        })
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#running++
  }
}

function derived(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

const LEAST = 12
const MOST = 256
const FEWEST_SIGNS = 5
/** Part of a person's name; shorter ones are in too many words. */
const SHORTEST_NAME = 4

/** Why a person may not have this password, in a sentence; null if it is good. Length counts; there are no rules about signs. */
export function whyNotAPassword(
  password: string,
  { name, fullName }: { readonly name: string; readonly fullName: string },
): string | null {
  const length = [...password].length
  if (length < LEAST) return `A password has at least ${LEAST} characters; a sentence is a good choice.`
  if (length > MOST) return `A password has at most ${MOST} characters.`
  if (new Set(password).size < FEWEST_SIGNS) return 'This password repeats the same few characters.'
  const text = password.toLowerCase()
  const names = [name, ...name.split(/[._@-]+/), ...fullName.split(/[\s,]+/)]
    .map((one) => one.toLowerCase())
    .filter((one) => one === name.toLowerCase() || one.length >= SHORTEST_NAME)
  if (names.some((one) => text.includes(one))) return "The password must not contain the user's name."
  if (text.includes('waybill')) return 'The password must not contain the word Waybill.'
  if (isCommon(password))
    return 'This password is too common, or consists of a few common words and numbers. Use your own sentence.'
  return null
}

const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'

/** A password to be typed once, of letters that can't be mistaken: 20 of 31, so 99 bits. */
export function oneTimePassword(random: (bytes: number) => Buffer): string {
  let text = ''
  while (text.length < 20) {
    // Bytes beyond the last whole multiple would make some letters likelier.
    for (const byte of random(32)) if (byte < 248 && text.length < 20) text += LETTERS[byte % 31]
  }
  return text.replace(/(.{5})(?=.)/g, '$1-')
}
