import { type AuditEvent, type Change, changesOf } from './event.ts'
import { LIMITS } from './limits.ts'
import { isRecord } from './record.ts'
import { cutAt } from './words.ts'

/** The index of changes for searches and counts: the fields that changed, and their values as `field=value`. */
export interface ChangeIndex {
  readonly fields: readonly string[]
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/** Indexes changes. A field whose new value equals the old one has not changed. */
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

/** Returns `audit.change` for an event that lacks it; null if nothing changed. */
export function changeOf(event: AuditEvent): Partial<ChangeIndex> | null {
  const { audit } = event
  if (!isRecord(audit) || Object.hasOwn(audit, 'change')) return null
  const { fields, before, after } = changeIndexOf(changesOf(event))
  if (fields.length === 0) return null
  return { fields, ...(before.length > 0 && { before }), ...(after.length > 0 && { after }) }
}

/** Adds `audit.change` to an event, derived from its changes. */
export function withChange(event: AuditEvent): AuditEvent {
  const change = changeOf(event)
  return change === null ? event : { ...event, audit: { ...(event.audit as object), change } }
}
