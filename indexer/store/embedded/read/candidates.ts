import { fieldOf, LIMITS, RELATED_FROM, wordsOf } from '../../../../schema/index.ts'
import {
  addressKey,
  addressText,
  type Bound,
  type ChangeQuery,
  matches,
  type Query,
} from '../../../query/index.ts'
import {
  beginningRange,
  DAY,
  dayText,
  type Facet,
  GREATEST_MAGNITUDE,
  magnitudeOf,
  magnitudeText,
  OVERFLOW_SEED,
  seedBelow,
  V6_BEGINNINGS,
  valueKey,
  type Way,
  type Ways,
  wordKey,
} from '../index/index.ts'

/** The index's candidates for a query: a set that contains every matching event, and often others. `matches` then checks each candidate. */
export type Candidates =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Candidates[] }
  | { readonly kind: 'term'; readonly key: number }
  | { readonly kind: 'range'; readonly first: number; readonly last: number }
  | { readonly kind: 'facets'; readonly facet: number | null; readonly has: (facet: Facet) => boolean }

const ALL: Candidates = { kind: 'all' }
const NONE: Candidates = { kind: 'none' }

/**
 * Leaves out facets beside a narrower condition: each candidate's facets are checked anyway (`excludedBy`), and that is cheaper than
 * reading a window's columns.
 */
function and(of: readonly Candidates[]): Candidates {
  const kept = of.filter((part) => part.kind !== 'all')
  if (kept.some((part) => part.kind === 'none')) return NONE
  const narrow = kept.filter((part) => part.kind !== 'facets')
  const parts = narrow.length > 0 ? narrow : kept
  return parts.length === 0 ? ALL : parts.length === 1 ? parts[0]! : { kind: 'and', of: parts }
}

function or(of: readonly Candidates[]): Candidates {
  // Fields of one family share their terms.
  const terms = new Set<number>()
  const kept = of.filter((part) => {
    if (part.kind !== 'term') return part.kind !== 'none'
    const isNew = !terms.has(part.key)
    terms.add(part.key)
    return isNew
  })
  if (kept.some((part) => part.kind === 'all')) return ALL
  return kept.length === 0 ? NONE : kept.length === 1 ? kept[0]! : { kind: 'or', of: kept }
}

/** The same facet comes again in each segment: it is looked at once. */
function facetsThat(facet: number | null, fits: (facet: Facet) => boolean): Candidates {
  const known = new Map<Facet, boolean>()
  const has = (one: Facet): boolean => {
    let answer = known.get(one)
    if (answer === undefined) {
      answer = fits(one)
      known.set(one, answer)
    }
    return answer
  }
  return { kind: 'facets', facet, has }
}

const OVERFLOWN: Candidates = { kind: 'term', key: valueKey(OVERFLOW_SEED, '') }

function word(text: string): Candidates {
  const key = wordKey(text)
  return or([
    { kind: 'term', key },
    facetsThat(null, ({ words }) => words === null || words.has(key)),
    OVERFLOWN,
  ])
}

function beginning(text: string): Candidates {
  const range = beginningRange(text)
  if (range === undefined) return ALL
  const { first, last } = range
  const has = ({ words }: Facet): boolean => {
    if (words === null) return true
    for (const key of words) if (key >= first && key <= last) return true
    return false
  }
  return or([{ kind: 'range', first, last }, facetsThat(null, has), OVERFLOWN])
}

const wordsInARow = (words: readonly string[], prefix: boolean): Candidates =>
  words.length === 0
    ? NONE
    : and(words.map((text, i) => (prefix && i === words.length - 1 ? beginning(text) : word(text))))

/**
 * Returns the words that a value of this shape surely has: runs of ASCII letters and digits between separators, or at the value's own ends.
 * An open end gives only the beginning of a word, without its last letter: a following mark may change that letter (NFKC).
 */
