import type { Dashboard } from '../dashboard.ts'
import {
  bars,
  compared,
  count,
  distinct,
  figure,
  greatest,
  last,
  overTime,
  sum,
  table,
  values,
} from '../lens/index.ts'
import { EXPORTS } from '../saved-searches.ts'
import { eventControls, type Given, logPanel, panel } from './board.ts'

/** An export of this many records deserves a look. */
const LARGE = 1000
const LARGE_EXPORTS = `${EXPORTS} and audit.record_count >= ${LARGE}`

export function exported({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  const only = EXPORTS
  return {
    id: boards.exports,
    title: 'Waybill: exports',
    about: 'What left the systems: who took how many records of what.',
    from: 'now-7d/d',
    controls: eventControls(views),
    rows: [
      {
        height: 6,
        panels: [
          panel('Exports', 12, figure({ from, only }, count('exports'))),
          panel('Exported', 12, figure({ from, only }, sum('records', 'audit.record_count'))),
          panel('By', 12, figure({ from, only }, distinct('users', 'user.name'))),
          panel('Large', 12, figure({ from, only: LARGE_EXPORTS }, count('1,000 records or more'))),
        ],
      },
      {
        height: 13,
        panels: [
          panel(
            'Exported records over time',
            28,
            bars({ from, only }, { along: overTime('Time'), values: [sum('Records', 'audit.record_count')] }),
          ),
          panel(
            'Compared with the period before',
            20,
            compared(
              { from },
              {
                'All exports': EXPORTS,
                '1,000 records or more': LARGE_EXPORTS,
                'Failed exports': `${EXPORTS} and event.outcome: failure`,
              },
            ),
          ),
        ],
      },
      {
        height: 18,
        panels: [
          panel(
            'By user',
            24,
            table({ from, only }, [
              { ...values('User', 'user.name', { top: 50, others: false }), width: 200 },
              sum('Records', 'audit.record_count'),
              count('Exports'),
              greatest('Largest', 'audit.record_count', { redFrom: LARGE }),
              last('Last', '@timestamp'),
            ]),
          ),
          panel(
            'By entity',
            24,
            table({ from, only }, [
              values('Entity', 'audit.entity.type', { top: 50, others: false }),
              sum('Records', 'audit.record_count'),
              count('Exports'),
              distinct('Users', 'user.name'),
              last('Last', '@timestamp'),
            ]),
          ),
        ],
      },
      { height: 20, panels: [logPanel('Exports', searches.exports)] },
    ],
  }
}
