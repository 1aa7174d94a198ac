import { FIELDS, type Field } from './fields.ts'
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, LIMITS } from './limits.ts'
import { isRecord } from './record.ts'
import { wordsOf } from './words.ts'

/** A record of the common schema, with members according to `FIELDS`. An event is data, read through `valuesOf`. */
export type AuditEvent = { readonly [member: string]: unknown }

export interface Change {
  readonly field: string
  readonly old?: string | null
  readonly new?: string | null
}

/** The paths are split once: splitting them took an eighth of an indexer's work for Elasticsearch. */
const MEMBERS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.keys(FIELDS).map((path) => [path, path.split('.')]),
)

/** The raw value of a dotted path in a nested event. */
export function valueAt(event: AuditEvent, path: string): unknown {
  let value: unknown = event
  for (const member of MEMBERS.get(path) ?? path.split('.')) {
    if (!isRecord(value) || !Object.hasOwn(value, member)) return undefined
    value = value[member]
  }
  return value
}

export function textAt(event: AuditEvent, path: string): string | undefined {
  const value = valueAt(event, path)
  return typeof value === 'string' ? value : undefined
}

/** One leaf of a flattened field, with its path below that field. List items share their list's path. */
export interface Leaf {
  readonly path: string
  readonly value: string
}

export function leavesUnder(value: unknown, path = ''): Leaf[] {
  const found: Leaf[] = []
  const walk = (at: unknown, here: string): void => {
    if (Array.isArray(at)) for (const item of at) walk(item, here)
    else if (isRecord(at))
      for (const key of Object.keys(at)) walk(at[key], here === '' ? key : `${here}.${key}`)
    else if (at !== null && at !== undefined) found.push({ path: here, value: String(at) })
  }
  walk(value, path)
  return found
}

/** The values of a field as texts, as both stores index them: a list has several values, null has none. */
export function valuesOf(event: AuditEvent, path: string): string[] {
  return textsOf(valueAt(event, path))
}

export function textsOf(value: unknown): string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return isRecord(value) ? [] : [String(value)]
  return value.filter((item) => item !== null && !isRecord(item) && !Array.isArray(item)).map(String)
}

export function changesOf(event: AuditEvent): Change[] {
  const changes = valueAt(event, 'audit.changes')
  if (!Array.isArray(changes)) return []
  return changes.filter((change): change is Change => isRecord(change) && typeof change.field === 'string')
}

const WORD_FIELDS: readonly { path: string; field: Field }[] = Object.entries<Field>(FIELDS)
  .filter(([, field]) => field.words === true)
  .map(([path, field]) => ({ path, field }))

/**
 * The words of an event in the order of the schema's fields: a search without a field searches them, in both stores. A value that an
 * earlier field already contained adds nothing.
 */
export function eventWords(event: AuditEvent): string[] {
  const seen = new Set<string>()
  const words: string[] = []
  const add = (text: string): void => {
    if (seen.has(text) || words.length >= LIMITS.wordsPerEvent) return
    seen.add(text)
    for (const word of wordsOf(text)) words.push(word)
  }
  for (const { path, field } of WORD_FIELDS) {
    if (field.type === 'changes') {
      for (const change of changesOf(event)) {
        add(change.field)
        if (typeof change.old === 'string') add(change.old)
        if (typeof change.new === 'string') add(change.new)
      }
    } else if (field.type === 'flattened') {
      for (const leaf of leavesUnder(valueAt(event, path))) add(leaf.value)
    } else {
      for (const value of valuesOf(event, path)) add(value)
    }
  }
  return words.length > LIMITS.wordsPerEvent ? words.slice(0, LIMITS.wordsPerEvent) : words
}

/**
 * The total order of events, oldest first: time in milliseconds, agent, sequence; the id decides ties. Texts compare by UTF-8 bytes, as in
 * both engines.
 */
export interface Place {
  readonly timestamp: number
  readonly agent: string
  readonly sequence: number
  readonly id: string
}

export function placeOf(event: AuditEvent): Place {
  const sequence = valueAt(event, 'event.sequence')
  return {
    timestamp: Date.parse(textAt(event, '@timestamp') ?? ''),
    agent: textAt(event, 'agent.id') ?? '',
    sequence: typeof sequence === 'number' ? sequence : 0,
    id: textAt(event, 'event.id') ?? '',
  }
}

const byBytes = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))

export function comparePlaces(a: Place, b: Place): number {
  return (
    a.timestamp - b.timestamp || byBytes(a.agent, b.agent) || a.sequence - b.sequence || byBytes(a.id, b.id)
  )
}

/**
 * Members that only the indexer adds, by path. `audit.seal` counts as a whole, except for the mark of received events: a store may keep more
 * there than it shows.
 */
