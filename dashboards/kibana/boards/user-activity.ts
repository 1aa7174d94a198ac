import type { Dashboard } from '../dashboard.ts'
import {
  bars,
  compared,
  count,
  distinct,
  figure,
  KINDS_OF_ACTIVITY,
  last,
  overTime,
  table,
  values,
} from '../lens/index.ts'
import { EXPORTS } from '../saved-searches.ts'
import { eventControls, type Given, logPanel, panel } from './board.ts'

/** Signing in, as every integration classes it. */
export const SIGN_IN = 'event.category: authentication and event.type: start'
export const FAILED_SIGN_IN = `${SIGN_IN} and event.outcome: failure`
const SIGNED_IN = `${SIGN_IN} and event.outcome: success`

const DONE = {
  Actions: 'user.name: *',
  'Records created': 'audit.category: change and event.type: creation',
  'Records modified': 'audit.category: change and event.type: change',
  'Records deleted': 'audit.category: change and event.type: deletion',
  'Records viewed': 'audit.category: view',
  Exports: EXPORTS,
  'Sign-ins': SIGNED_IN,
  'Failed sign-ins': FAILED_SIGN_IN,
} as const

export function userActivity({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  const leadsTo = boards['log-viewer']
  return {
    id: boards['user-activity'],
    title: 'Waybill: user activity',
    about: 'What a user did: choose one above.',
    from: 'now-7d/d',
    controls: eventControls(views),
    rows: [
      {
        height: 6,
        panels: [
          ...Object.entries(DONE).map(([title, only]) =>
            panel(title, 6, figure({ from, only }, count('events'))),
          ),
        ],
      },
      {
        height: 16,
        panels: [
          panel(
            'Activity over time',
            28,
            bars({ from }, { along: overTime('Time'), split: KINDS_OF_ACTIVITY, values: [count('Events')] }),
            { leadsTo },
          ),
          panel('Compared with the period before', 20, compared({ from }, DONE)),
        ],
      },
      {
        height: 18,
        panels: [
          panel(
            'Users',
            30,
            table({ from }, [
              { ...values('User', 'user.name', { top: 50 }), width: 200 },
              count('Actions'),
              count('Changes', { only: 'audit.category: change' }),
              count('Exports', { only: EXPORTS, redFrom: 10 }),
              count('Failures', { only: FAILED_SIGN_IN, redFrom: 5 }),
              last('Last seen', '@timestamp'),
            ]),
            { leadsTo },
          ),
          panel(
            'By module',
            18,
            bars(
              { from },
              { along: values('Module', 'audit.module', { top: 12 }), values: [count('Events')] },
              'bar_horizontal',
            ),
            { leadsTo },
          ),
        ],
      },
      {
        height: 18,
        panels: [
          panel(
            'Sessions',
            24,
            table({ from, only: 'audit.session.id: *' }, [
              { ...values('User', 'user.name', { top: 50 }), width: 200 },
              distinct('Sessions', 'audit.session.id'),
              distinct('Addresses', 'source.ip', { redFrom: 5 }),
              count('Sign-ins', { only: SIGNED_IN }),
              count('Passwords', { only: 'event.action: *assword*' }),
            ]),
          ),
          panel(
            'What they worked on',
            24,
            table({ from }, [
              values('Entity', 'audit.entity.type', { top: 50 }),
              count('Events'),
              count('Changes', { only: 'audit.category: change' }),
              distinct('Records', 'audit.entity.id'),
              distinct('Users', 'user.name'),
            ]),
            { leadsTo },
          ),
        ],
      },
      { height: 18, panels: [logPanel('Recent activity', searches.log)] },
    ],
  }
}
