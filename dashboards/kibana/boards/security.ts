import type { Dashboard } from '../dashboard.ts'
import {
  bars,
  compared,
  count,
  distinct,
  FAILED,
  figure,
  first,
  greatest,
  last,
  OUTCOMES,
  overTime,
  PRIORITIES,
  placesOf,
  RISKS,
  SUCCEEDED,
  table,
  values,
} from '../lens/index.ts'
import { OPEN } from '../saved-searches.ts'
import { eventControls, type Given, logPanel, panel } from './board.ts'
import { FAILED_SIGN_IN, SIGN_IN } from './user-activity.ts'

const SECURITY = 'audit.category: security'
const PERMISSIONS = 'event.category: iam and event.type: admin'
const LOCKED = 'event.code: *.locked or event.action: ACCT_LOCK'
const RISKY = 'audit.risk: (high or critical) and not event.kind: alert'
/** An address that fails at this many accounts tries passwords on them; an account that this many addresses fail at is attacked by many. */
const SPREAD = 3

export function security({ views, searches, boards }: Given): Dashboard {
  const from = views.events
  const failed = { from, only: FAILED_SIGN_IN }
  const open = { from: views.alerts, only: OPEN }
  return {
    id: boards.security,
    title: 'Waybill: security events',
    about:
      'Open alerts, failed sign-ins and their spread, permissions, keys and locks: their risk, and where they came from.',
    from: 'now-7d/d',
    controls: eventControls(views),
    rows: [
      {
        height: 6,
        panels: [
          panel('Open alerts', 8, figure(open, count('alerts'))),
          panel('Failed sign-ins', 8, figure(failed, count('attempts'))),
          panel('Accounts tried', 8, figure(failed, distinct('accounts', 'account'))),
          panel('From', 8, figure(failed, distinct('addresses', 'source.ip'))),
          panel('Permissions changed', 8, figure({ from, only: PERMISSIONS }, count('events'))),
          panel('Accounts locked', 8, figure({ from, only: LOCKED }, count('events'))),
        ],
      },
      { height: 14, panels: [logPanel('Open alerts', searches.alerts)] },
      {
        height: 15,
        panels: [
          panel(
            'Alerts by priority',
            28,
            bars(
              { from: views.alerts },
              { along: overTime('Time'), split: PRIORITIES, values: [count('Alerts')] },
            ),
          ),
          panel(
            'Compared with the period before',
            20,
            compared(
              { from },
              {
                'Security events': SECURITY,
                'Sign-ins': `${SIGN_IN} and event.outcome: success`,
                'Failed sign-ins': FAILED_SIGN_IN,
                'Accounts locked': LOCKED,
                'Permissions changed': PERMISSIONS,
                'Passwords changed': 'event.action: *assword*',
                'High risk': RISKY,
              },
            ),
          ),
        ],
      },
      {
        height: 18,
        panels: [
          panel(
            'Failed sign-ins by address',
            22,
            table(failed, [
              values('Address', 'source.ip', { type: 'ip', top: 50, others: false }),
              count('Attempts'),
              distinct('Accounts', 'account', { redFrom: SPREAD }),
              last('Last', '@timestamp'),
            ]),
          ),
          panel(
            'Failed sign-ins by account',
            26,
            table(failed, [
              { ...values('Account', 'account', { top: 50, others: false }), width: 240 },
              count('Attempts'),
              distinct('Addresses', 'source.ip', { redFrom: SPREAD }),
              greatest('In a row', 'audit.attempt.count', { redFrom: 5 }),
              last('Last', '@timestamp'),
            ]),
          ),
        ],
      },
      {
        height: 18,
        panels: [
          panel(
            'Where sign-ins came from: red failed, blue succeeded',
            24,
            placesOf(from, [
              {
                label: 'Signed in',
                colour: SUCCEEDED,
                only: `${SIGN_IN} and event.outcome: success`,
              },
              { label: 'Failed', colour: FAILED, only: FAILED_SIGN_IN },
            ]),
          ),
          panel(
            'Address and account',
            24,
            table(failed, [
              values('Address', 'source.ip', { type: 'ip', top: 10, others: false }),
              { ...values('Account', 'account', { top: 5, others: false }), width: 240 },
              count('Attempts'),
              first('First', '@timestamp'),
            ]),
          ),
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
              { along: overTime('Time'), split: OUTCOMES, values: [count('Events')] },
            ),
          ),
          panel(
            'Security events by risk',
            24,
            bars(
              { from, only: `${SECURITY} and audit.risk: *` },
              { along: overTime('Time'), split: RISKS, values: [count('Events')] },
            ),
          ),
        ],
      },
      { height: 18, panels: [logPanel('Security events', searches.security)] },
    ],
  }
}
