import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import type { EventRule } from '../../schema/index.ts'
import { eventRulesSchema, settingsVersion } from '../../schema/wire/index.ts'
import { type Act, inTurn, type Trail } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import { type Records, SharedRecords } from '../store/index.ts'
import type { Catalogue } from './catalogue.ts'
import { problemOf } from './problem.ts'
import { actsOf } from './toggles.ts'

const storedSchema = z.object({
  number: z.number().int().positive(),
  events: eventRulesSchema,
  changed: z.number(),
  by: z.string(),
})
type Stored = z.infer<typeof storedSchema>

const KIND = 'settings'
const KEY = 'events'

/** The central rules as they are now. */
export interface CurrentSettings {
  /** Also the entity tag. */
  readonly version: string
  readonly events: readonly EventRule[]
  /** When and by whom they were changed last; null where nobody ever has. */
  readonly changed: number | null
  readonly by: string | null
}

/** The central settings about events: in memory, as each heartbeat asks for their version; the store's records are the truth. */
export class EventSettings {
  readonly #parts: {
    records: Records
    catalogue: () => Promise<Catalogue>
    trail: Trail
    clock: () => number
  }
  readonly #turn = inTurn()
  #stored: { value: Stored; version: number } | null = null
  #current: CurrentSettings = { version: settingsVersion(0, []), events: [], changed: null, by: null }

  private constructor(parts: {
    records: Records
    catalogue: () => Promise<Catalogue>
    trail: Trail
    clock: () => number
  }) {
    this.#parts = parts
  }

  static async open(parts: {
    records: Records
    catalogue: () => Promise<Catalogue>
    trail: Trail
    clock: () => number
  }): Promise<EventSettings> {
    const settings = new EventSettings(parts)
    await settings.#read()
    if (parts.records instanceof SharedRecords)
      parts.records.follow(() => settings.#turn(() => settings.#read()))
    return settings
  }

  get current(): CurrentSettings {
    return this.#current
  }

  catalogue(): Promise<Catalogue> {
    return this.#parts.catalogue()
  }

  async #read(): Promise<void> {
    const found = await this.#parts.records.get(KIND, KEY)
    if (found === null) return
    const value = storedSchema.parse(found.value)
    this.#stored = { value, version: found.version }
    const { number, events, changed, by } = value
    this.#current = { version: settingsVersion(number, events), events, changed, by }
  }

  /**
   * Puts these rules in place of those that `allows` accepts the version of. What is wrong with them is refused; rules that change
   * nothing leave the version as it is.
   */
  change(
    events: readonly EventRule[],
    allows: (version: string) => boolean,
    by: Act['by'],
  ): Promise<CurrentSettings> {
    return this.#turn(async () => {
      const before = this.#current
      if (!allows(before.version)) throw this.#lost()
      const catalogue = await this.catalogue()
      const problem = problemOf(events, before.events, catalogue)
      if (problem !== null) throw new Refusal(400, 'bad-request', `The body: ${problem}.`)
      if (isDeepStrictEqual(events, before.events)) return before
      const { records, trail, clock } = this.#parts
      await trail.record(...actsOf(before.events, events, catalogue, by))
      const number = (this.#stored?.value.number ?? 0) + 1
      const value: Stored = { number, events: [...events], changed: clock(), by: by.name }
      const done = await records.put(KIND, KEY, value, this.#stored?.version ?? null)
      await this.#read()
      if (done) return this.#current
      await trail.record({
        action: 'event-settings-change',
        category: 'security',
        message: 'The event types that were to be switched are as they were: someone else was faster.',
        outcome: 'failure',
        reason: 'another indexer of this store changed the settings at the same time',
        by,
      })
      throw this.#lost()
    })
  }

  #lost(): Refusal {
    return new Refusal(
      412,
      'changed',
      `The settings are at version ${this.#current.version} now, not at the one that you changed: read them again.`,
    )
  }
}
