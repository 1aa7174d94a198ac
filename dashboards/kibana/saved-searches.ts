import type { DataViews, View } from './data-views.ts'
import { type SavedObject, savedObject } from './saved-object.ts'

/** Tables of events, for dashboards and for Discover. */
export function savedSearches(namespace: string) {
  const id = (name: string): string => `waybill-${name}-${namespace}`
  return {
    log: id('log'),
    changes: id('changes-log'),
    security: id('security-log'),
    priority: id('priority-log'),
    system: id('system-log'),
    exports: id('exports-log'),
    own: id('own-log'),
    letters: id('letters-log'),
    alerts: id('alerts-log'),
  }
}

/** What an audit team looks at first, whatever the source. */
export const HIGH_PRIORITY =
  'audit.risk: (high or critical) or event.kind: alert or audit.record_count >= 1000 or (event.type: admin and event.category: iam) or (event.category: iam and event.outcome: failure)'

export const EXPORTS = 'event.action: *xport*'

export function savedSearchObjects(namespace: string, views: DataViews): SavedObject[] {
  const ids = savedSearches(namespace)
  const who = ['user.name', 'event.action']
  const what = ['audit.entity.type', 'audit.entity.id']
  return [
    search(ids.log, 'Waybill: log', views.events, [
      ...who,
      ...what,
      'event.outcome',
      'change',
      'message',
      'details',
    ]),
    search(
      ids.changes,
      'Waybill: record changes',
      views.events,
      [...who, ...what, 'audit.entity.name', 'change', 'details'],
      'audit.category: change',
    ),
    search(
      ids.security,
      'Waybill: security events',
      views.events,
      [...who, 'event.outcome', 'audit.risk', 'source.ip', 'message', 'details'],
      'audit.category: security',
    ),
    search(
      ids.priority,
      'Waybill: high-priority events',
      views.events,
      [...who, 'event.outcome', 'audit.risk', 'message', 'details'],
      HIGH_PRIORITY,
    ),
    search(
      ids.system,
      'Waybill: system events',
      views.events,
      ['event.action', 'audit.component', 'audit.status', 'message', 'event.duration', 'details'],
      'audit.category: system',
    ),
    search(
      ids.exports,
      'Waybill: exports',
      views.events,
      ['user.name', 'audit.entity.type', 'audit.entity.name', 'audit.record_count', 'source.ip', 'details'],
      EXPORTS,
    ),
    search(
      ids.own,
      "Waybill: the audit trail's own events",
      views.events,
      [...who, 'audit.entity.id', 'event.outcome', 'event.reason', 'message', 'details'],
      'event.module: waybill and audit.seal.agent: indexer-*',
    ),
    search(ids.letters, 'Waybill: dead letters', views.deadLetters, [
      'kind',
      'reason',
      'agent',
      'sequence',
      'position',
      'eventId',
    ]),
    search(ids.alerts, 'Waybill: alerts', views.alerts, [
      'rule.name',
      'alert.priority',
      'message',
      'user.name',
      'source.ip',
    ]),
  ]
}

function search(id: string, title: string, from: View, columns: readonly string[], query = ''): SavedObject {
  return savedObject(
    'search',
    id,
    {
      title,
      description: '',
      columns,
      sort: [[from.time, 'desc']],
      grid: {},
      hideChart: false,
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({
          query: { query, language: 'kuery' },
          filter: [],
          indexRefName: 'kibanaSavedObjectMeta.searchSourceJSON.index',
        }),
      },
    },
    [{ name: 'kibanaSavedObjectMeta.searchSourceJSON.index', type: 'index-pattern', id: from.id }],
  )
}
