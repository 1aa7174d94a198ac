import type { Dashboard } from '../dashboard.ts'
import { bars, count, distinct, figure, groups, last, overTime, table, values } from '../lens/index.ts'
import { EXPORTS } from '../saved-searches.ts'
import { eventControls, type Given, logPanel, panel } from './board.ts'

/** Signing in, as every integration classes it. */
export const SIGN_IN = 'event.category: authentication and event.type: start'
export const FAILED_SIGN_IN = `${SIGN_IN} and event.outcome: failure`

export function userActivity({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  const leadsTo = boards['log-viewer']
  const total = (title: string, only: string) => panel(title, 6, figure({ from, only }, count('Events')))
  return {
    id: boards['user-activity'],
    title: 'Waybill: user activity',
    about: 'What a user did: choose one above.',
    from: 'now-30d/d',
    controls: eventControls(views),
    rows: [
      {
        height: 6,
        panels: [
          total('Actions', 'user.name: *'),
          total('Records created', 'audit.category: change and event.type: creation'),
          total('Records modified', 'audit.category: change and event.type: change'),
          total('Records deleted', 'audit.category: change and event.type: deletion'),
          total('Records viewed', 'audit.category: view'),
          total('Exports', EXPORTS),
          total('Sign-ins', `${SIGN_IN} and event.outcome: success`),
          total('Failed sign-ins', FAILED_SIGN_IN),
        ],
      },
      {
        height: 14,
        panels: [
          panel(
            'Activity over time',
            24,
            bars(
              { from },
              {
                along: overTime('Time'),
                split: groups('Kind', {
                  Created: 'event.type: creation',
                  Changed: 'event.type: change',
                  Deleted: 'event.type: deletion',
                  Read: 'event.type: access',
                  'Signed in or out': 'event.category: authentication or event.category: session',
                }),
                values: [count('Events')],
              },
            ),
            { leadsTo },
          ),
          panel(
            'By module',
            24,
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
        height: 14,
        panels: [
          panel(
            'Users',
            30,
            table({ from }, [
              values('User', 'user.name', { top: 50 }),
              count('Actions'),
              count('Changes', { only: 'audit.category: change' }),
              count('Exports', { only: EXPORTS }),
              count('Failures', { only: FAILED_SIGN_IN }),
              last('Last seen', '@timestamp'),
            ]),
            { leadsTo },
          ),
          panel(
            'Sessions',
            18,
            table({ from, only: 'audit.session.id: *' }, [
              values('User', 'user.name'),
              distinct('Sessions', 'audit.session.id'),
              distinct('Addresses', 'source.ip'),
              count('Sign-ins', { only: `${SIGN_IN} and event.outcome: success` }),
              count('Passwords', { only: 'event.action: *assword*' }),
            ]),
          ),
        ],
      },
      { height: 18, panels: [logPanel('Recent activity', searches.log)] },
    ],
  }
}
