import type { Dashboard } from '../dashboard.ts'
import {
  bars,
  count,
  distinct,
  figure,
  OUTCOMES,
  overTime,
  placesOf,
  RISKS,
  STATUSES,
  shares,
  table,
  values,
} from '../lens/index.ts'
import { eventControls, type Given, logPanel, panel } from './board.ts'
import { FAILED_SIGN_IN, SIGN_IN } from './user-activity.ts'

const SECURITY = 'audit.category: security'

export function security({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  const total = (title: string, only: string) => panel(title, 8, figure({ from, only }, count('Events')))
  return {
    id: boards.security,
    title: 'Waybill: security events',
    about:
      'Sign-ins, permissions, keys and locks: their status, their risk, where they came from, and the alerts that they raised.',
    from: 'now-7d/d',
    controls: eventControls(views),
    rows: [
      {
        height: 6,
        panels: [
          total('Failed sign-ins', FAILED_SIGN_IN),
          panel(
            'Addresses that failed',
            8,
            figure({ from, only: FAILED_SIGN_IN }, distinct('Addresses', 'source.ip')),
          ),
          total('Permissions changed', 'event.category: iam and event.type: admin'),
          total('Accounts locked', 'event.code: *.locked or event.action: ACCT_LOCK'),
          total('High risk', 'audit.risk: (high or critical)'),
          panel('Alerts', 8, figure({ from: views.alerts }, count('Alerts'))),
        ],
      },
      {
        height: 13,
        panels: [
          panel(
            'Security events by outcome',
            24,
            bars(
              { from, only: SECURITY },
              {
                along: overTime('Time'),
                split: OUTCOMES,
                values: [count('Events')],
              },
            ),
          ),
          panel('Risk', 12, shares({ from, only: `${SECURITY} and audit.risk: *` }, RISKS, count('Events'))),
          panel(
            'Status',
            12,
            shares({ from, only: `${SECURITY} and audit.status: *` }, STATUSES, count('Events')),
          ),
        ],
      },
      {
        height: 16,
        panels: [
          panel('Where sign-ins came from', 24, placesOf({ from, only: SIGN_IN })),
          panel(
            'Failed sign-ins',
            24,
            table({ from, only: FAILED_SIGN_IN }, [
              values('Account', 'account', { others: false }),
              values('Address', 'source.ip', { type: 'ip', top: 5, others: false }),
              count('Failures'),
            ]),
          ),
        ],
      },
      { height: 12, panels: [logPanel('Alerts', searches.alerts)] },
      { height: 18, panels: [logPanel('Security events', searches.security)] },
    ],
  }
}
