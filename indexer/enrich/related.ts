import { type AuditEvent, valuesOf } from '../../schema/index.ts'

/** Which fields name a user, an address, a host or a record: the same that our agents fill `related.*` from. */
const NAMED_IN = {
  entity: ['audit.entity.id', 'audit.parent.id'],
  hosts: ['host.name', 'log.syslog.hostname'],
  ip: ['source.ip'],
  user: [
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
} as const

/** What `related` is for an event that has none; null where it names nothing. */
export function relatedOf(event: AuditEvent): Record<string, string[]> | null {
  if (Object.hasOwn(event, 'related')) return null
  const related: Record<string, string[]> = {}
  for (const [member, paths] of Object.entries(NAMED_IN)) {
    const values = new Set(paths.flatMap((path) => valuesOf(event, path)))
    values.delete('')
    if (values.size > 0) related[member] = [...values]
  }
  return Object.keys(related).length === 0 ? null : related
}
