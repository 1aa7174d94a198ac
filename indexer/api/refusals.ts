import type { Trail } from '../ingest/index.ts'

/** A request that was refused. */
export interface Refused {
  readonly address: string
  /** The kind of the refused thing: a forbidden action, an unknown token, a waybill, or another request of an agent. */
  readonly kind: 'forbidden' | 'token' | 'waybill' | 'agent'
  /** Method and path of the route, without what was asked. */
  readonly route: string
  readonly reason: string
  /** The name of the client, if it is known. */
  readonly by: string | null
}

const MINUTE = 60_000
const LOOK_EVERY = 1000
/** Addresses that are distinguished in a minute; refusals of further ones are counted together. */
export const MOST_ADDRESSES = 100
/** Routes, reasons and names that one event lists. */
const MOST_LISTED = 20
const LONGEST_REASON = 300

interface Tally {
  readonly since: number
  /** Null: of all addresses that are not distinguished. */
  readonly address: string | null
  count: number
  readonly kinds: Map<Refused['kind'], number>
  readonly routes: Set<string>
  readonly reasons: Set<string>
  readonly names: Set<string>
}

/**
 * Writes refusals into the audit trail: one event for each address and minute with their number, so that a flood of refusals, or of
 * addresses, does not become a flood of events.
 */
export class Refusals {
  readonly #trail: Pick<Trail, 'note'>
  readonly #clock: () => number
  readonly #byAddress = new Map<string, Tally>()
  #others: Tally | null = null
  readonly #timer: NodeJS.Timeout

  constructor(trail: Pick<Trail, 'note'>, clock: () => number) {
    this.#trail = trail
    this.#clock = clock
    this.#timer = setInterval(() => this.#write(false), LOOK_EVERY)
    this.#timer.unref()
  }

  note({ address, kind, route, reason, by }: Refused): void {
    this.#write(false)
    const tally = this.#tallyOf(address)
    tally.count++
    tally.kinds.set(kind, (tally.kinds.get(kind) ?? 0) + 1)
    list(tally.routes, route)
    list(tally.reasons, reason.slice(0, LONGEST_REASON).toWellFormed())
    if (by !== null) list(tally.names, by)
  }

  /** Writes what is counted and not written yet. */
  close(): void {
    clearInterval(this.#timer)
    this.#write(true)
  }

  #tallyOf(address: string): Tally {
    const known = this.#byAddress.get(address)
    if (known !== undefined) return known
    if (this.#byAddress.size >= MOST_ADDRESSES) {
      this.#others ??= newTally(null, this.#clock())
      return this.#others
    }
    const tally = newTally(address, this.#clock())
    this.#byAddress.set(address, tally)
    return tally
  }

  #write(all: boolean): void {
    const now = this.#clock()
    // A clock that was set back ends the minute, too.
    const isOver = ({ since }: Tally): boolean => all || now - since >= MINUTE || now < since
    for (const [address, tally] of [...this.#byAddress]) {
      if (!isOver(tally)) continue
      this.#byAddress.delete(address)
      this.#tell(tally)
    }
    if (this.#others !== null && isOver(this.#others)) {
      this.#tell(this.#others)
      this.#others = null
    }
  }

  #tell({ address, count, kinds, routes, reasons, names }: Tally): void {
    const [name = 'unknown'] = names
    const from = address === null ? 'further addresses' : address
    this.#trail.note({
      action: 'requests-refused',
      category: 'security',
      message: `${count === 1 ? '1 request' : `${count} requests`} from ${from} ${count === 1 ? 'was' : 'were'} refused within a minute.`,
      outcome: 'failure',
      by: { name: names.size === 1 ? name : 'unknown', ...(address !== null && { address }) },
      count,
      payload: {
        ...Object.fromEntries(kinds),
        routes: [...routes],
        reasons: [...reasons],
        ...(names.size > 0 && { names: [...names] }),
      },
    })
  }
}

const newTally = (address: string | null, since: number): Tally => ({
  since,
  address,
  count: 0,
  kinds: new Map(),
  routes: new Set(),
  reasons: new Set(),
  names: new Set(),
})

function list(listed: Set<string>, one: string): void {
  if (listed.size < MOST_LISTED) listed.add(one)
}
