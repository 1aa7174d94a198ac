import type { Dashboard } from '../dashboard.ts'
import {
  bars,
  compared,
  count,
  distinct,
  figure,
  KINDS_OF_CHANGE,
  last,
  overTime,
  table,
  values,
} from '../lens/index.ts'
import { eventControls, type Given, logPanel, panel } from './board.ts'

const CHANGES = 'audit.category: change'
const of = (type: string): string => `${CHANGES} and event.type: ${type}`

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
          panel('Changes', 12, figure({ from, only }, count('events'))),
          panel('Changed', 12, figure({ from, only }, distinct('records', 'audit.entity.id'))),
          panel('By', 12, figure({ from, only }, distinct('users', 'user.name'))),
          panel('Deleted', 12, figure({ from, only: of('deletion') }, count('records'))),
        ],
      },
      {
        height: 14,
        panels: [
          panel(
            'Changes over time',
            28,
            bars(
              { from, only },
              { along: overTime('Time'), split: KINDS_OF_CHANGE, values: [count('Changes')] },
            ),
          ),
          panel(
            'Compared with the period before',
            20,
            compared(
              { from },
              {
                'All changes': CHANGES,
                Created: of('creation'),
                Changed: of('change'),
                Deleted: of('deletion'),
                'Failed changes': `${CHANGES} and event.outcome: failure`,
              },
            ),
          ),
        ],
      },
      {
        height: 18,
        panels: [
          panel(
            'Values before and after',
            28,
            table({ from, only }, [
              { ...values('Field: before → after', 'transition', { top: 50, others: false }), width: 420 },
              count('Changes'),
              distinct('Users', 'user.name'),
              last('Last', '@timestamp'),
            ]),
          ),
          panel(
            'Fields',
            20,
            table({ from, only }, [
              values('Field', 'audit.change.fields', { top: 50, others: false }),
              count('Changes'),
              distinct('Records', 'audit.entity.id'),
              distinct('Users', 'user.name'),
            ]),
          ),
        ],
      },
      {
        height: 18,
        panels: [
          panel(
            'By user',
            28,
            table({ from, only }, [
              { ...values('User', 'user.name', { top: 50, others: false }), width: 210 },
              count('Changes'),
              count('Deleted', { only: 'event.type: deletion' }),
              distinct('Records', 'audit.entity.id'),
              last('Last', '@timestamp'),
            ]),
          ),
          panel(
            'By entity',
            20,
            bars(
              { from, only },
              { along: values('Entity', 'audit.entity.type', { top: 12 }), values: [count('Changes')] },
              'bar_horizontal',
            ),
          ),
        ],
      },
      { height: 20, panels: [logPanel('Before and after', searches.changes)] },
    ],
  }
}
