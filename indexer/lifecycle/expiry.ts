import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { CATEGORIES } from '../../schema/index.ts'
import { type Act, isRecorded, type Trail } from '../ingest/index.ts'
import type { Store, StoredPartition } from '../store/port.ts'
import { expiresBefore } from './standing.ts'
import { ageText, type Rule } from './table.ts'

const KIND = 'expiry'
export const EXPIRED_ACTION = 'retention-expire'
/** An expiry takes seconds; one that is older was interrupted. */
const INTERRUPTED_AFTER = 10 * 60_000

const intentSchema = z.object({
  /** The indexer process that does it. */
  run: z.string(),
  at: z.number(),
  /** The condition of the removal: no event in the partition was ingested at this time or later. */
  before: z.number(),
  category: z.enum(CATEGORIES),
  events: z.number(),
  bytes: z.number(),
  first: z.number(),
  last: z.number(),
  searchable: z.number(),
  archived: z.boolean(),
})
type Intent = z.infer<typeof intentSchema>

/**
 * Removes partitions, each with one event of the audit trail. The intent is written down first, so that after kill -9 at any moment, and
 * with several indexers on one store, each is removed, and told of, once.
 */
export class Expiry {
  readonly #store: Store
  readonly #trail: Trail
  readonly #clock: () => number
  readonly #run = randomUUID()

  constructor(parts: { store: Store; trail: Trail; clock: () => number }) {
    this.#store = parts.store
    this.#trail = parts.trail
    this.#clock = parts.clock
  }

  /** Whether the partition has gone now. False if another indexer removes it, or if events have arrived in it in the meantime. */
  async expire(partition: StoredPartition, rule: Rule): Promise<boolean> {
    const { category, name, events, bytes, first, last } = partition
    const at = this.#clock()
    const intent: Intent = {
      run: this.#run,
      at,
      before: expiresBefore(rule, at),
      category,
      events,
      bytes,
      first,
      last,
      searchable: rule.searchable,
      archived: rule.archive !== null,
    }
    if (!(await this.#store.records.put(KIND, name, intent, null))) return false
    await this.#trail.record(actOf(name, intent))
    const gone = await this.#store.expire(name, intent.before)
    if (!gone) await this.#trail.record(keptActOf(name))
    await this.#settle(name)
    return gone
  }

  /** Completes interrupted expiries. */
  async resume(): Promise<void> {
    for (const { key: name, value, version } of await this.#store.records.list(KIND)) {
      const intent = intentSchema.parse(value)
      const now = this.#clock()
      if (intent.run !== this.#run && now - intent.at < INTERRUPTED_AFTER) continue
      const mine = { ...intent, run: this.#run }
      if (!(await this.#store.records.put(KIND, name, mine, version))) continue
      const told = { action: EXPIRED_ACTION, entity: name, since: intent.at }
      if (this.#trail.waiting === 0 && !(await isRecorded(this.#store, told)))
        await this.#trail.record(actOf(name, intent))
      await this.#store.expire(name, intent.before)
      await this.#settle(name)
    }
  }

  /** The intent stays until its event is in the store: it is all that is known of the partition. */
  async #settle(name: string): Promise<void> {
    if (this.#trail.waiting === 0) await this.#store.records.remove(KIND, name)
  }
}

const by = { name: 'retention' }
const entityOf = (name: string) => ({ type: 'partition', id: name })

function actOf(name: string, intent: Intent): Act {
  const { events, first, last, searchable, archived, category } = intent
  const day = (time: number): string => new Date(time).toISOString()
  const copy = archived ? 'they are in the archive' : 'the category has no archive'
  return {
    action: EXPIRED_ACTION,
    category: 'system',
    message: `Partition ${name} expired: ${events} ${category} events that were received from ${day(first)} to ${day(last)} have been searchable for ${ageText(searchable)}, and are removed; ${copy}.`,
    outcome: 'success',
    by,
    entity: entityOf(name),
    count: events,
    payload: { category, first: day(first), last: day(last) },
  }
}

const keptActOf = (name: string): Act => ({
  action: 'retention-keep',
  category: 'system',
  message: `Partition ${name} was due to expire, but is kept: it has received events since.`,
  outcome: 'failure',
  reason: 'it has received events since',
  by,
  entity: entityOf(name),
})
