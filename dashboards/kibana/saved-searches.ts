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
    agents: id('agents-log'),
  }
}

/** Events that an audit team looks at first, whatever the source. */
export const HIGH_PRIORITY =
  '(audit.risk: (high or critical) or audit.record_count >= 1000 or (event.type: admin and event.category: iam) or (event.category: iam and event.outcome: failure)) and not event.kind: alert'

export const EXPORTS = 'event.action: *xport*'

/** Alerts that nobody has resolved; those of a watch have no state. */
export const OPEN = 'not alert.state: resolved'

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
      { only: 'audit.category: change' },
    ),
    search(
      ids.security,
      'Waybill: security events',
      views.events,
      [...who, 'event.outcome', 'audit.risk', 'source.ip', 'message', 'details'],
      { only: 'audit.category: security' },
    ),
    search(
      ids.priority,
      'Waybill: high-priority events',
      views.events,
      [...who, 'event.outcome', 'audit.risk', 'message', 'details'],
      { only: HIGH_PRIORITY },
    ),
    search(
      ids.system,
      'Waybill: system events',
      views.events,
      ['event.action', 'audit.component', 'audit.status', 'message', 'event.duration', 'details'],
      { only: 'audit.category: system' },
    ),
    search(
      ids.exports,
      'Waybill: exports',
      views.events,
      ['user.name', 'audit.entity.type', 'audit.entity.name', 'audit.record_count', 'source.ip', 'details'],
      { only: EXPORTS },
    ),
    search(
      ids.own,
      "Waybill: the audit trail's own events",
      views.events,
      [...who, 'event.outcome', 'message', 'event.reason', 'details'],
      { only: 'event.module: waybill and audit.seal.agent: indexer-*' },
    ),
    search(ids.letters, 'Waybill: dead letters', views.deadLetters, [
      'kind',
      'reason',
      'agent',
      'sequence',
      'position',
      'eventId',
    ]),
    search(
      ids.alerts,
      'Waybill: open alerts',
      views.alerts,
      [
        'alert.priority',
        'rule.name',
        'message',
        'user.name',
        'source.ip',
        'alert.count',
        'events',
        'console',
      ],
      { only: OPEN },
    ),
    search(
      ids.agents,
      'Waybill: agents',
      views.agents,
      [
        'name',
        'state',
        'seen',
        'silence',
        'lagBytes',
        'oldestPending',
        'missing',
        'gaps',
        'breaks',
        'clockOffset',
        'notices',
        'version',
      ],
      { sort: [['silence', 'desc']] },
    ),
  ]
}

/** In pixels; columns that are not here share the rest. */
const WIDTHS: Readonly<Record<string, number>> = {
  '@timestamp': 195,
  at: 195,
  seen: 165,
  'user.name': 150,
  'event.action': 150,
  'event.outcome': 90,
  'event.duration': 110,
  'audit.entity.type': 120,
  'audit.entity.id': 130,
  'audit.risk': 90,
  'audit.status': 90,
  'audit.record_count': 100,
  'source.ip': 130,
  details: 120,
  kind: 100,
  agent: 190,
  sequence: 90,
  position: 90,
  'alert.priority': 90,
  'alert.count': 80,
  'rule.name': 200,
  events: 110,
  console: 120,
  name: 130,
  state: 145,
  silence: 100,
  lagBytes: 90,
  oldestPending: 125,
  missing: 85,
  breaks: 80,
  clockOffset: 110,
  version: 85,
}
const LINES = 2

interface SearchParts {
  /** Only what this finds, in KQL. */
  readonly only?: string
  readonly sort?: readonly (readonly [field: string, direction: 'asc' | 'desc'])[]
}

function search(
  id: string,
  title: string,
  from: View,
  columns: readonly string[],
  { only = '', sort = from.time === null ? [] : [[from.time, 'desc']] }: SearchParts = {},
): SavedObject {
  const shown = from.time === null ? columns : [from.time, ...columns]
  const widths = shown.flatMap((column) => {
    const width = WIDTHS[column]
    return width === undefined ? [] : [[column, { width }]]
  })
  return savedObject(
    'search',
    id,
    {
      title,
      description: '',
      columns,
      sort,
      grid: { columns: Object.fromEntries(widths) },
      rowHeight: LINES,
      hideChart: false,
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({
          query: { query: only, language: 'kuery' },
          filter: [],
          indexRefName: 'kibanaSavedObjectMeta.searchSourceJSON.index',
        }),
      },
    },
    [{ name: 'kibanaSavedObjectMeta.searchSourceJSON.index', type: 'index-pattern', id: from.id }],
  )
}
