import type { Dashboard } from '../dashboard.ts'
import { bars, count, distinct, figure, overTime, shares, sum, table, values } from '../lens/index.ts'
import { HIGH_PRIORITY } from '../saved-searches.ts'
import { eventControls, type Given, logPanel, panel } from './board.ts'

export function overview({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  const events = figure({ from }, count('Events'))
  // What an index takes on the disk is in no document; what was shipped, before compression, is.
  const shipped = figure({ from: views.waybills }, sum('Uncompressed', 'bytes'))
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
          panel('Today', 8, events, { time: ['now/d', 'now/d'] }),
          panel('This week', 8, events, { time: ['now/w', 'now/w'] }),
          panel('This month', 8, events, { time: ['now/M', 'now/M'] }),
          panel('Taken in this month', 8, shipped, { time: ['now/M', 'now/M'] }),
          panel('Users', 8, figure({ from }, distinct('Users', 'user.name'))),
          panel('High priority', 8, figure({ from, only: HIGH_PRIORITY }, count('Events'))),
        ],
      },
      {
        height: 13,
        panels: [
          panel(
            'Events by category',
            32,
            bars(
              { from },
              {
                along: overTime('Time'),
                split: values('Category', 'audit.category', { top: 6 }),
                values: [count('Events')],
              },
            ),
            { leadsTo },
          ),
          panel(
            'Activity by type',
            16,
            shares({ from }, values('Category', 'audit.category', { top: 6 }), count('Events')),
            {
              leadsTo,
            },
          ),
        ],
      },
      {
        height: 13,
        panels: [
          panel('Busiest users', 16, table({ from }, [values('User', 'user.name'), count('Events')]), {
            leadsTo: boards['user-activity'],
          }),
          panel('Actions', 16, table({ from }, [values('Action', 'event.action'), count('Events')]), {
            leadsTo,
          }),
          panel(
            'Stored by source and host',
            16,
            table({ from }, [
              values('Source', 'event.module'),
              values('Host', 'host.name', { top: 5 }),
              count('Events'),
            ]),
            { leadsTo },
          ),
        ],
      },
      { height: 16, panels: [logPanel('High-priority events', searches.priority)] },
    ],
  }
}
