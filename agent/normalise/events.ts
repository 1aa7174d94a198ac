import { type Asked, type Check, checkOf, namesIn, textFrom } from './condition.ts'
import type { EventType } from './integration.ts'
import { type Given, givenBy } from './lookups.ts'

/** An event type made ready: whether a record is of it, and what follows. */
export interface KnownType {
  readonly type: EventType
  readonly set: readonly Given[]
}

const MOST_KNOWN = 4096
const LONGEST_KNOWN = 64

/**
 * The catalogue of an integration: the first type that applies is the record's. What decides are a few texts, most of them names of
 * actions and things that come again and again: what they lead to is remembered.
 */
export class EventTypes {
  readonly #types: readonly (KnownType & { readonly applies: Check })[]
  readonly #asks: readonly ((asked: Asked) => string | undefined)[]
  readonly #known = new Map<string, KnownType | null>()

  constructor(types: readonly EventType[], sourceOf: (name: string) => number) {
    this.#types = types.map((type) => ({
      type,
      applies: checkOf(type.when, sourceOf),
      set: type.set.map(givenBy),
    }))
    const names = new Set(types.flatMap(({ when }) => namesIn(when)))
    this.#asks = [...names].map((name) => textFrom(name, sourceOf))
  }

  get size(): number {
    return this.#types.length
  }

  of(asked: Asked): KnownType | null {
    const key = this.#keyOf(asked)
    if (key === null) return this.#work(asked)
    let known = this.#known.get(key)
    if (known === undefined) {
      known = this.#work(asked)
      // A source with ever new actions: what it costs is time, never memory.
      if (this.#known.size >= MOST_KNOWN) this.#known.clear()
      this.#known.set(key, known)
    }
    return known
  }

  /** All that the conditions can ask for; null where a text is none that comes again. */
  #keyOf(asked: Asked): string | null {
    let key = ''
    for (const ask of this.#asks) {
      const text = ask(asked)
      if (text !== undefined && text.length > LONGEST_KNOWN) return null
      // No text is empty, and none has a NUL.
      key += `${text ?? ''}\0`
    }
    return key
  }

  #work(asked: Asked): KnownType | null {
    for (const known of this.#types) if (known.applies(asked)) return known
    return null
  }

  /** Whatever any type can set. */
  all(): readonly Given[] {
    return this.#types.flatMap(({ set }) => set)
  }
}
