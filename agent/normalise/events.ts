import { type Asked, type Check, checkOf, type Simple, simpleIn, textFrom } from './condition.ts'
import { Piece } from './direct/piece.ts'
import { type EventType, folded } from './integration.ts'
import { type Given, givenBy } from './lookups.ts'
import { finder } from './pattern.ts'

/** An event type made ready: whether a record is of it, and what follows. */
export interface KnownType {
  readonly type: EventType
  /** JSON of its id. */
  readonly code: Piece
  readonly set: readonly Given[]
}

const MOST_KNOWN = 4096
const LONGEST_KNOWN = 64
/** Patterns from which on it pays to remember what they said of a text. */
const MANY = 3

/** What conditions ask of one member or field. */
interface Ask {
  readonly text: (asked: Asked) => string | undefined
  /** Texts of one meaning are the same to all conditions; without a NUL. */
  readonly meaning: (text: string) => string
}

function askFor(name: string, conditions: readonly Simple[], sourceOf: (name: string) => number): Ask {
  const words = new Map<string, string>()
  const patterns: ((text: string) => boolean)[] = []
  for (const condition of conditions) {
    if ('matches' in condition) patterns.push(finder(condition.matches))
    if (!('oneOf' in condition)) continue
    for (const word of condition.oneOf.map(folded)) if (!words.has(word)) words.set(word, `=${words.size}`)
  }
  const meaning = (said: string): string => {
    let means = words.size === 0 ? ANY : (words.get(folded(said)) ?? ANY)
    for (const finds of patterns) means += finds(said) ? '1' : '0'
    return means
  }
  return { text: textFrom(name, sourceOf), meaning: patterns.length < MANY ? meaning : remembered(meaning) }
}

function remembered(meaning: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>()
  return (text) => {
    if (text.length > LONGEST_KNOWN) return meaning(text)
    let means = known.get(text)
    if (means === undefined) {
      means = meaning(text)
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(text, means)
    }
    return means
  }
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
    let known = this.#known.get(key)
    if (known === undefined) {
      known = this.#work(asked)
      // A source with ever new actions: what it costs is time, never memory.
      if (this.#known.size >= MOST_KNOWN) this.#known.clear()
      this.#known.set(key, known)
    }
    return known
  }

  /** All that the conditions can ask for. */
  #keyOf(asked: Asked): string {
    let key = ''
    for (const { text, meaning } of this.#asks) {
      const said = text(asked)
      key += said === undefined ? '\0' : `${meaning(said)}\0`
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
