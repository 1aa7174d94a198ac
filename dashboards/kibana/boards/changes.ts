import type { Dashboard } from '../dashboard.ts'
import { bars, count, distinct, figure, groups, overTime, table, values } from '../lens/index.ts'
import { eventControls, type Given, logPanel, panel } from './board.ts'

const CHANGES = 'audit.category: change'

export function changes({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  const only = CHANGES
  return {
    id: boards.changes,
    title: 'Waybill: record changes',
    about: 'Who changed what, with the values before and after.',
    from: 'now-7d/d',
    controls: [...eventControls(views), { title: 'Field', field: 'audit.change.fields', of: views.events }],
    rows: [
      {
        height: 6,
        panels: [
          panel('Changes', 12, figure({ from, only }, count('Changes'))),
          panel('Records', 12, figure({ from, only }, distinct('Records', 'audit.entity.id'))),
          panel('Users', 12, figure({ from, only }, distinct('Users', 'user.name'))),
          panel(
            'Deleted',
            12,
            figure({ from, only: `${CHANGES} and event.type: deletion` }, count('Records')),
          ),
        ],
      },
      {
        height: 13,
        panels: [
          panel(
            'Changes over time',
            24,
            bars(
              { from, only },
              {
                along: overTime('Time'),
                split: groups('Kind', {
                  Created: 'event.type: creation',
                  Changed: 'event.type: change',
                  Deleted: 'event.type: deletion',
                }),
                values: [count('Changes')],
              },
            ),
          ),
          panel(
            'By entity',
            24,
            bars(
              { from, only },
              { along: values('Entity', 'audit.entity.type', { top: 12 }), values: [count('Changes')] },
              'bar_horizontal',
            ),
          ),
        ],
      },
      {
        height: 14,
        panels: [
          panel(
            'Fields',
            16,
            table({ from, only }, [values('Field', 'audit.change.fields', { top: 30 }), count('Changes')]),
          ),
          panel(
            'Before',
            16,
            table({ from, only }, [
              values('Previous value', 'audit.change.before', { top: 30, others: false }),
              count('Changes'),
            ]),
          ),
          panel(
            'After',
            16,
            table({ from, only }, [
              values('New value', 'audit.change.after', { top: 30, others: false }),
              count('Changes'),
            ]),
          ),
        ],
      },
      { height: 20, panels: [logPanel('Before and after', searches.changes)] },
    ],
  }
}
