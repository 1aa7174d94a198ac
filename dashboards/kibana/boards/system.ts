import type { Dashboard } from '../dashboard.ts'
import {
  average,
  bars,
  compared,
  count,
  figure,
  greatest,
  last,
  overTime,
  STATUSES,
  table,
  values,
} from '../lens/index.ts'
import { eventControls, type Given, logPanel, panel } from './board.ts'

const SYSTEM = 'audit.category: system'
const BAD = 'audit.status: error or event.outcome: failure'
const FAILED = `${SYSTEM} and (${BAD})`
const WARNED = `${SYSTEM} and audit.status: warning`
const TIMED = `${SYSTEM} and event.duration: *`
const NOT_UNDERSTOOD = 'event.kind: pipeline_error'

export function system({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  const total = (title: string, only: string) => panel(title, 12, figure({ from, only }, count('events')))
  return {
    id: boards.system,
    title: 'Waybill: system events and health',
    about: 'Jobs, backups, integrations and errors: what ran, what failed, how long it took.',
    from: 'now-7d/d',
    controls: eventControls(views),
    rows: [
      {
        height: 6,
        panels: [
          total('System events', SYSTEM),
          total('Failed', FAILED),
          total('Warnings', WARNED),
          panel('Duration', 12, figure({ from, only: TIMED }, average('on average', 'event.duration'))),
        ],
      },
      {
        height: 14,
        panels: [
          panel(
            'Status over time',
            28,
            bars(
              { from, only: SYSTEM },
              { along: overTime('Time'), split: STATUSES, values: [count('Events')] },
            ),
          ),
          panel(
            'Compared with the period before',
            20,
            compared(
              { from },
              {
                'System events': SYSTEM,
                Failed: FAILED,
                Warnings: WARNED,
                'With a duration': TIMED,
                'Not understood': NOT_UNDERSTOOD,
              },
            ),
          ),
        ],
      },
      {
        height: 18,
        panels: [
          panel(
            'By component',
            30,
            table({ from, only: SYSTEM }, [
              values('Component', 'audit.component', { top: 20, others: false }),
              values('Event', 'event.action', { top: 5, others: false }),
              count('Runs'),
              count('Failed', { only: BAD, redFrom: 1 }),
              average('Duration', 'event.duration'),
              last('Last run', '@timestamp'),
            ]),
          ),
          panel(
            'Records that were not understood',
            18,
            table({ from, only: NOT_UNDERSTOOD }, [
              values('Source', 'event.module', { others: false }),
              values('Reason', 'event.reason', { top: 5, others: false }),
              count('Records', { redFrom: 1 }),
            ]),
          ),
        ],
      },
      {
        height: 13,
        panels: [
          panel(
            'Average duration by component',
            24,
            bars(
              { from, only: TIMED },
              {
                along: values('Component', 'audit.component', { top: 10, others: false }),
                values: [average('Average', 'event.duration')],
              },
              'bar_horizontal',
            ),
          ),
          panel(
            'Longest runs',
            24,
            bars(
              { from, only: TIMED },
              { along: overTime('Time'), values: [greatest('Longest', 'event.duration')] },
            ),
          ),
        ],
      },
      { height: 18, panels: [logPanel('System events', searches.system)] },
    ],
  }
}
