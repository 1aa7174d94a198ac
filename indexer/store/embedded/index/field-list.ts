import { type FacetText, textOfFacet } from './facets.ts'
import { FIRST_FIELD_LIST } from './first-field-list.ts'
import { FACETS, PRESENCE, type Way, wayTo } from './layout.ts'

/**
 * How the fields were indexed when a segment was written. Segments refer to fields by numbers: the slots of facets, and the numbers of
 * fields whose presence a facet remembers. The numbers of one list mean nothing in another, so each partition keeps the lists of its
 * segments, and a reader translates through them. Inserting, moving or changing a field therefore makes a new list and leaves what is
 * stored as it is.
 */
export interface FieldList {
  /** Version of the hashes of terms and of the words that texts are taken apart into. */
  readonly terms: number
  /** Fields of each facet, by slot. */
  readonly facets: readonly (readonly string[])[]
  /** All other indexed fields, by the number of their presence, each with how it was indexed. */
  readonly fields: readonly (readonly [path: string, how: string])[]
}

/** Raised when a term, a word or a column would come out otherwise for the same event. */
const TERMS = 1

const currentList = (): FieldList => ({
  terms: TERMS,
  facets: FACETS,
  fields: PRESENCE.map((path) => [path, howOf(wayTo(path))]),
})

/** Describes the way of a field without its numbers: two equal descriptions find the same events. */
function howOf(way: Way | undefined): string {
  if (way === undefined || !('seed' in way)) return ''
  const { kind, seed, words, exact, held } = way
  return [
    kind,
    seed,
    ...(words ? ['words'] : []),
    ...(exact ? [] : ['scattered']),
    ...(held === -1 ? [] : ['held']),
  ].join(' ')
}

/** The list that new segments are written with, as text. */
export const CURRENT_FIELDS = JSON.stringify(currentList())

/** The list of stores of layout 4, which keep none. */
export const FIRST_FIELDS = JSON.stringify(FIRST_FIELD_LIST)

/** The way of a field that a segment does not index as this version does: a search must read each event. */
const UNINDEXED: Way = { kind: 'skip' }

/** How a segment indexes fields, in terms of this version. */
export interface Ways {
  /** Returns undefined if there is no such field. */
  of(path: string): Way | undefined
  /** Whether words that this version looks for are the words that were indexed. */
  readonly words: boolean
  /** A facet's text with the numbers of this version. */
  facetText(text: string): string
}

/** The ways of a segment that this version writes. */
export const CURRENT_WAYS: Ways = { of: wayTo, words: true, facetText: (text) => text }

function translated(list: FieldList): Ways {
  const hows = new Map<string, string>(list.fields)
  const facetOf = new Map(list.facets.flatMap((paths, facet) => paths.map((path) => [path, facet] as const)))
  const sameTerms = list.terms === TERMS
  const of = (path: string): Way | undefined => {
    const way = wayTo(path)
    if (way === undefined || way.kind === 'skip') return way
    if (way.kind === 'facet') return facetOf.get(path) === way.facet ? way : UNINDEXED
    return sameTerms && hows.get(path) === howOf(way) ? way : UNINDEXED
  }
  // A field that the list lacks can't be found by its words before the segment is rewritten. The fields that the list has must have been
  // split into words in the same way.
  const words =
    sameTerms &&
    list.fields.every(([path, how]) => {
      const way = wayTo(path)
      return way !== undefined && 'seed' in way && howOf(way) === how
    })
  const presence = list.fields.map(([path]) => PRESENCE.indexOf(path))
  const slots = list.facets.map((paths, facet) => paths.map((path) => FACETS[facet]?.indexOf(path) ?? -1))
  return {
    of,
    words,
    facetText: (text) => {
      const { f, v, p } = JSON.parse(text) as FacetText
      const values = v
        .map(([slot, value]) => [slots[f]![slot]!, value] as const)
        .filter(([slot]) => slot !== -1)
      const present = p.map((number) => presence[number]!).filter((number) => number !== -1)
      return textOfFacet({
        f,
        v: values.sort(([a], [b]) => a - b),
        p: present.sort((a, b) => a - b),
      })
    },
  }
}

const KNOWN = new Map<string, Ways>([[CURRENT_FIELDS, CURRENT_WAYS]])

/** Returns the ways of a list that is given as text. */
export function waysOf(fields: string): Ways {
  let ways = KNOWN.get(fields)
  if (ways === undefined) {
    ways = translated(JSON.parse(fields) as FieldList)
    KNOWN.set(fields, ways)
  }
  return ways
}
