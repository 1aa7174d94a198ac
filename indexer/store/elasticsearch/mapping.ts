import type { estypes } from '@elastic/elasticsearch'
import { FIELDS, type Field, LIMITS } from '../../../schema/index.ts'
import { ledgerSchema } from '../../../schema/wire/index.ts'

/** The optional features for the mapping: the tests' server, and clusters of other distributions, lack some of them. */
export interface Abilities {
  readonly matchOnlyText: boolean
}

/**
 * The members that the adapter adds to `audit.seal`, and removes when an event is read:
 *
 * - `leaf`: the leaf hash of the line, by which a duplicate is distinguished from a collision
 * - `line`: the line as it was sealed, if the document is not the same to the byte (see document.ts)
 * - `added`: the enrichment's additions, if the line is kept
 * - `marks`: the properties of the event that searches must consider
 */
export const ADDED = { leaf: 'leaf', line: 'line', additions: 'added', marks: 'marks' } as const

/** Marks an event with values that are not of their fields' types: only its line has them. */
export const UNFIT = 'unfit'
/** The event has more words than are indexed. */
export const CUT = 'cut'
/** The event has `audit.changes`. */
export const CHANGES = 'changes'

export const MARKS_FIELD = `audit.seal.${ADDED.marks}`

/**
 * A field that is only in the source. Without a limit Elasticsearch 8.3 refuses a value of more than 32,766 bytes, though it makes no term
 * of it.
 */
const KEPT_ONLY: estypes.MappingProperty = {
  type: 'keyword',
  index: false,
  doc_values: false,
  ignore_above: LIMITS.indexedLength,
}
const KEYWORD: estypes.MappingProperty = { type: 'keyword', ignore_above: LIMITS.indexedLength }

function propertyOf(path: string, field: Field, abilities: Abilities): estypes.MappingProperty {
  if (path === 'audit.words') return { type: 'text', analyzer: 'whitespace', norms: false }
  if (field.unindexed === true) return KEPT_ONLY
  switch (field.type) {
    case 'keyword':
      return KEYWORD
    case 'text':
      return abilities.matchOnlyText ? { type: 'match_only_text' } : { type: 'text', norms: false }
    case 'flattened':
      return { type: 'flattened', ignore_above: LIMITS.indexedLength }
    case 'changes':
      return { type: 'object', enabled: false }
    case 'geo':
      return { type: 'geo_point' }
    // Values of a `float` field are compared as JavaScript numbers.
    case 'float':
      return { type: 'double' }
    default:
      return { type: field.type }
  }
}

type Properties = Record<string, estypes.MappingProperty>

/** The mapping of an event, made from the schema. `strict` refuses fields that it does not name: for tests. */
export function eventMapping(abilities: Abilities, strict = false): estypes.MappingTypeMapping {
  const properties: Properties = {}
  const put = (path: string, property: estypes.MappingProperty): void => {
    const members = path.split('.')
    const last = members.pop()!
    let at = properties
    for (const member of members) {
      const inner: Properties = {}
      const outer = at[member] ?? { properties: inner }
      at[member] = outer
      at = 'properties' in outer && outer.properties !== undefined ? outer.properties : inner
    }
    at[last] = property
  }
  for (const [path, field] of Object.entries<Field>(FIELDS)) put(path, propertyOf(path, field, abilities))
  put(`audit.seal.${ADDED.leaf}`, KEPT_ONLY)
  // The sealed values of an event that is placed at its receipt (`placedAt`).
  put('audit.seal.timestamp', KEPT_ONLY)
  put('audit.seal.tags', KEPT_ONLY)
  put(`audit.seal.${ADDED.line}`, KEPT_ONLY)
  put(`audit.seal.${ADDED.additions}`, KEPT_ONLY)
  put(MARKS_FIELD, { type: 'keyword' })
  return { dynamic: strict ? 'strict' : false, date_detection: false, properties }
}

/** The order of events on the disk, so that the newest are found without looking at the others. */
export const EVENT_SETTINGS: estypes.IndicesIndexSettings = {
  codec: 'best_compression',
  sort: {
    field: ['@timestamp', 'agent.id', 'event.sequence', 'event.id'],
    order: ['desc', 'desc', 'desc', 'desc'],
  },
  mapping: { total_fields: { limit: 1000 } },
}

/** One document a waybill. `body` has what nobody searches: manifest, signature, leaves, pins, result. */
export const WAYBILL_MAPPING: estypes.MappingTypeMapping = {
  dynamic: 'strict',
  properties: {
    kind: { type: 'keyword' },
    agent: { type: 'keyword' },
    incarnation: { type: 'keyword' },
    sequence: { type: 'long' },
    hash: { type: 'keyword' },
    state: { type: 'keyword' },
    at: { type: 'date', format: 'epoch_millis' },
    events: { type: 'long' },
    bytes: { type: 'long' },
    body: { type: 'object', enabled: false },
  },
}

export const LETTER_MAPPING: estypes.MappingTypeMapping = {
  dynamic: 'strict',
  properties: {
    id: { type: 'keyword' },
    at: { type: 'date', format: 'epoch_millis' },
    kind: { type: 'keyword' },
    reason: { type: 'text' },
    eventId: { type: 'keyword' },
    agent: { type: 'keyword' },
    incarnation: { type: 'keyword' },
    sequence: { type: 'long' },
    position: { type: 'long' },
    source: { type: 'keyword' },
    pin: { type: 'keyword' },
    line: { type: 'binary' },
    whole: { type: 'object', enabled: false },
  },
}

const LONG: estypes.MappingProperty = { type: 'long' }
const DATE: estypes.MappingProperty = { type: 'date', format: 'epoch_millis' }

/** One document an agent, with its latest state. The parts of `ledger` have the names of the wire. */
export const AGENT_MAPPING: estypes.MappingTypeMapping = {
  dynamic: 'strict',
  properties: {
    format: LONG,
    at: DATE,
    id: { type: 'keyword' },
    name: { type: 'keyword' },
    host: { type: 'keyword' },
    version: { type: 'keyword' },
    enrolled: DATE,
    revoked: { type: 'boolean' },
    seen: DATE,
    silentAfter: LONG,
    lagBytes: LONG,
    oldestPending: LONG,
    clockOffset: LONG,
    ledger: {
      properties: Object.fromEntries(Object.keys(ledgerSchema.shape).map((part) => [part, LONG])),
    },
    notices: { type: 'keyword', ignore_above: LIMITS.indexedLength },
    breaks: LONG,
    waybills: LONG,
    missing: LONG,
    gaps: { type: 'keyword' },
  },
}

/** `value` is JSON as a text: what was put is what is got. */
export const RECORD_MAPPING: estypes.MappingTypeMapping = {
  dynamic: 'strict',
  properties: {
    kind: { type: 'keyword' },
    key: { type: 'keyword' },
    version: { type: 'long' },
    value: KEPT_ONLY,
  },
}