function wordsOfShape(parts: readonly string[]): Candidates {
  const found: Candidates[] = []
  for (const [index, part] of parts.entries()) {
    for (const match of part.matchAll(/[A-Za-z0-9]+/g)) {
      const run = match[0].toLowerCase()
      const before = part.charCodeAt(match.index - 1)
      const after = part.charCodeAt(match.index + run.length)
      if (match.index === 0 ? index > 0 : before >= 128) continue
      const closed = match.index + run.length === part.length ? index === parts.length - 1 : after < 128
      found.push(closed ? word(run.slice(0, LIMITS.wordLength)) : beginning(run.slice(0, -1)))
    }
  }
  return and(found)
}

export function candidatesOf(query: Query, ways: Ways): Candidates {
  switch (query.kind) {
    case 'all':
    case 'not':
      return ALL
    case 'none':
      return NONE
    case 'and':
      return and(query.of.map((part) => candidatesOf(part, ways)))
    case 'or':
      return or(query.of.map((part) => candidatesOf(part, ways)))
    case 'words':
      return ways.words ? wordsInARow(query.words, query.prefix) : ALL
    case 'change':
      if (ways.of('audit.changes')?.kind !== 'changes') return ALL
      return and([present('audit.changes'), ways.words ? candidatesOfChange(query.of) : ALL])
    default:
      return candidatesOfField(query, ways)
  }
}

type FieldQuery = Extract<Query, { readonly field: string }>

const present = (path: string): Candidates => facetsThat(1, (facet) => facet.present.has(path))

/** The fields from which this one is derived if an event lacks it. */
const sourcesOf = (field: string): readonly string[] => SOURCES.get(field) ?? []
const SOURCES: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(RELATED_FROM))

function candidatesOfField(query: FieldQuery, ways: Ways): Candidates {
  const sources = sourcesOf(query.field).map((field) => candidatesOfSealed({ ...query, field }, ways))
  return or([candidatesOfSealed(query, ways), ...sources])
}

function candidatesOfSealed(query: FieldQuery, ways: Ways): Candidates {
  const field = fieldOf(query.field)
  if (field === undefined || field.unindexed === true || field.type === 'geo') return NONE
  const way = ways.of(field.name)
  if (way === undefined) return NONE
  if (way.kind === 'facet') {
    return facetsThat(way.facet, (facet) => matches(query, facet.event))
  }
  if (way.kind === 'skip') return query.field === 'audit.words' && ways.words ? candidatesOfText(query) : ALL
  return and([present(field.name), candidatesOfValue(query, way, field.inside)])
}

function candidatesOfValue(
  query: FieldQuery,
  way: Extract<Way, { readonly seed: number }>,
  inside: string | undefined,
): Candidates {
  switch (way.kind) {
    case 'keyword':
      if (query.kind === 'equals') return valueTerm(way.seed, query.value)
      return query.kind === 'wildcard' && way.words ? wordsOfShape(query.parts) : ALL
    case 'flattened':
      if (query.kind === 'equals') {
        if (inside !== undefined) return valueTerm(seedBelow(way.seed, inside), query.value)
        return way.words ? and(wordsOf(query.value).map(word)) : ALL
      }
      return query.kind === 'wildcard' && way.words ? wordsOfShape(query.parts) : ALL
    case 'text':
      return candidatesOfText(query)
    case 'changes':
      return query.kind === 'exists' ? ALL : NONE
    case 'boolean':
      return query.kind === 'equals' ? valueTerm(way.seed, query.value) : ALL
    case 'ip':
      return candidatesOfAddress(query, way.seed)
    case 'number':
      return candidatesOfNumber(query, way.seed, way.exact)
    case 'date':
      return candidatesOfDate(query, way.seed)
  }
}

const valueTerm = (seed: number, text: string): Candidates =>
  text.length > LIMITS.indexedLength ? NONE : { kind: 'term', key: valueKey(seed, text) }

function candidatesOfText(query: FieldQuery): Candidates {
  if (query.kind === 'equals') return wordsInARow(wordsOf(query.value), false)
  if (query.kind !== 'wildcard') return query.kind === 'exists' ? ALL : NONE
  const [start = '', end] = query.parts
  if (query.parts.length === 2 && end === '') return wordsInARow(wordsOf(start), true)
  return beginning(start.normalize('NFKC').toLowerCase())
}

