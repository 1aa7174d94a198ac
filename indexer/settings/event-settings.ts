import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { closest } from '../../config/index.ts'
import { type EventRule, scopeKey, scopeText } from '../../schema/index.ts'
import { eventRulesSchema, settingsVersion } from '../../schema/wire/index.ts'
import { type Act, inTurn, type Trail } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import { type Records, SharedRecords } from '../store/index.ts'
import type { Catalogue } from './catalogue.ts'
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
  /** The time and the user of the last change; null if there never was one. */
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
      if (problem !== null) throw new Refusal('WB-REQUEST-INVALID', `The body: ${problem}.`)
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
        message: 'No event type was switched: somebody else changed the settings first.',
        outcome: 'failure',
        reason: 'another indexer of this store changed the settings at the same time',
        by,
      })
      throw this.#lost()
    })
  }

  #lost(): Refusal {
    return new Refusal(
      'WB-CHANGED',
      `The settings are at version ${this.#current.version} now, not at the one that you changed: read them again.`,
    )
  }
}

/**
 * Returns the problem of the rules, in a sentence with the place; null if there is none. A rule about unknown types may stay if it was
 * there before: an integration that changed must not keep others from being switched.
 */
export function problemOf(
  rules: readonly EventRule[],
  before: readonly EventRule[],
  catalogue: Catalogue,
): string | null {
  const known = new Set(before.map(scopeKey))
  const seen = new Map<string, number>()
  for (const [at, rule] of rules.entries()) {
    const place = `events.${at}.event`
    const key = scopeKey(rule)
    const meant = catalogue.meantBy(rule.event)
    if (meant.length === 0 && !known.has(key)) return `${place}: ${unknownType(rule.event, catalogue)}`
    if (meant.length > 0 && meant.every(({ mandatory }) => mandatory)) {
      const title = meant.length === 1 ? ` (${meant[0]!.title})` : ''
      return `${place}: ${rule.event}${title} is mandatory: it is always recorded, and can't be switched off`
    }
    const twin = seen.get(key)
    if (twin !== undefined)
      return `events.${at}: events.${twin} already has the same scope (${scopeText(rule)})`
    seen.set(key, at)
  }
  return null
}

function unknownType(event: string, catalogue: Catalogue): string {
  if (event.endsWith('*'))
    return `no event type begins with ${event.slice(0, -1)}; GET /v1/event-types lists them all`
  const near = closest(
    event,
    catalogue.types.map(({ id }) => id),
  )
  return near === undefined
    ? `there is no event type ${event}; GET /v1/event-types lists them all`
    : `there is no event type ${event} (did you mean ${near}?)`
}
