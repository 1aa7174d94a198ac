import * as z from 'zod'
import type { Records } from '../../store/index.ts'

const leaseSchema = z.object({ holder: z.string(), until: z.number() })
const FOR = 30_000
/** The holder renews it when this much is left. */
const RENEW_AT = 20_000

/** Lets one of several indexers do something, until it stops or is silent. A store that has one indexer needs no lease. */
export class Lease {
  readonly #records: Records
  readonly #kind: string
  readonly #self: string
  readonly #clock: () => number
  #until = 0
  #version: number | null = null
  #isAlone: boolean | null = null

  constructor(records: Records, kind: string, self: string, clock: () => number) {
    this.#records = records
    this.#kind = kind
    this.#self = self
    this.#clock = clock
  }

  /** Whether this process holds it now. */
  async hold(): Promise<boolean> {
    this.#isAlone ??= (await this.#records.version()) === null
    if (this.#isAlone) return true
    const now = this.#clock()
    if (this.#until - now > RENEW_AT) return true
    const record = await this.#records.get(this.#kind, 'lease')
    const known = record === null ? null : leaseSchema.safeParse(record.value).data
    if (known !== null && known !== undefined && known.holder !== this.#self && known.until > now) {
      this.#until = 0
      return false
    }
    const lease = { holder: this.#self, until: now + FOR }
    if (!(await this.#records.put(this.#kind, 'lease', lease, record?.version ?? null))) return false
    this.#until = lease.until
    this.#version = (await this.#records.get(this.#kind, 'lease'))?.version ?? null
    return true
  }

  /** So that the next one need not wait until it ends. */
  async release(): Promise<void> {
    if (this.#until <= this.#clock()) return
    this.#until = 0
    const lease = { holder: this.#self, until: 0 }
    await this.#records.put(this.#kind, 'lease', lease, this.#version).catch(() => false)
  }
}
