import {
  type AuditEvent,
  eventWords,
  fieldOf,
  foldKeyword,
  LIMITS,
  textsOf,
  valueAt,
} from '../../schema/index.ts'
import { matches } from './evaluate.ts'
import type { Query } from './tree.ts'

/**
 * Finds those of many queries that an event can match. Each query has a set of keys of which every event that it finds has at least one:
 * values of keywords, words, or only the presence of a field. An event looks up its own keys. A query without such a set can match each
 * event. Each query is for something, such as a rule.
 */
export class QueryIndex<For> {
  readonly #fields = new Map<string, { readonly byValue: Map<string, For[]>; readonly any: For[] }>()
  readonly #words = new Map<string, For[]>()
  readonly #always: For[] = []

  constructor(given: Iterable<readonly [For, Query]>) {
    for (const [rule, query] of given) {
      const keys = keysOf(query)
      if (keys === null) {
        this.#always.push(rule)
        continue
      }
      for (const key of keys) {
        if (key.kind === 'word') push(this.#words, key.word, rule)
        else {
          const of = this.#fields.get(key.field) ?? { byValue: new Map<string, For[]>(), any: [] }
          this.#fields.set(key.field, of)
          if (key.kind === 'value') push(of.byValue, key.value, rule)
          else if (!of.any.includes(rule)) of.any.push(rule)
        }
      }
    }
  }

  /** What the queries are for that an event can match, each once. */
  of(event: AuditEvent): readonly For[] {
    const found = [...this.#always]
    for (const [field, { byValue, any }] of this.#fields) {
      const value = valueAt(event, field)
      if (value === undefined || value === null) continue
      addTo(found, any)
      if (byValue.size === 0) continue
      if (typeof value === 'string') addTo(found, byValue.get(foldKeyword(value)))
      else for (const text of textsOf(value)) addTo(found, byValue.get(foldKeyword(text)))
    }
    if (this.#words.size > 0) for (const word of eventWords(event)) addTo(found, this.#words.get(word))
    return found
  }
}

/** Few are found for an event, so looking through them costs less than a set. */
function addTo<For>(found: For[], rules: readonly For[] | undefined): void {
  if (rules === undefined) return
  for (const rule of rules) if (!found.includes(rule)) found.push(rule)
}

function push<For>(map: Map<string, For[]>, key: string, rule: For): void {
  const rules = map.get(key)
  if (rules === undefined) map.set(key, [rule])
  else if (!rules.includes(rule)) rules.push(rule)
}

type Key =
  | { readonly kind: 'value'; readonly field: string; readonly value: string }
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'any'; readonly field: string }

/** Keys of which each event that a query finds has at least one; null if there is no such set. */
function keysOf(query: Query): readonly Key[] | null {
  switch (query.kind) {
    case 'none':
      return []
    case 'and':
      return query.of.map(keysOf).reduce(better, null)
    case 'or': {
      const parts = query.of.map(keysOf)
      return parts.some((part) => part === null) ? null : parts.flatMap((part) => part ?? [])
    }
    case 'equals':
      return fieldOf(query.field)?.type === 'keyword' && query.value.length <= LIMITS.indexedLength
        ? [{ kind: 'value', field: query.field, value: foldKeyword(query.value) }]
        : presence(query.field)
    case 'exists':
    case 'wildcard':
    case 'range':
    case 'cidr':
      return presence(query.field)
    case 'words': {
      // The last word may only begin so.
      const whole = query.prefix ? query.words.slice(0, -1) : query.words
      const [longest] = whole.toSorted((a, b) => b.length - a.length)
      return longest === undefined ? null : [{ kind: 'word', word: longest }]
    }
    default:
      return null
  }
}

/** A field whose presence can be seen without knowing how the query takes its values. */
function presence(field: string): readonly Key[] | null {
  const type = fieldOf(field)?.type
  return type === undefined || type === 'text' || type === 'flattened' || type === 'changes' || type === 'geo'
    ? null
    : [{ kind: 'any', field }]
}

/** Fields that most events have tell little. */
const COMMON: ReadonlySet<string> = new Set([
  'event.kind',
  'event.category',
  'event.type',
  'event.outcome',
  'event.module',
  'audit.category',
  'audit.status',
  'audit.channel',
])

const cost = (keys: readonly Key[]): number =>
  keys.reduce(
    (sum, key) =>
      sum + (key.kind === 'any' ? 1000 : key.kind === 'word' ? 2 : COMMON.has(key.field) ? 100 : 1),
    0,
  )

const better = (a: readonly Key[] | null, b: readonly Key[] | null): readonly Key[] | null =>
  a === null ? b : b === null || cost(a) <= cost(b) ? a : b

/** From this many alternatives on, looking them up is faster than trying each. */
const WORTH_AN_INDEX = 6

/** Returns `matches` for this query over many events. */
export function matcherOf(query: Query): (event: AuditEvent) => boolean {
  if (query.kind !== 'or' || query.of.length < WORTH_AN_INDEX) return (event) => matches(query, event)
  const index = new QueryIndex(query.of.map((part) => [part, part] as const))
  return (event) => index.of(event).some((part) => matches(part, event))
}
