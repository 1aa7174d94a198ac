import {
  type AuditEvent,
  type Change,
  changesOf,
  eventWords,
  type Field,
  fieldOf,
  foldKeyword,
  LIMITS,
  leavesUnder,
  valueAt,
  valuesOf,
  wordsOf,
} from '../../schema/index.ts'
import { addressKey } from './address.ts'
import type { Bound, ChangeQuery, Query } from './tree.ts'

/**
 * The plain definition of a query's meaning. Stores use indexes and other methods for the same answer; where they differ from this, they
 * are wrong.
 *
 * - A field has the values of its list, or its one value; null does not count. One value must satisfy a condition alone.
 * - A value that is not of its field's type is absent: it is not found, and does not make the field exist.
 * - Keywords, and the leaves of flattened fields, compare with A to Z as a to z. A value of more than
 *   `LIMITS.indexedLength` UTF-16 units is not indexed: no condition on the field finds it, `exists` and wildcards
 *   included. Its words are found by a search without a field.
 * - A text is found by words in a row. A wildcard that ends in its only `*` means words in a row, and the last may continue;
 *   any other is the pattern of one word.
 * - A change's `old` or `new` counts as indexed when `field=value`, as it is in `audit.change.*`, is short enough.
 * - A field that is kept only (`unindexed`, `geo`) matches nothing.
 */
export function matches(query: Query, event: AuditEvent): boolean {
  switch (query.kind) {
    case 'all':
      return true
    case 'none':
      return false
    case 'and':
      return query.of.every((part) => matches(part, event))
    case 'or':
      return query.of.some((part) => matches(part, event))
    case 'not':
      return !matches(query.of, event)
    case 'words':
      return inARow(eventWords(event), query.words, query.prefix)
    case 'change':
      return changesOf(event).some((change) => changeMatches(query.of, change))
    default:
      return fieldMatches(query, event)
  }
}

export type FieldQuery = Extract<Query, { readonly field: string }>

function fieldMatches(query: FieldQuery, event: AuditEvent): boolean {
  const field = fieldOf(query.field)
  if (field === undefined || field.unindexed === true) return false
  switch (field.type) {
    case 'keyword':
      return valuesOf(event, query.field).some((value) => keywordMatches(query, value))
    case 'flattened':
      return leavesUnder(valueAt(event, field.name)).some(
        (leaf) =>
          (field.inside === undefined || leaf.path === field.inside) && keywordMatches(query, leaf.value),
      )
    case 'text':
      if (query.field === 'audit.words') return textMatches(query, eventWords(event))
      return valuesOf(event, query.field).some((value) => textMatches(query, wordsOf(value)))
    case 'changes':
      return query.kind === 'exists' && changesOf(event).length > 0
    case 'geo':
      return false
    default:
      return scalarMatches(query, field.type, valuesOf(event, query.field))
  }
}

function keywordMatches(query: FieldQuery, value: string): boolean {
  if (value.length > LIMITS.indexedLength) return false
  switch (query.kind) {
    case 'exists':
      return true
    case 'equals':
      return foldKeyword(value) === foldKeyword(query.value)
    case 'wildcard':
      return hasShape(foldKeyword(value), query.parts.map(foldKeyword))
    case 'range': {
      const folded = Buffer.from(foldKeyword(value))
      return inRange(query, (bound) => Buffer.compare(folded, Buffer.from(foldKeyword(String(bound)))))
    }
    case 'cidr':
      return false
  }
}

function textMatches(query: FieldQuery, words: readonly string[]): boolean {
  switch (query.kind) {
    case 'exists':
      return true
    case 'equals':
      return inARow(words, wordsOf(query.value), false)
    case 'wildcard': {
      const [start = '', end] = query.parts
      if (query.parts.length === 2 && end === '') return inARow(words, wordsOf(start), true)
      const parts = query.parts.map((part) => part.normalize('NFKC').toLowerCase())
      return words.some((word) => hasShape(word, parts))
    }
    default:
      return false
  }
}

type ScalarType = Exclude<Field['type'], 'keyword' | 'text' | 'flattened' | 'changes' | 'geo'>
type Scalar = string | number

