import { changeOf } from './change-index.ts'
import type { AuditEvent } from './event.ts'
import { FIELDS, type Field } from './fields.ts'
import { isRecord } from './record.ts'
import { relatedOf } from './related.ts'

/**
 * What the indexer adds to an event when it stores it (place, client): a part of an event, of the closed list only. It is kept apart from
 * the line that was sealed, and put together with it when the event is read. `audit.change` and `related` follow from the event and needn't
 * be here; null for `related` says that the event is to have none.
 */
export type Additions = { readonly [member: string]: unknown }

const ADDABLE: ReadonlySet<string> = new Set(
  Object.entries<Field>(FIELDS)
    .filter(([, field]) => field.derived !== undefined)
    .map(([path]) => path),
)

/** Paths of the closed list that additions have, sorted. */
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
 * Whether something may be added at this path of an event: nothing is there, and the object that it goes into is either none
 * or holds something. Were an empty one filled, nobody could tell afterwards that it had been there.
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
 * The event as it is found and shown: with its additions, with `audit.change` and `related` where it has none, and with `audit.derived`,
 * which names all these. Nothing that the event has is changed.
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
  // Most events have no additions, and what follows from them has few names.
  const derived =
    additions === null ? namesOf(CHANGE, change).concat(namesOf(RELATED, related)) : addedPaths(added)
  if (derived.length === 0) return event
  const merged = merge(event, added)
  return { ...merged, audit: { ...(isRecord(merged.audit) ? merged.audit : {}), derived } }
}

const membersOf = (group: string): (readonly [member: string, path: string])[] =>
  [...ADDABLE]
    .filter((path) => path.startsWith(`${group}.`))
    .sort()
    .map((path) => [path.slice(group.length + 1), path])
const CHANGE = membersOf('audit.change')
const RELATED = membersOf('related')

/** The paths of the members that are there, sorted. */
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
