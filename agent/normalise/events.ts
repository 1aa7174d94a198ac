import { type Asked, type Check, checkOf } from './condition.ts'
import type { EventType } from './integration.ts'
import { type Given, givenBy } from './lookups.ts'

/** An event type made ready: whether a record is of it, and what follows. */
export interface KnownType {
  readonly type: EventType
  readonly set: readonly Given[]
}

/** The catalogue of an integration: the first type that applies is the record's. */
export class EventTypes {
  readonly #types: readonly (KnownType & { readonly applies: Check })[]

  constructor(types: readonly EventType[], sourceOf: (name: string) => number) {
    this.#types = types.map((type) => ({
      type,
      applies: checkOf(type.when, sourceOf),
      set: type.set.map(givenBy),
    }))
  }

  get size(): number {
    return this.#types.length
  }

  of(asked: Asked): KnownType | null {
    for (const known of this.#types) if (known.applies(asked)) return known
    return null
  }

  /** Whatever any type can set. */
  all(): readonly Given[] {
    return this.#types.flatMap(({ set }) => set)
  }
}
