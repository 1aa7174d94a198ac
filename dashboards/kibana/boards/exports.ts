import type { Dashboard } from '../dashboard.ts'
import { bars, count, distinct, figure, greatest, last, overTime, sum, table, values } from '../lens/index.ts'
import { EXPORTS } from '../saved-searches.ts'
import { eventControls, type Given, logPanel, panel } from './board.ts'

export function exported({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  const only = EXPORTS
  return {
    id: boards.exports,
    title: 'Waybill: exports',
    about: 'What left the systems: who took how many records of what.',
    from: 'now-30d/d',
    controls: eventControls(views),
    rows: [
      {
        height: 6,
        panels: [
          panel('Exports', 12, figure({ from, only }, count('Exports'))),
          panel('Records', 12, figure({ from, only }, sum('Records', 'audit.record_count'))),
          panel('Users', 12, figure({ from, only }, distinct('Users', 'user.name'))),
          panel(
            'Of 1,000 records or more',
            12,
            figure({ from, only: `${EXPORTS} and audit.record_count >= 1000` }, count('Exports')),
          ),
        ],
      },
      {
        height: 13,
        panels: [
          panel(
            'Records over time',
            20,
            bars(
              { from, only },
              {
                along: overTime('Time'),
                split: values('Entity', 'audit.entity.type', { top: 6 }),
                values: [sum('Records', 'audit.record_count')],
              },
            ),
          ),
          panel(
            'By user',
            28,
            table({ from, only }, [
              values('User', 'user.name', { top: 30 }),
              sum('Records', 'audit.record_count'),
              count('Exports'),
              greatest('Largest', 'audit.record_count'),
              last('Last', '@timestamp'),
            ]),
          ),
        ],
      },
      { height: 20, panels: [logPanel('Exports', searches.exports)] },
    ],
  }
}
