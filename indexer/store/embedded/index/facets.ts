import { type AuditEvent, type Category, eventWords, isCategory, LIMITS } from '../../../../schema/index.ts'
import { FACETS, FEW_WORDS, PRESENCE } from './layout.ts'
import { wordKey } from './terms.ts'

/** One combination of repeating values, and which other fields an event with it has. */
export interface Facet {
  /** Its values and presence as JSON: what makes it the same facet in another segment. */
  readonly text: string
  /** The index in `FACETS`. */
  readonly facet: number
  /** An event with its values alone. */
  readonly event: AuditEvent
  /** Fields of `PRESENCE` that events with it have (action facets only). */
  readonly present: ReadonlySet<string>
  readonly agent: string
  /** These four are for counts: '' if absent; the category is null if absent. */
  readonly category: Category | null
  readonly action: string
  readonly entity: string
  readonly outcome: string
  /** Keys of its words; null if there are too many to list. */
  readonly words: ReadonlySet<number> | null
  /** Whether its words are so few that they never make an event exceed the words that a search looks at. */
  readonly fewWords: boolean
}

/** An event with these values alone. */
export function eventWith(values: Iterable<readonly [string, unknown]>): AuditEvent {
  const event: Record<string, unknown> = {}
  for (const [path, value] of values) {
    const members = path.split('.')
    const last = members.pop()!
    let record = event
    for (const member of members) {
      const next = (record[member] ?? {}) as Record<string, unknown>
      record[member] = next
      record = next
    }
    record[last] = value
  }
  return event
}

/** The parts of a facet's text: the index in `FACETS`, the values by slot, and the numbers of the fields that are present. */
export interface FacetText {
  readonly f: number
  readonly v: readonly (readonly [slot: number, value: unknown])[]
  readonly p: readonly number[]
}

/** The text of a facet, with its members always in this order: equal texts mean equal facets. */
export const textOfFacet = ({ f, v, p }: FacetText): string => JSON.stringify({ f, v, p })

function valuesAndPresence(slots: readonly unknown[], present: readonly number[]): Omit<FacetText, 'f'> {
  const v: [number, unknown][] = []
  for (const [slot, value] of slots.entries()) if (value !== undefined) v.push([slot, value])
  const p: number[] = []
  for (let i = 0; i < PRESENCE.length; i++) {
    if (((present[(i / 30) | 0] ?? 0) & (1 << (i % 30))) !== 0) p.push(i)
  }
  return { v, p }
}

function facetOf(text: string): Facet {
  const { f, v, p } = JSON.parse(text) as FacetText
  const values = v.map(([slot, value]) => [FACETS[f]![slot]!, value] as const)
  const event = eventWith(values)
  const words = eventWords(event)
  const textOf = (path: string): string => {
    const value = values.find(([own]) => own === path)?.[1]
    return typeof value === 'string' ? value : ''
  }
  const category = textOf('audit.category')
  return {
    text,
    facet: f,
    event,
    present: new Set(p.map((number) => PRESENCE[number]!)),
    agent: textOf('agent.id'),
    category: isCategory(category) ? category : null,
    action: textOf('event.action'),
    entity: textOf('audit.entity.type'),
    outcome: textOf('event.outcome'),
    words: words.length >= LIMITS.wordsPerEvent ? null : new Set(words.map(wordKey)),
    // Two facets go with an event.
    fewWords: words.length <= FEW_WORDS / 2,
  }
}

/** Values and presence that additions bring to a action facet, as text: what is cached goes by it. */
export type FacetPart = string

const MOST_REMEMBERED = 20_000

/** The recent facets, by their values and by their text. */
export class FacetBook {
  readonly #byKey = new Map<string, Facet>()
  readonly #byText = new Map<string, Facet>()
  /** The number of facets that were made: recent ones are found instead. */
  made = 0
  #with = new WeakMap<Facet, Map<FacetPart, Facet>>()

  fromText(text: string): Facet {
    let facet = this.#byText.get(text)
    if (facet === undefined) {
      if (this.#byText.size >= MOST_REMEMBERED) this.#byText.clear()
      facet = facetOf(text)
      this.made++
      this.#byText.set(text, facet)
    }
    return facet
  }

  of(facet: number, slots: readonly unknown[], present: readonly number[]): Facet {
    const key = keyOf(facet, slots, present)
    let found = this.#byKey.get(key)
    if (found === undefined) {
      if (this.#byKey.size >= MOST_REMEMBERED) this.#byKey.clear()
      found = this.fromText(textOfFacet({ f: facet, ...valuesAndPresence(slots, present) }))
      this.#byKey.set(key, found)
    }
    return found
  }

  part(slots: readonly unknown[], present: readonly number[]): FacetPart {
    return JSON.stringify(valuesAndPresence(slots, present))
  }

  /** The facet with these values and this presence besides its own. */
  with(facet: Facet, part: FacetPart): Facet {
    let known = this.#with.get(facet)
    if (known === undefined) {
      known = new Map()
      this.#with.set(facet, known)
    }
    let found = known.get(part)
    if (found === undefined) {
      if (known.size >= MOST_REMEMBERED) known.clear()
      const own = JSON.parse(facet.text) as FacetText
      const more = JSON.parse(part) as Omit<FacetText, 'f'>
      found = this.fromText(
        textOfFacet({
          f: own.f,
          v: [...own.v, ...more.v].sort(([a], [b]) => a - b),
          p: [...new Set([...own.p, ...more.p])].sort((a, b) => a - b),
        }),
      )
      known.set(part, found)
    }
    return found
  }
}

/** Texts are length-prefixed, so that no two lists of values give one key. */
function keyOf(facet: number, slots: readonly unknown[], present: readonly number[]): string {
  let key = String(facet)
  for (let i = 0; i < slots.length; i++) {
    const value = slots[i]
    if (value === undefined) key += ','
    else if (typeof value === 'string') key += `${value.length}:${value}`
    else {
      const text = JSON.stringify(value)
      key += `${text.length};${text}`
    }
  }
  for (let i = 0; i < present.length; i++) key += `/${present[i]!}`
  return key
}