/** Returns the reader of a field's values in their comparable form; it gives undefined for a value of another type. */
const readerOf = (type: ScalarType): ((text: string) => Scalar | undefined) =>
  type === 'ip' ? addressKey : type === 'date' ? dateOf : type === 'boolean' ? booleanOf : numberOf

/** A condition on a field whose values have an order of their own, over values as they compare. */
export function scalarCondition(query: FieldQuery, type: ScalarType): (value: Scalar) => boolean {
  const read = readerOf(type)
  switch (query.kind) {
    case 'exists':
      return () => true
    case 'equals': {
      const wanted = read(query.value)
      return (value) => value === wanted
    }
    case 'wildcard':
      return () => false
    case 'cidr':
      return (value) => type === 'ip' && value >= query.first && value <= query.last
    case 'range': {
      const limits = new Map<Bound, Scalar | undefined>()
      for (const bound of [query.gt, query.gte, query.lt, query.lte])
        if (bound !== undefined) limits.set(bound, typeof bound === 'number' ? bound : read(bound))
      return (value) =>
        inRange(query, (bound) => {
          const limit = limits.get(bound)
          if (limit === undefined || typeof limit !== typeof value) return Number.NaN
          return value < limit ? -1 : value > limit ? 1 : 0
        })
    }
  }
}

function scalarMatches(query: FieldQuery, type: ScalarType, texts: readonly string[]): boolean {
  if (texts.length === 0) return false
  const read = readerOf(type)
  const found = scalarCondition(query, type)
  return texts.some((text) => {
    const value = read(text)
    return value !== undefined && found(value)
  })
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** The number that a text represents; undefined for another text. */
export function numberOf(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined
  const number = Number(text)
  return Number.isFinite(number) ? (number === 0 ? 0 : number) : undefined
}

const DATE = /^[+-]?\d{4,6}-\d\d-\d\dT/

/** The time in ms of an ISO date with a time; undefined for another text. */
export function dateOf(text: string): number | undefined {
  // `Date.parse` reads other texts in its own way ("a 1" is a day of 2001).
  const time = DATE.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

const booleanOf = (text: string): string | undefined =>
  text === 'true' || text === 'false' ? text : undefined

/** `against` compares the value with a bound; NaN (they don't compare) lies in no range. */
function inRange(
  range: { gt?: Bound; gte?: Bound; lt?: Bound; lte?: Bound },
  against: (bound: Bound) => number,
): boolean {
  return (
    (range.gt === undefined || against(range.gt) > 0) &&
    (range.gte === undefined || against(range.gte) >= 0) &&
    (range.lt === undefined || against(range.lt) < 0) &&
    (range.lte === undefined || against(range.lte) <= 0)
  )
}

/** Whether the value has the fixed parts in this order, the first at its start and the last at its end. */
export function hasShape(value: string, parts: readonly string[]): boolean {
  const [first = '', ...others] = parts
  const last = others.pop()
  if (last === undefined) return value === first
  if (!value.startsWith(first)) return false
  let at = first.length
  for (const part of others) {
    const found = value.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return value.length - last.length >= at && value.endsWith(last)
}

/** Whether `wanted` is in `words`, one behind the other; with `prefix` the last one found may be longer. */
export function inARow(words: readonly string[], wanted: readonly string[], prefix: boolean): boolean {
  const last = wanted.length - 1
  if (last < 0) return false
  for (let start = 0; start + last < words.length; start++) {
    let same = 0
    while (same < last && words[start + same] === wanted[same]) same++
    if (same < last) continue
    const found = words[start + last]!
    if (prefix ? found.startsWith(wanted[last]!) : found === wanted[last]) return true
  }
  return false
}

function changeMatches(query: ChangeQuery, change: Change): boolean {
  switch (query.kind) {
    case 'and':
      return query.of.every((part) => changeMatches(part, change))
    case 'or':
      return query.of.some((part) => changeMatches(part, change))
    case 'not':
      return !changeMatches(query.of, change)
    default: {
      const value = change[query.member]
      if (typeof value !== 'string') return false
      const indexed = query.member === 'field' ? value : `${change.field}=${value}`
      if (indexed.length > LIMITS.indexedLength) return false
      if (query.kind === 'exists') return true
      if (query.kind === 'equals') return foldKeyword(value) === foldKeyword(query.value)
      return hasShape(foldKeyword(value), query.parts.map(foldKeyword))
    }
  }
}
