import type { Dashboard } from '../dashboard.ts'
import {
  average,
  bars,
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
const FAILED = `${SYSTEM} and (audit.status: error or event.outcome: failure)`

export function system({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  const total = (title: string, only: string) => panel(title, 12, figure({ from, only }, count('Events')))
  return {
    id: boards.system,
    title: 'Waybill: system events and health',
    about: 'Jobs, backups, integrations and errors: what ran, what failed, how long it took.',
    from: 'now-30d/d',
    controls: eventControls(views),
    rows: [
      {
        height: 6,
        panels: [
          total('System events', SYSTEM),
          total('Failed', FAILED),
          total('Warnings', `${SYSTEM} and audit.status: warning`),
          panel(
            'Average duration',
            12,
            figure({ from, only: `${SYSTEM} and event.duration: *` }, average('Duration', 'event.duration')),
          ),
        ],
      },
      {
        height: 13,
        panels: [
          panel(
            'Status over time',
            18,
            bars(
              { from, only: SYSTEM },
              {
                along: overTime('Time'),
                split: STATUSES,
                values: [count('Events')],
              },
            ),
          ),
          panel(
            'By component',
            30,
            table({ from, only: SYSTEM }, [
              values('Component', 'audit.component', { top: 20 }),
              values('Event', 'event.action', { top: 5 }),
              count('Runs'),
              count('Failed', { only: 'audit.status: error or event.outcome: failure' }),
              last('Last run', '@timestamp'),
            ]),
          ),
        ],
      },
      {
        height: 12,
        panels: [
          panel(
            'How long it took',
            24,
            bars(
              { from, only: 'event.duration: *' },
              {
                along: overTime('Time'),
                values: [average('Average', 'event.duration'), greatest('Longest', 'event.duration')],
              },
              'line',
            ),
          ),
          panel(
            'Not understood',
            24,
            table({ from, only: 'event.kind: pipeline_error' }, [
              values('Source', 'event.module'),
              values('Reason', 'event.reason', { top: 5 }),
              count('Records'),
            ]),
          ),
        ],
      },
      { height: 18, panels: [logPanel('System events', searches.system)] },
    ],
  }
}
