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
