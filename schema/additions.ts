import { changeOf } from './change-index.ts'
import { type AuditEvent, valueAt, valuesOf } from './event.ts'
import { FIELDS, type Field } from './fields.ts'
import { isRecord } from './record.ts'
import { relatedOf } from './related.ts'

/**
 * The members that the indexer adds to an event when it stores it (place, client): a part of an event, only from the closed list. They are
 * stored apart from the sealed line, and joined with it when the event is read. `audit.change` and `related` follow from the event and can
 * be omitted here; null for `related` says that the event has none.
 */
export type Additions = { readonly [member: string]: unknown }

const ADDABLE: ReadonlySet<string> = new Set(
  Object.entries<Field>(FIELDS)
    .filter(([, field]) => field.derived !== undefined)
    .map(([path]) => path),
)

/** The paths of the closed list that additions contain, sorted. */
export function addedPaths(additions: Additions): string[] {
  const paths: string[] = []
  const walk = (record: Additions, at: string): void => {
    for (const member of Object.keys(record)) {
      const path = at === '' ? member : `${at}.${member}`
      const value = record[member]
      if (ADDABLE.has(path)) paths.push(path)
      else if (isRecord(value)) walk(value, path)
    }
  }
  walk(additions, '')
  return paths.sort()
}

/**
 * Whether something may be added at this path of an event: nothing is there, and the object around it is either absent or not empty. If an
 * empty object were filled, nobody could tell afterwards that it had been there.
 */
export function isFree(event: AuditEvent, path: string): boolean {
  let record: unknown = event
  const members = path.split('.')
  for (const [i, member] of members.entries()) {
    if (!isRecord(record) || (i > 0 && Object.keys(record).length === 0)) return false
    if (!Object.hasOwn(record, member)) return true
    record = record[member]
  }
  return false
}

/**
 * The event as searches find and show it: with its additions, with `audit.change` and `related` if it has none, and with `audit.derived`,
 * which names all these. The event's own members are unchanged.
 */
export function withAdditions(event: AuditEvent, additions: Additions | null): AuditEvent {
  const { related: given, ...others } = additions ?? {}
  const change = changeOf(event)
  const related = given === undefined && !Object.hasOwn(event, 'related') ? relatedOf(event) : given
  const added = {
    ...others,
    ...(change !== null && { audit: { change } }),
    ...(related != null && { related }),
  }
  // Most events have no additions, and the derived members have few names.
  const derived =
    additions === null ? namesOf(CHANGE, change).concat(namesOf(RELATED, related)) : addedPaths(added)
  if (derived.length === 0) return event
  const merged = merge(event, added)
  return { ...merged, audit: { ...(isRecord(merged.audit) ? merged.audit : {}), derived } }
}

/**
 * The additions that a shown event has beside its sealed part: with them `withAdditions` makes the shown event of the sealed one. Null if
 * there are none.
 */
export function addedIn(shown: AuditEvent, sealed: AuditEvent): Additions | null {
  const named = new Set(valuesOf(shown, 'audit.derived'))
  const added: Record<string, unknown> = {}
  for (const path of named) {
    if (!ADDABLE.has(path) || FOLLOWING.has(path)) continue
    const members = path.split('.')
    const last = members.pop()!
    let at = added
    for (const member of members) {
      const inner = at[member]
      const next = isRecord(inner) ? inner : {}
      at[member] = next
      at = next
    }
    at[last] = valueAt(shown, path)
  }
  if (!Object.hasOwn(sealed, 'related')) {
    const related = shown.related ?? null
    // `relatedOf` decides unless the additions say otherwise.
    if (JSON.stringify(sorted(related)) !== JSON.stringify(sorted(relatedOf(sealed)))) added.related = related
  }
  return Object.keys(added).length === 0 ? null : added
}

const sorted = (related: unknown): unknown => (isRecord(related) ? Object.entries(related).sort() : related)

const membersOf = (group: string): (readonly [member: string, path: string])[] =>
  [...ADDABLE]
    .filter((path) => path.startsWith(`${group}.`))
    .sort()
    .map((path) => [path.slice(group.length + 1), path])
const CHANGE = membersOf('audit.change')
const RELATED = membersOf('related')
/** These follow from the event. */
const FOLLOWING: ReadonlySet<string> = new Set([...CHANGE, ...RELATED].map(([, path]) => path))

/** The paths of the existing members, sorted. */
function namesOf(members: readonly (readonly [member: string, path: string])[], of: unknown): string[] {
  const names: string[] = []
  if (isRecord(of)) for (const [member, path] of members) if (of[member] !== undefined) names.push(path)
  return names
}

function merge(event: AuditEvent, additions: Additions): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...event }
  for (const member of Object.keys(additions)) {
    const [sealed, added] = [merged[member], additions[member]]
    if (!Object.hasOwn(event, member)) merged[member] = added
    else if (isRecord(sealed) && isRecord(added)) merged[member] = merge(sealed, added)
  }
  return merged
}
