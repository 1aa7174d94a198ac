import type { AuditEvent } from './event.ts'
import { FIELDS, type Field } from './fields.ts'
import { isRecord } from './record.ts'
import { relatedOf } from './related.ts'

/**
 * What the indexer adds to an event when it stores it (place, client): a part of an event, of the closed list only. It is kept apart from
 * the line that was sealed, and put together with it when the event is read. `related` follows from the event, so it needn't be here;
 * null says that the event is to have none.
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
 * The event as it is found and shown: with its additions and with `related`, where it has none, and with `audit.derived`, which names them.
 * Nothing that the event has is changed.
 */
export function withAdditions(event: AuditEvent, additions: Additions | null): AuditEvent {
  const added = withRelated(event, additions)
  if (added === null) return event
  const derived = addedPaths(added)
  if (derived.length === 0) return event
  const { audit } = event
  return { ...merge(event, added), audit: { ...(isRecord(audit) ? audit : {}), derived } }
}

function withRelated(event: AuditEvent, additions: Additions | null): Additions | null {
  if (Object.hasOwn(event, 'related')) return additions
  if (additions !== null && Object.hasOwn(additions, 'related')) {
    if (additions.related !== null) return additions
    const { related: _none, ...others } = additions
    return others
  }
  const related = relatedOf(event)
  return related === null ? additions : { ...additions, related }
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
