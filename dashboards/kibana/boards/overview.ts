import type { Dashboard } from '../dashboard.ts'
import {
  bars,
  CATEGORIES,
  compared,
  count,
  distinct,
  figure,
  last,
  overTime,
  sum,
  table,
  values,
} from '../lens/index.ts'
import { EXPORTS, HIGH_PRIORITY, OPEN } from '../saved-searches.ts'
import { eventControls, type Given, logPanel, panel } from './board.ts'
import { FAILED_SIGN_IN } from './user-activity.ts'

export function overview({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  const events = figure({ from }, count('events'))
  // No document has the size of an index on the disk; the waybills have the shipped size, before compression.
  const shipped = figure({ from: views.waybills }, sum('before compression', 'bytes'))
  const leadsTo = boards['log-viewer']
  return {
    id: boards.overview,
    title: 'Waybill: overview',
    about: 'How much happened, of what kind, and what deserves a look.',
    from: 'now-7d/d',
    controls: eventControls(views),
    rows: [
      {
        height: 6,
        panels: [
          panel('Open alerts', 8, figure({ from: views.alerts, only: OPEN }, count('alerts'))),
          panel('Events', 8, events, { time: ['now/d', 'now/d'] }),
          panel('Events', 8, events, { time: ['now/w', 'now/w'] }),
          panel('Events', 8, events, { time: ['now/M', 'now/M'] }),
          panel('Received', 8, shipped, { time: ['now/M', 'now/M'] }),
          panel('Active users', 8, figure({ from }, distinct('users', 'user.name'))),
        ],
      },
      {
        height: 15,
        panels: [
          panel(
            'Events by category',
            28,
            bars({ from }, { along: overTime('Time'), split: CATEGORIES, values: [count('Events')] }),
            { leadsTo },
          ),
          panel(
            'Compared with the period before',
            20,
            compared(
              { from },
              {
                'All events': '*',
                'Record changes': 'audit.category: change',
                'Security events': 'audit.category: security',
                'Failed sign-ins': FAILED_SIGN_IN,
                Exports: EXPORTS,
                'High priority': HIGH_PRIORITY,
                'System errors': 'audit.category: system and audit.status: error',
              },
            ),
          ),
        ],
      },
      { height: 12, panels: [logPanel('Open alerts', searches.alerts)] },
      {
        height: 18,
        panels: [
          panel(
            'Busiest users',
            16,
            table({ from }, [values('User', 'user.name', { top: 9 }), count('Events')]),
            {
              leadsTo: boards['user-activity'],
            },
          ),
          panel(
            'Actions',
            16,
            table({ from }, [values('Action', 'event.action', { top: 9 }), count('Events')]),
            {
              leadsTo,
            },
          ),
          panel(
            'Sources',
            16,
            table({ from }, [
              values('Source', 'event.module', { top: 9 }),
              count('Events'),
              last('Last event', '@timestamp'),
            ]),
            { leadsTo },
          ),
        ],
      },
      { height: 16, panels: [logPanel('High-priority events', searches.priority)] },
    ],
  }
}
