import { hash, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { PERMISSION_NAMES, type Permission } from '../../schema/api/index.ts'
import { inTurn } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { Records } from '../store/port.ts'
import { RecordCache } from './record-cache.ts'

const apiTokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The owner; null for a token of the service itself, made by the operator of this machine. */
  owner: z.object({ name: z.string(), id: z.string() }).nullable(),
  permissions: z.array(z.enum(PERMISSION_NAMES)),
  /** SHA-256 of the secret half. */
  hash: z.string(),
  created: z.number(),
  createdBy: z.string(),
  expires: z.number().nullable(),
})
export type ApiToken = z.infer<typeof apiTokenSchema>

interface NewToken {
  readonly name: string
  readonly owner: ApiToken['owner']
  readonly permissions: readonly Permission[]
  readonly createdBy: string
  readonly expires: number | null
}

const SHAPE = /^wbt_([0-9a-f]{16})_([0-9a-f]{64})$/
/** The most tokens of one owner, and of all. */
const MOST_OF_ONE = 50
const MOST = 10_000

/** Tokens of programs, made while the indexer runs; shown once. */
export class ApiTokens {
  readonly #book: RecordCache<ApiToken>
  readonly #clock: () => number
  readonly #random: (bytes: number) => Buffer
  /** One after the other: several at once must not all find the last place. */
  readonly #turn = inTurn()

  private constructor(book: RecordCache<ApiToken>, clock: () => number, random: (bytes: number) => Buffer) {
    this.#book = book
    this.#clock = clock
    this.#random = random
  }

  static async open(parts: {
    records: Records
    clock: () => number
    random: (bytes: number) => Buffer
  }): Promise<ApiTokens> {
    return new ApiTokens(
      await RecordCache.open(parts.records, 'api-token', apiTokenSchema),
      parts.clock,
      parts.random,
    )
  }

  make(said: NewToken): Promise<{ secret: string; token: ApiToken }> {
    return this.#turn(() => this.#make(said))
  }

  async #make(said: NewToken): Promise<{ secret: string; token: ApiToken }> {
    const now = this.#clock()
    const mine = this.list().filter(({ owner }) => owner?.id === said.owner?.id)
    if (mine.length >= MOST_OF_ONE) {
      const expired = mine.filter(({ expires }) => expires !== null && expires <= now)
      if (expired.length === 0)
        throw new Refusal(
          'WB-LIMIT-REACHED',
          `${said.owner === null ? 'The service has' : 'You have'} ${MOST_OF_ONE} tokens already: revoke unused ones.`,
        )
      for (const { id } of expired) await this.#book.remove(id)
    }
    if (this.#book.size >= MOST)
      throw new Refusal('WB-LIMIT-REACHED', `There are ${MOST} tokens already: revoke unused ones.`)
    const id = this.#random(8).toString('hex')
    const half = this.#random(32).toString('hex')
    const token: ApiToken = {
      ...said,
      id,
      permissions: [...said.permissions],
      hash: hash('sha256', half),
      created: now,
    }
    if (!(await this.#book.add(id, token))) throw new Error('two tokens have one id')
    return { secret: `wbt_${id}_${half}`, token }
  }

  /** The token of this secret, if it is good. */
  use(secret: string): ApiToken | null {
    const [, id = '', half = ''] = SHAPE.exec(secret) ?? []
    const token = this.#book.get(id)
    const expected = Buffer.from(token?.hash ?? hash('sha256', ''))
    const same = timingSafeEqual(expected, Buffer.from(hash('sha256', half)))
    if (token === undefined || !same) return null
    return token.expires !== null && token.expires <= this.#clock() ? null : token
  }

  get(id: string): ApiToken | undefined {
    return this.#book.get(id)
  }

  list(): ApiToken[] {
    return this.#book
      .entries()
      .map(([, token]) => token)
      .sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1))
  }

  async revoke(id: string): Promise<void> {
    await this.#book.remove(id)
  }

  /** Removes the tokens of a removed user. */
  async revokeOf(owner: string): Promise<void> {
    for (const token of this.list()) if (token.owner?.name === owner) await this.#book.remove(token.id)
  }
}
