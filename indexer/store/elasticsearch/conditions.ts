import { LIMITS } from '../../../schema/index.ts'
import { addressKey, addressText, type Bound, dateOf, numberOf, type Query } from '../../query/index.ts'
import { type Asked, allOf, candidates, type Dsl, exactly, none } from './asked.ts'

type FieldQuery = Extract<Query, { readonly field: string }>
type Range = Extract<Query, { readonly kind: 'range' }>

const exists = (field: string): Dsl => ({ exists: { field } })

const LETTER = /[A-Za-z]/

/** Keywords compare with A to Z as a to z, which is just what `case_insensitive` folds. */
const equal = (field: string, value: string): Dsl =>
  LETTER.test(value)
    ? { term: { [field]: { value, case_insensitive: true } } }
    : { term: { [field]: { value } } }

/** The cluster makes an automaton of a pattern, and refuses those that grow too large. */
const LONGEST_PATTERN = 200
const MOST_PARTS = 8

const escaped = (part: string): string => part.replaceAll(/[*?\\]/g, '\\$&')

function shaped(field: string, parts: readonly string[]): Asked {
  const [first = ''] = parts
  if (parts.length === 1) return exactly(equal(field, first))
  const length = parts.join('').length
  if (length > LIMITS.indexedLength) return none
  if (parts.every((part) => part === '')) return exactly(exists(field))
  if (length > LONGEST_PATTERN || parts.length > MOST_PARTS) return candidates(exists(field))
  const value = parts.map(escaped).join('*')
  return exactly({ wildcard: { [field]: { value, case_insensitive: true } } })
}

/** A keyword, or any leaf of a flattened field. */
export function keywordCondition(field: string, query: FieldQuery): Asked {
  switch (query.kind) {
    case 'exists':
      return exactly(exists(field))
    case 'equals':
      return query.value.length > LIMITS.indexedLength ? none : exactly(equal(field, query.value))
    case 'wildcard':
      return shaped(field, query.parts)
    case 'range':
      // The order of keywords is that of the folded texts, and the cluster has them as they are.
      return isUnbounded(query) ? exactly(exists(field)) : candidates(exists(field))
    case 'cidr':
      return none
  }
}

/** One leaf of a flattened field. The cluster folds path and value together, and knows no wildcards here. */
export function leafCondition(field: string, inside: string, query: FieldQuery): Asked {
  if (inside === '') return none
  // An asterisk in `exists` would match any leaf.
  const there = inside.includes('*') ? candidates(exists(field)) : exactly(exists(`${field}.${inside}`))
  switch (query.kind) {
    case 'exists':
      return there
    case 'equals': {
      if (query.value.length > LIMITS.indexedLength) return none
      const path = `${field}.${inside}`
      const asItIs: Dsl = { term: { [path]: { value: query.value } } }
      return LETTER.test(query.value) ? candidates(equal(path, query.value), asItIs) : exactly(asItIs)
    }
    case 'wildcard':
      return allOf([there, candidates(shaped(field, query.parts).may)])
    case 'range':
      return isUnbounded(query) ? there : candidates(there.may)
    case 'cidr':
      return none
  }
}

const isUnbounded = ({ gt, gte, lt, lte }: Range): boolean =>
  gt === undefined && gte === undefined && lt === undefined && lte === undefined

type ScalarType = 'ip' | 'date' | 'long' | 'float' | 'boolean'

/** Fields whose values have an order of their own. A value or bound that is not of the field's type meets nothing. */
export function scalarCondition(type: ScalarType, query: FieldQuery): Asked {
  const { field } = query
  switch (query.kind) {
    case 'exists':
      return exactly(exists(field))
    case 'wildcard':
      return none
    case 'cidr':
      if (type !== 'ip') return none
      return within(field, { gte: addressText(query.first), lte: addressText(query.last) })
    case 'equals':
      return scalarRange(type, { kind: 'range', field, gte: query.value, lte: query.value })
    case 'range':
      return isUnbounded(query) ? exactly(exists(field)) : scalarRange(type, query)
  }
}

type Limits = { gt?: string | number; gte?: string | number; lt?: string | number; lte?: string | number }

const within = (field: string, limits: Limits, format?: string): Asked =>
  exactly({ range: { [field]: { ...limits, ...(format !== undefined && { format }) } } })

const SIDES = ['gt', 'gte', 'lt', 'lte'] as const

function scalarRange(type: ScalarType, range: Range): Asked {
  const { field } = range
  if (type === 'ip') return addressRange(range)
  if (type === 'boolean') return booleanRange(range)
  const limits: Limits = {}
  for (const side of SIDES) {
    const bound = range[side]
    if (bound === undefined) continue
    const value = typeof bound === 'number' ? bound : type === 'date' ? dateOf(bound) : numberOf(bound)
    if (value === undefined) return none
    limits[side] = value
  }
  if (type === 'float') return within(field, limits)
  return wholeRange(field, limits, type === 'date' ? 'epoch_millis' : undefined)
}

/** Between whole numbers: a bound between two of them is the next one. */
function wholeRange(field: string, { gt, gte, lt, lte }: Limits, format?: string): Asked {
  const number = (bound: string | number | undefined, otherwise: number): number =>
    bound === undefined ? otherwise : Number(bound)
  const least = Math.max(
    Math.floor(number(gt, Number.NEGATIVE_INFINITY)) + 1,
    Math.ceil(number(gte, Number.NEGATIVE_INFINITY)),
    Number.MIN_SAFE_INTEGER,
  )
  const greatest = Math.min(
    Math.ceil(number(lt, Number.POSITIVE_INFINITY)) - 1,
    Math.floor(number(lte, Number.POSITIVE_INFINITY)),
    Number.MAX_SAFE_INTEGER,
  )
  return least > greatest ? none : within(field, { gte: least, lte: greatest }, format)
}

function addressRange(range: Range): Asked {
  const limits: Limits = {}
  for (const side of SIDES) {
    const bound = range[side]
    if (bound === undefined) continue
    const key = typeof bound === 'string' ? addressKey(bound) : undefined
    if (key === undefined) return none
    limits[side] = addressText(key)
  }
  return within(range.field, limits)
}

function booleanRange(range: Range): Asked {
  const holds = (value: string): boolean =>
    SIDES.every((side) => {
      const bound: Bound | undefined = range[side]
      if (bound === undefined) return true
      if (bound !== 'true' && bound !== 'false') return false
      if (side === 'gt') return value > bound
      if (side === 'gte') return value >= bound
      return side === 'lt' ? value < bound : value <= bound
    })
  const values = ['false', 'true'].filter(holds)
  return values.length === 0 ? none : exactly({ terms: { [range.field]: values } })
}
