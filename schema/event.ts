import { FIELDS, type Field } from './fields.ts'
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, LIMITS } from './limits.ts'
import { isRecord } from './record.ts'
import { wordsOf } from './words.ts'

/** A record of the common schema. Members are as `FIELDS` says; an event is data, read through `valuesOf`. */
export type AuditEvent = { readonly [member: string]: unknown }

export interface Change {
  readonly field: string
  readonly old?: string | null
  readonly new?: string | null
}

/** Taking paths apart took an eighth of what an indexer does for Elasticsearch. */
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

/** One leaf of a flattened field, with the path to it below that field. List items share their list's path. */
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

/** The values of a field as texts, as both stores index them: lists are several values, null is none. */
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
 * The words of an event in the order of the schema's fields: what a search without a field looks into, in both
 * stores. A value that an earlier field gave already adds nothing.
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
 * The total order of events, oldest first: time in milliseconds, agent, sequence; the id settles what is left.
 * Texts compare by UTF-8 bytes, as both engines do.
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

/** Members that only the indexer adds, by path. Of `audit.seal` it is all: a store may keep more there than is shown. */
const ALWAYS_DERIVED: readonly string[] = ['audit.seal', ...pathsOf(true)]
/** Members that the indexer adds where the agent sealed none: which of them it did, `audit.derived` says. */
const DERIVED_IF_ABSENT: readonly string[] = pathsOf('if-absent')

function pathsOf(derived: Field['derived']): string[] {
  return Object.entries<Field>(FIELDS)
    .filter(([, field]) => field.derived === derived)
    .map(([path]) => path)
}

/** A revision as it is shown: under its own id, with the one that was sealed beside it. */
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

/** Whether an event can be placed at a time as it is written: UTC, of 1990 to 2058. */
export function isTimePlaceable(written: unknown): boolean {
  if (typeof written !== 'string' || !SEALED_TIME.test(written)) return false
  const time = Date.parse(written)
  return time >= EARLIEST_TIMESTAMP && time < LATEST_TIMESTAMP
}

/**
 * An event as it is found and shown whose sealed time is none that can be: at its time of receipt, so that searches find it, and tagged. What
 * was sealed stays in `audit.seal`. Others are as they were.
 */
export function placedAt(event: AuditEvent, received: string): AuditEvent {
  const time = event['@timestamp']
  if (isTimePlaceable(time)) return event
  const seal = { timestamp: time, ...(event.tags === undefined ? {} : { tags: event.tags }) }
  return {
    ...event,
    '@timestamp': received,
    tags: [...textsOf(event.tags), INVALID],
    audit: { ...(isRecord(event.audit) ? event.audit : {}), seal },
  }
}

/** What `placedAt` has put in other places; only where it was just that, so that nobody can have another time or other tags overlooked. */
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

/** A copy of an event as the agent sealed it: without what the indexer added, and a revision under its sealed id again. */
export function sealedPart(event: AuditEvent): AuditEvent {
  // Of what is named there only the closed list counts: whoever writes to the store can't have a forged field left out.
  const named = valuesOf(event, 'audit.derived')
  const derived = [...ALWAYS_DERIVED, ...DERIVED_IF_ABSENT.filter((path) => named.includes(path))]
  const sealed = unplaced(event, withoutPaths(event, derived))
  const id = textAt(event, 'audit.revision_of')
  return id === undefined || !isRecord(sealed.event) ? sealed : { ...sealed, event: { ...sealed.event, id } }
}

/** Leaves out the objects that this makes empty, too. */
function withoutPaths(event: AuditEvent, paths: readonly string[]): AuditEvent {
  const without = (record: Record<string, unknown>, at: string): Record<string, unknown> => {
    // As entries: assigned, a member called `__proto__` would be no member any more.
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
