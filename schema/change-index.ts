import { type AuditEvent, type Change, changesOf } from './event.ts'
import { LIMITS } from './limits.ts'
import { isRecord } from './record.ts'
import { cutAt } from './words.ts'

/** What changes are found and counted by: the fields that changed, and their values as `field=value`. */
export interface ChangeIndex {
  readonly fields: readonly string[]
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/** A field whose value is said to be what it was has not changed. */
export function changeIndexOf(changes: readonly Change[]): ChangeIndex {
  const fields = new Set<string>()
  const before: string[] = []
  const after: string[] = []
  for (const { field, old, new: now } of changes) {
    if (old !== undefined && old === now) continue
    fields.add(field)
    if (typeof old === 'string') before.push(cutAt(`${field}=${old}`, LIMITS.keywordLength))
    if (typeof now === 'string') after.push(cutAt(`${field}=${now}`, LIMITS.keywordLength))
  }
  return { fields: [...fields], before, after }
}

/** What `audit.change` is for an event that has none; null where nothing changed. */
export function changeOf(event: AuditEvent): Partial<ChangeIndex> | null {
  const { audit } = event
  if (!isRecord(audit) || Object.hasOwn(audit, 'change')) return null
  const { fields, before, after } = changeIndexOf(changesOf(event))
  if (fields.length === 0) return null
  return { fields, ...(before.length > 0 && { before }), ...(after.length > 0 && { after }) }
}

/** The event with `audit.change`, which follows from its changes. */
export function withChange(event: AuditEvent): AuditEvent {
  const change = changeOf(event)
  return change === null ? event : { ...event, audit: { ...(event.audit as object), change } }
}
