import { FIELDS, type Field, fieldOf, LIMITS } from '../../../../schema/index.ts'
import type { HeldKind } from './segment/held-column.ts'
import { seedOf } from './terms.ts'

/**
 * How each field of the schema goes into the search index.
 *
 * Fields whose few values repeat all the time (which agent, which action, which outcome...) are not indexed event by
 * event. Their values together are a facet: an event only carries the numbers of its two facets, and a condition on such
 * a field is decided once for each facet, exactly. That takes some 35 of 80 terms off each event.
 */
const SOURCE_FACET: readonly string[] = [
  'agent.id',
  'agent.name',
  'agent.version',
  'host.name',
  'log.file.path',
  'event.module',
  'event.dataset',
  'event.kind',
  'tags',
  'labels',
  'log.syslog.facility.code',
  'audit.seal.agent',
  'audit.seal.incarnation',
  'audit.seal.received',
]
const DEED_FACET: readonly string[] = [
  'audit.category',
  'event.category',
  'event.type',
  'event.action',
  'event.outcome',
  'event.code',
  'event.severity',
  'log.syslog.severity.code',
  'log.syslog.priority',
  'audit.entity.type',
  'audit.parent.type',
  'audit.module',
  'audit.component',
  'audit.old_unknown',
  'audit.status',
  'audit.risk',
  'audit.variant',
  'audit.channel',
  'audit.change.fields',
  'user_agent.name',
  'user_agent.os.name',
]
export const FACETS: readonly (readonly string[])[] = [SOURCE_FACET, DEED_FACET]

/** Fields that are known only from the waybill, never from the line. */
export const SEAL_AGENT = SOURCE_FACET.indexOf('audit.seal.agent')
export const SEAL_INCARNATION = SOURCE_FACET.indexOf('audit.seal.incarnation')

/**
 * Fields that often hold the same value share their terms: a user is mostly also in `related.user`. One term instead of
 * three, for a few candidates more.
 */
const FAMILIES: Readonly<Record<string, string>> = {
  'user.id': 'user',
  'user.name': 'user',
  'user.email': 'user',
  'user.target.id': 'user',
  'user.target.name': 'user',
  'user.target.email': 'user',
  'user.effective.id': 'user',
  'user.effective.name': 'user',
  'related.user': 'user',
  'source.ip': 'ip',
  'destination.ip': 'ip',
  'observer.ip': 'ip',
  'network.forwarded_ip': 'ip',
  'related.ip': 'ip',
  'audit.entity.id': 'entity',
  'audit.entity.name': 'entity',
  'audit.parent.id': 'entity',
  'audit.parent.name': 'entity',
  'related.entity': 'entity',
  'audit.change.before': 'change',
  'audit.change.after': 'change',
}

/** Number fields with a different value in nearly every event: they are found by magnitude alone. */
const SCATTERED = new Set(['event.sequence', 'log.offset', 'event.duration'])

/**
 * Fields that people count by and that have too many values for a facet: a segment holds the value of each document as a column. All others
 * are read from the events, which takes a thousand times as long. Ids of records and sessions are not among them: nearly each event has
 * another, and their texts alone would be a tenth of all that is stored.
 */
export const HELD: readonly string[] = [
  'user.name',
  'user.id',
  'user.email',
  'user.full_name',
  'user.roles',
  'user.group.name',
  'user.target.name',
  'user.effective.name',
  'organization.name',
  'source.ip',
  'audit.record_count',
  'audit.attempt.count',
  'event.duration',
  'event.reason',
  'event.risk_score',
  'log.syslog.hostname',
  'log.syslog.appname',
  'process.name',
  'user_agent.device.name',
]

export const HELD_KINDS: readonly HeldKind[] = HELD.map((path) => {
  const type = fieldOf(path)?.type
  return type === 'ip' ? 'addresses' : type === 'long' || type === 'float' ? 'numbers' : 'texts'
})

export type Way =
  | { readonly kind: 'facet'; readonly facet: number; readonly slot: number }
  | { readonly kind: 'skip' }
  | {
      readonly kind: 'keyword' | 'text' | 'ip' | 'date' | 'number' | 'boolean' | 'flattened' | 'changes'
      readonly seed: number
      readonly words: boolean
      /** Number of the field among those whose presence a facet remembers. */
      readonly presence: number
      /** The number of its column among `HELD`, or -1. */
      readonly held: number
      /** The exact number is a term too. */
      readonly exact: boolean
    }

export interface FieldNode {
  readonly members: Map<string, FieldNode>
  way: Way | null
}

/** Fields whose presence each event's action facet remembers: what is absent meets no condition. */
export const PRESENCE: string[] = []

const WAYS = new Map<string, Way>()

/** Derived, but known when an event is written, and asked for. */
const isKnownWhenWritten = (path: string): boolean =>
  path === 'audit.revision_of' || path.startsWith('source.geo.') || path.startsWith('source.as.')

function wayOf(path: string, field: Field): Way {
  for (const [facet, paths] of FACETS.entries()) {
    const slot = paths.indexOf(path)
    if (slot !== -1) return { kind: 'facet', facet, slot }
  }
  const onlyWhenRead = field.derived === true && !isKnownWhenWritten(path)
  if (field.unindexed === true || onlyWhenRead || field.type === 'geo' || path === '@timestamp') {
    return { kind: 'skip' }
  }
  const presence = PRESENCE.push(path) - 1
  const kind = field.type === 'long' || field.type === 'float' ? 'number' : field.type
  const exact = !SCATTERED.has(path)
  return {
    kind,
    seed: seedOf(FAMILIES[path] ?? path),
    words: field.words === true,
    presence,
    held: HELD.indexOf(path),
    exact,
  }
}

export const ROOT: FieldNode = { members: new Map(), way: null }
for (const [path, field] of Object.entries<Field>(FIELDS)) {
  const way = wayOf(path, field)
  WAYS.set(path, way)
  let node = ROOT
  for (const member of path.split('.')) {
    let next = node.members.get(member)
    if (next === undefined) {
      next = { members: new Map(), way: null }
      node.members.set(member, next)
    }
    node = next
  }
  node.way = way
}

/** Whether segments hold a field's values as a column. */
export const isHeld = (way: Way | undefined): boolean => way !== undefined && 'held' in way && way.held !== -1

export const wayTo = (path: string): Way | undefined => WAYS.get(path)

/** Half octaves from 2^-20 to 2^50, all beyond as the last: a number's magnitude, which ranges are made of. */
export function magnitudeOf(value: number): number {
  if (value === 0) return 0
  const half = Math.min(100, Math.max(-40, Math.floor(Math.log2(Math.abs(value)) * 2))) + 41
  return value > 0 ? half : -half
}
export const GREATEST_MAGNITUDE = 141

export const DAY = 86_400_000
export const magnitudeText = (magnitude: number): string => `m${magnitude}`
export const dayText = (day: number): string => `d${day}`

/** The number of an event's words that are indexed; an event with more is marked, and is a candidate for any word. */
export const MOST_WORDS = 4096
export const OVERFLOW_SEED = seedOf('more words than are indexed')

/**
 * An event with more words than this may have more than a search looks at (`LIMITS.wordsPerEvent`, with those of its facets), so it is
 * marked. For all other events the index knows for certain whether they have a word.
 */
export const FEW_WORDS = LIMITS.wordsPerEvent / 2
export const WORDY_SEED = seedOf('more words than are certain')