function candidatesOfAddress(query: FieldQuery, seed: number): Candidates {
  if (query.kind === 'equals') {
    const key = addressKey(query.value)
    return key === undefined ? NONE : valueTerm(seed, addressText(key))
  }
  if (query.kind !== 'cidr') return ALL
  let same = 0
  while (same < 32 && query.first[same] === query.last[same]) same++
  if (query.first.startsWith('00000000000000000000ffff') && same >= 24) {
    const octets = query.first.slice(24, same - (same % 2)).match(/../g) ?? []
    return and(octets.map((octet) => word(String(Number.parseInt(octet, 16)))))
  }
  const digits = V6_BEGINNINGS.findLast((length) => length <= same)
  return digits === undefined ? ALL : valueTerm(seed, query.first.slice(0, digits))
}

const numberOfBound = (bound: Bound | undefined, open: number): number => {
  const number = bound === undefined ? open : Number(bound)
  return Number.isNaN(number) ? open : number
}

function candidatesOfNumber(query: FieldQuery, seed: number, exact: boolean): Candidates {
  if (query.kind === 'equals') {
    const number = Number(query.value)
    if (!Number.isFinite(number)) return NONE
    return valueTerm(seed, exact ? String(number === 0 ? 0 : number) : magnitudeText(magnitudeOf(number)))
  }
  if (query.kind !== 'range') return ALL
  const low = numberOfBound(query.gte ?? query.gt, Number.NEGATIVE_INFINITY)
  const high = numberOfBound(query.lte ?? query.lt, Number.POSITIVE_INFINITY)
  // A neighbour on each side: a logarithm may round across the edge of its half octave.
  const first = Math.max(-GREATEST_MAGNITUDE, magnitudeOf(low) - 1)
  const last = Math.min(GREATEST_MAGNITUDE, magnitudeOf(high) + 1)
  const magnitudes: Candidates[] = []
  for (let at = first; at <= last; at++) magnitudes.push(valueTerm(seed, magnitudeText(at)))
  return magnitudes.length > GREATEST_MAGNITUDE + 2 ? ALL : or(magnitudes)
}

const MOST_DAYS = 400

function candidatesOfDate(query: FieldQuery, seed: number): Candidates {
  const dayOf = (bound: Bound | undefined): number =>
    bound === undefined
      ? Number.NaN
      : Math.floor((typeof bound === 'number' ? bound : Date.parse(bound)) / DAY)
  const first =
    query.kind === 'equals'
      ? dayOf(query.value)
      : dayOf(query.kind === 'range' ? (query.gte ?? query.gt) : undefined)
  const last =
    query.kind === 'equals' ? first : dayOf(query.kind === 'range' ? (query.lte ?? query.lt) : undefined)
  if (!(last - first < MOST_DAYS)) return ALL
  const days: Candidates[] = []
  for (let day = first; day <= last; day++) days.push(valueTerm(seed, dayText(day)))
  return or(days)
}

function candidatesOfChange(query: ChangeQuery): Candidates {
  switch (query.kind) {
    case 'and':
      return and(query.of.map(candidatesOfChange))
    case 'or':
      return or(query.of.map(candidatesOfChange))
    case 'equals':
      return and(wordsOf(query.value).map(word))
    case 'wildcard':
      return wordsOfShape(query.parts)
    default:
      return ALL
  }
}

/**
 * Decides a query by two facets alone: false means that no event with them matches. Facets decide conditions on their own fields exactly,
 * and know which other fields an event has at all.
 */
export function decidedBy(query: Query, source: Facet, action: Facet, ways: Ways): boolean | undefined {
  switch (query.kind) {
    case 'all':
      return true
    case 'none':
      return false
    case 'and':
    case 'or': {
      const settles = query.kind === 'or'
      let open = false
      for (const part of query.of) {
        const decided = decidedBy(part, source, action, ways)
        if (decided === settles) return settles
        if (decided === undefined) open = true
      }
      return open ? undefined : !settles
    }
    case 'not': {
      const decided = decidedBy(query.of, source, action, ways)
      return decided === undefined ? undefined : !decided
    }
    case 'words':
      return undefined
    case 'change':
      if (ways.of('audit.changes')?.kind !== 'changes') return undefined
      return action.present.has('audit.changes') ? undefined : false
    default: {
      const decided = decidedBySealed(query, source, action, ways)
      if (decided !== false) return decided
      // The value may be derived from another field, unless the event has its own.
      const mayFollow = sourcesOf(query.field).some(
        (field) => decidedBySealed({ ...query, field }, source, action, ways) !== false,
      )
      return mayFollow ? undefined : false
    }
  }
}

