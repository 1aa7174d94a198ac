import { type Asked, type Check, checkOf, type Simple, simpleIn, textFrom } from './condition.ts'
import { Piece } from './direct/piece.ts'
import { type EventType, folded } from './integration.ts'
import { type Given, givenBy } from './lookups.ts'

/** An event type made ready: whether a record is of it, and what follows. */
export interface KnownType {
  readonly type: EventType
  /** JSON of its id. */
  readonly code: Piece
  readonly set: readonly Given[]
}

const MOST_KNOWN = 4096
const LONGEST_KNOWN = 64

/** What conditions ask of one member or field. */
interface Ask {
  readonly text: (asked: Asked) => string | undefined
  /** Texts of one meaning are the same to all conditions; never empty, and without a NUL. Null where a text is none that comes again. */
  readonly meaning: (text: string) => string | null
}

function askFor(name: string, conditions: readonly Simple[], sourceOf: (name: string) => number): Ask {
  const text = textFrom(name, sourceOf)
  if (conditions.some((condition) => 'matches' in condition))
    return { text, meaning: (said) => (said.length > LONGEST_KNOWN ? null : said) }
  const words = new Map<string, string>()
  for (const condition of conditions) {
    if (!('oneOf' in condition)) continue
    for (const word of condition.oneOf.map(folded)) if (!words.has(word)) words.set(word, `=${words.size}`)
  }
  return words.size === 0
    ? { text, meaning: () => ANY }
    : { text, meaning: (said) => words.get(folded(said)) ?? ANY }
}

const ANY = '*'

/**
 * The catalogue of an integration: the first type that applies is the record's. What decides are a few texts, most of them names of
 * actions and things that come again and again: what they lead to is remembered.
 */
export class EventTypes {
  readonly #types: readonly (KnownType & { readonly applies: Check })[]
  readonly #asks: readonly Ask[]
  readonly #known = new Map<string, KnownType | null>()

  constructor(types: readonly EventType[], sourceOf: (name: string) => number) {
    this.#types = types.map((type) => ({
      type,
      applies: checkOf(type.when, sourceOf),
      set: type.set.map(givenBy),
      code: new Piece(JSON.stringify(type.id)),
    }))
    const conditions = types.flatMap(({ when }) => simpleIn(when))
    this.#asks = [...new Set(conditions.map(({ name }) => name))].map((name) =>
      askFor(
        name,
        conditions.filter((condition) => condition.name === name),
        sourceOf,
      ),
    )
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
    for (const { text, meaning } of this.#asks) {
      const said = text(asked)
      const means = said === undefined ? '' : meaning(said)
      if (means === null) return null
      key += `${means}\0`
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