const ALWAYS_DERIVED: readonly string[] = ['audit.seal', ...pathsOf(true)]
/** Members that the indexer adds if the agent sealed none; `audit.derived` lists those that it added. */
const DERIVED_IF_ABSENT: readonly string[] = pathsOf('if-absent')

function pathsOf(derived: Field['derived']): string[] {
  return Object.entries<Field>(FIELDS)
    .filter(([, field]) => field.derived === derived)
    .map(([path]) => path)
}

/** A revision in the form that is shown: with its own id, and the sealed id beside it. */
export function asRevision(event: AuditEvent, id: string): AuditEvent {
  const { event: own, audit } = event
  return {
    ...event,
    audit: { ...(isRecord(audit) ? audit : {}), revision_of: textAt(event, 'event.id') },
    event: { ...(isRecord(own) ? own : {}), id },
  }
}

const SEALED_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/
const INVALID = 'timestamp_invalid'

/** Whether a written time is valid for an event: UTC, from 1990 to 2058. */
export function isTimePlaceable(written: unknown): boolean {
  if (typeof written !== 'string' || !SEALED_TIME.test(written)) return false
  const time = Date.parse(written)
  return time >= EARLIEST_TIMESTAMP && time < LATEST_TIMESTAMP
}

/**
 * Returns an event as searches find and show it. If its sealed time is impossible, it gets its time of receipt, so that searches find it,
 * and a tag; the sealed values stay in `audit.seal`. Other events are unchanged.
 */
export function placedAt(event: AuditEvent, received: string): AuditEvent {
  const time = event['@timestamp']
  if (isTimePlaceable(time)) return event
  const seal = { timestamp: time, ...(event.tags === undefined ? {} : { tags: event.tags }) }
  return {
    ...event,
    '@timestamp': received,
    tags: [...textsOf(event.tags), INVALID],
    audit: {
      ...(isRecord(event.audit) ? event.audit : {}),
      seal: { ...(isReceived(event) ? RECEIVED : {}), ...seal },
    },
  }
}

/** What an agent seals in `audit.seal` of an event that it received over the network. */
const RECEIVED = { received: true }
const isReceived = (event: AuditEvent): boolean => valueAt(event, 'audit.seal.received') === true

/** Undoes `placedAt`, but only if the event has exactly these changes. Otherwise somebody could hide a changed time or changed tags. */
function unplaced(event: AuditEvent, sealed: AuditEvent): AuditEvent {
  const seal = valueAt(event, 'audit.seal')
  if (!isRecord(seal) || typeof seal.timestamp !== 'string') return sealed
  const { '@timestamp': _time, tags: _tags, ...rest } = sealed
  const before = {
    ...rest,
    '@timestamp': seal.timestamp,
    ...(seal.tags === undefined ? {} : { tags: seal.tags }),
  }
  const shown = placedAt(before, textAt(event, 'event.ingested') ?? '')
  const isJustThat = shown['@timestamp'] === event['@timestamp'] && String(shown.tags) === String(event.tags)
  return isJustThat ? before : sealed
}

/** A copy of an event as the agent sealed it: without the indexer's additions, and a revision with its sealed id. */
export function sealedPart(event: AuditEvent): AuditEvent {
  // Only names in the closed list count: otherwise anybody who writes to the store could have a forged field left out.
  const named = valuesOf(event, 'audit.derived')
  const derived = [...ALWAYS_DERIVED, ...DERIVED_IF_ABSENT.filter((path) => named.includes(path))]
  const sealed = unplaced(event, received(event, withoutPaths(event, derived)))
  const id = textAt(event, 'audit.revision_of')
  return id === undefined || !isRecord(sealed.event) ? sealed : { ...sealed, event: { ...sealed.event, id } }
}

/** The mark of a received event is part of what was sealed. */
const received = (event: AuditEvent, sealed: AuditEvent): AuditEvent =>
  isReceived(event)
    ? { ...sealed, audit: { ...(isRecord(sealed.audit) ? sealed.audit : {}), seal: RECEIVED } }
    : sealed

/** Removes paths, and the objects that become empty by it. */
function withoutPaths(event: AuditEvent, paths: readonly string[]): AuditEvent {
  const without = (record: Record<string, unknown>, at: string): Record<string, unknown> => {
    // Entries are necessary: by assignment, a member called `__proto__` would not become a member.
    const kept: [string, unknown][] = []
    for (const key of Object.keys(record)) {
      const path = at === '' ? key : `${at}.${key}`
      if (paths.includes(path)) continue
      const value = record[key]
      const holdsDerived = paths.some((derived) => derived.startsWith(`${path}.`))
      if (!holdsDerived || !isRecord(value)) {
        kept.push([key, value])
        continue
      }
      const inner = without(value, path)
      if (Object.keys(inner).length > 0 || Object.keys(value).length === 0) kept.push([key, inner])
    }
    return Object.fromEntries(kept)
  }
  return without(event, '')
}
