import { hash, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { hostMatcher, type Records } from '../store/index.ts'

const tokenSchema = z.object({
  /** SHA-256 of the secret half; the secret itself is nowhere. */
  hash: z.string(),
  created: z.number(),
  expires: z.number(),
  uses: z.number(),
  /** Ids of the keys that were enrolled with it. */
  usedBy: z.array(z.string()),
  /** The hosts that an agent enrolled with it may be on and name; absent: the host that the agent reports. */
  hosts: z.array(z.string()).optional(),
})
type EnrolToken = z.infer<typeof tokenSchema>

const KIND = 'enrol-token'
const SHAPE = /^wbe_([0-9a-f]{16})_([0-9a-f]{64})$/

export interface MintedToken {
  readonly token: string
  readonly expires: number
  readonly uses: number
}

/** The short-lived tokens that agents enroll with. */
export class EnrolTokens {
  readonly #records: Records
  readonly #random: (bytes: number) => Buffer

  constructor(records: Records, random: (bytes: number) => Buffer) {
    this.#records = records
    this.#random = random
  }

  async mint(
    now: number,
    { lifetime, uses, hosts }: { lifetime: number; uses: number; hosts?: readonly string[] | undefined },
  ): Promise<MintedToken> {
    await this.#dropExpired(now)
    const id = this.#random(8).toString('hex')
    const half = this.#random(32).toString('hex')
    const expires = now + lifetime
    const record: EnrolToken = {
      hash: hash('sha256', half),
      created: now,
      expires,
      uses,
      usedBy: [],
      ...(hosts !== undefined && { hosts: [...hosts] }),
    }
    if (!(await this.#records.put(KIND, id, record, null))) throw new Error('two tokens have one id')
    return { token: `wbe_${id}_${half}`, expires, uses }
  }

  /**
   * Takes one use of a token for this key and host. Returns the reason if it can't, otherwise the hosts that the token allows. The same key
   * may come again with the same token, for instance when the answer was lost: that takes no further use.
   */
  async use(
    token: string,
    { key, host, now }: { key: string; host: string; now: number },
  ): Promise<string | { readonly hosts: readonly string[] }> {
    const [, id = '', half = ''] = SHAPE.exec(token) ?? []
    for (;;) {
      const found = await this.#records.get(KIND, id)
      const record = found === null ? null : tokenSchema.parse(found.value)
      const expected = Buffer.from(record?.hash ?? hash('sha256', ''))
      const same = timingSafeEqual(expected, Buffer.from(hash('sha256', half)))
      if (found === null || record === null || !same) return 'The enrolment token is unknown.'
      if (record.expires <= now) return 'The enrolment token has expired.'
      const { hosts } = record
      if (hosts !== undefined && !hostMatcher(hosts)(host))
        return `The enrolment token is for ${hosts.join(', ')}, and the agent is on ${host}.`
      const granted = { hosts: hosts ?? [] }
      if (record.usedBy.includes(key)) return granted
      if (record.usedBy.length >= record.uses) return 'The enrolment token is used up.'
      const next: EnrolToken = { ...record, usedBy: [...record.usedBy, key] }
      if (await this.#records.put(KIND, id, next, found.version)) return granted
    }
  }

  async #dropExpired(now: number): Promise<void> {
    for (const { key, value } of await this.#records.list(KIND)) {
      if (tokenSchema.parse(value).expires <= now) await this.#records.remove(KIND, key)
    }
  }
}
