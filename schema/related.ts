import { type AuditEvent, valuesOf } from './event.ts'
import type { FieldName } from './fields.ts'

/** What `related.*` is filled from: so an id, an address or a name of a kind finds its events in whatever role it stands. */
export const RELATED_FROM: Readonly<
  Record<'related.entity' | 'related.hosts' | 'related.ip' | 'related.user', readonly FieldName[]>
> = {
  'related.entity': ['audit.entity.id', 'audit.parent.id'],
  'related.hosts': [
    'host.name',
    'log.syslog.hostname',
    'source.domain',
    'destination.domain',
    'observer.hostname',
  ],
  'related.ip': ['source.ip', 'destination.ip', 'observer.ip'],
  'related.user': [
    'user.id',
    'user.name',
    'user.email',
    'user.target.id',
    'user.target.name',
    'user.target.email',
    'user.effective.id',
    'user.effective.name',
    'user.changes.name',
  ],
}

const SOURCES: readonly (readonly [member: string, from: readonly FieldName[]])[] = Object.entries(
  RELATED_FROM,
).map(([name, from]) => [name.slice('related.'.length), from])

/** What `related` is for an event that has none; null where it names nothing. */
export function relatedOf(event: AuditEvent): Record<string, string[]> | null {
  let related: Record<string, string[]> | null = null
  for (const [member, from] of SOURCES) {
    const found: string[] = []
    for (const path of from) {
      for (const value of valuesOf(event, path)) {
        if (value !== '' && !found.includes(value)) found.push(value)
      }
    }
    if (found.length === 0) continue
    related ??= {}
    related[member] = found
  }
  return related
}
