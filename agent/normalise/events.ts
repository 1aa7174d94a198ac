import { foldsLonger } from '../../schema/index.ts'
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
const MOST_BRANCHES = 32 * 1024
const LONGEST_KNOWN = 64

/** What conditions ask of one member or field. */
interface Ask {
  readonly text: (asked: Asked) => string | undefined
  /** Texts of one meaning are the same to all conditions. */
  readonly meaning: (text: string) => number
}

/** So many patterns' answers fit a number, beside the words. */
const MOST_PATTERNS = 16

/** What is asked of one name; several where its conditions have many patterns. */
function asksFor(name: string, conditions: readonly Simple[], sourceOf: (name: string) => number): Ask[] {
  const text = textFrom(name, sourceOf)
  const words = new Map<string, number>()
  const patterns: ((text: string) => boolean)[] = []
  for (const condition of conditions) {
    if ('matches' in condition) patterns.push(finder(condition.matches))
    if (!('oneOf' in condition)) continue
    for (const word of condition.oneOf.map(folded)) if (!words.has(word)) words.set(word, words.size + 1)
  }
  const longest = Math.max(0, ...[...words.keys()].map((word) => word.length))
  const wordOf = (said: string): number =>
    foldsLonger(said, longest) ? ANY : (words.get(folded(said)) ?? ANY)
  const asks: Ask[] = []
  for (let first = 0; first === 0 || first < patterns.length; first += MOST_PATTERNS) {
    const these = patterns.slice(first, first + MOST_PATTERNS)
    const meaning = (said: string): number => {
      let means = first === 0 && words.size > 0 ? wordOf(said) : ANY
      for (const finds of these) means = means * 2 + (finds(said) ? 1 : 0)
      return means
    }
    asks.push({ text, meaning: remembered(meaning) })
  }
  return asks
}

function remembered(meaning: (text: string) => number): (text: string) => number {
  const known = new Map<string, number>()
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

const ANY = 0
const UNSAID = -1

/** Where the answers so far lead to: by what the next says, and to which type behind the last. */
class Branch {
  readonly next = new Map<number, Branch>()
  known: KnownType | null | undefined
}

/**
 * The catalogue of an integration: the first type that applies is the record's. What decides are a few texts, most of them names of
 * actions and things that come again and again: what they lead to is remembered.
 */
export class EventTypes {
  readonly #types: readonly (KnownType & { readonly applies: Check })[]
  readonly #asks: readonly Ask[]
  #root = new Branch()
  #branches = 0

  constructor(types: readonly EventType[], sourceOf: (name: string) => number) {
    this.#types = types.map((type) => ({
      type,
      applies: checkOf(type.when, sourceOf),
      set: type.set.map(givenBy),
      code: new Piece(JSON.stringify(type.id)),
    }))
    const conditions = types.flatMap(({ when }) => simpleIn(when))
    this.#asks = [...new Set(conditions.map(({ name }) => name))].flatMap((name) =>
      asksFor(
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
    let branch = this.#root
    for (const { text, meaning } of this.#asks) {
      const said = text(asked)
      const means = said === undefined ? UNSAID : meaning(said)
      branch = branch.next.get(means) ?? this.#grow(branch, means)
    }
    if (branch.known === undefined) branch.known = this.#work(asked)
    return branch.known
  }

  #grow(branch: Branch, means: number): Branch {
    // A source whose answers are ever new: what it costs is time, never memory.
    if (++this.#branches > MOST_BRANCHES) {
      this.#root = new Branch()
      this.#branches = 0
    }
    const grown = new Branch()
    branch.next.set(means, grown)
    return grown
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
