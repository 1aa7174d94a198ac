import { type AuditEvent, textsOf } from './event.ts'
import type { FieldName } from './fields.ts'
import { isRecord } from './record.ts'

/** The sources of `related.*`: an id, an address or a name finds its events in any role. */
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
  'related.ip': ['source.ip', 'network.forwarded_ip', 'destination.ip', 'observer.ip'],
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

type Related = { entity?: string[]; hosts?: string[]; ip?: string[]; user?: string[] }

const SOURCES = Object.entries(RELATED_FROM).map(([name, from]) => ({
  member: name.slice('related.'.length) as keyof Related,
  from: from.map((path) => path.split('.')),
}))

/** Returns `related` for an event that lacks it; null if the event names nothing. */
export function relatedOf(event: AuditEvent): Related | null {
  let related: Related | null = null
  for (const { member, from } of SOURCES) {
    let found: string[] | undefined
    for (const members of from) {
      let value: unknown = event
      // None of these names is a member of every object.
      for (const name of members) value = isRecord(value) ? value[name] : undefined
      if (value === undefined || value === null || value === '') continue
      for (const text of typeof value === 'string' ? [value] : textsOf(value)) {
        found ??= []
        if (text !== '' && !found.includes(text)) found.push(text)
      }
    }
    if (found === undefined || found.length === 0) continue
    related ??= {}
    related[member] = found
  }
  return related
}