function decidedBySealed(query: FieldQuery, source: Facet, action: Facet, ways: Ways): boolean | undefined {
  const field = fieldOf(query.field)
  if (field === undefined || field.unindexed === true || field.type === 'geo') return false
  const way = ways.of(field.name)
  if (way === undefined || way.kind === 'skip') return undefined
  if (way.kind === 'facet') return matches(query, (way.facet === 0 ? source : action).event)
  return action.present.has(field.name) ? undefined : false
}

/** Returns a test for pairs of facets whose events never match a query; it decides each pair once. */
export function excludedBy(query: Query, ways: Ways): (source: Facet, action: Facet) => boolean {
  const known = new Map<Facet, Map<Facet, boolean>>()
  return (source, action) => {
    let actions = known.get(source)
    if (actions === undefined) {
      actions = new Map()
      known.set(source, actions)
    }
    let excluded = actions.get(action)
    if (excluded === undefined) {
      excluded = decidedBy(query, source, action, ways) === false
      actions.set(action, excluded)
    }
    return excluded
  }
}

/** The times that a query asks for in conditions that all must hold: a search needs to look no further. */
export function timesOf(query: Query): { from: number; to: number } {
  let from = Number.NEGATIVE_INFINITY
  let to = Number.POSITIVE_INFINITY
  const ms = (bound: Bound): number => (typeof bound === 'number' ? bound : Date.parse(bound))
  const walk = (part: Query): void => {
    if (part.kind === 'and') for (const one of part.of) walk(one)
    else if (part.kind === 'range' && part.field === '@timestamp') {
      for (const bound of [part.gt, part.gte]) if (bound !== undefined) from = Math.max(from, ms(bound))
      for (const bound of [part.lt, part.lte]) if (bound !== undefined) to = Math.min(to, ms(bound) + 1)
    } else if (part.kind === 'equals' && part.field === '@timestamp') {
      from = Math.max(from, ms(part.value))
      to = Math.min(to, ms(part.value) + 1)
    }
  }
  walk(query)
  return {
    from: Number.isNaN(from) ? Number.NEGATIVE_INFINITY : from,
    to: Number.isNaN(to) ? Number.POSITIVE_INFINITY : to,
  }
}

/** Whether a query can match events of a category at all; the others' partitions stay closed. */
export const categoryFits = (query: Query, category: string): boolean =>
  withinCategory(query, category).kind !== 'none'

/** Simplifies a query for events that all have this category: drops its conditions on the category. */
export function withinCategory(query: Query, category: string): Query {
  switch (query.kind) {
    case 'and': {
      const parts = query.of.map((part) => withinCategory(part, category))
      if (parts.some(({ kind }) => kind === 'none')) return { kind: 'none' }
      return (
        joined(
          'and',
          parts.filter(({ kind }) => kind !== 'all'),
        ) ?? { kind: 'all' }
      )
    }
    case 'or': {
      const parts = query.of.map((part) => withinCategory(part, category))
      if (parts.some(({ kind }) => kind === 'all')) return { kind: 'all' }
      return (
        joined(
          'or',
          parts.filter(({ kind }) => kind !== 'none'),
        ) ?? { kind: 'none' }
      )
    }
    case 'not': {
      const of = withinCategory(query.of, category)
      return of.kind === 'all' ? { kind: 'none' } : of.kind === 'none' ? { kind: 'all' } : { kind: 'not', of }
    }
    default:
      if (!('field' in query) || query.field !== 'audit.category') return query
      return matches(query, { audit: { category } }) ? { kind: 'all' } : { kind: 'none' }
  }
}

const joined = (kind: 'and' | 'or', of: readonly Query[]): Query | undefined =>
  of.length < 2 ? of[0] : { kind, of }
