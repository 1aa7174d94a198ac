import type { AlertShape, IncidentShape } from '../../../../schema/api/index.ts'
import type { News } from '../../news.ts'

/** For tests only: news as the engine tells them. */

export const START = Date.parse('2026-01-22T10:00:00Z')

export const anIncident = (more: Partial<IncidentShape> = {}): IncidentShape => ({
  id: 'incident-1',
  summary: '17 attempts on 6 accounts from 203.0.113.45, 1 success',
  priority: 'high',
  state: 'open',
  alerts: ['alert-1'],
  rules: ['Failed sign-ins of a user'],
  users: ['jane'],
  addresses: ['203.0.113.45'],
  first: START - 60_000,
  last: START,
  ...more,
})

export const anAlert = (more: Partial<AlertShape> = {}): AlertShape => ({
  id: 'alert-1',
  rule: { id: 'failed-logins-user', name: 'Failed sign-ins of a user', version: '1' },
  priority: 'high',
  message: 'jane failed to sign in 17 times within 10 minutes, last from 203.0.113.45',
  response: 'Ask the user whether it was they.',
  channels: ['security'],
  group: { 'user.name': 'jane' },
  from: START - 60_000,
  first: START,
  last: START,
  raised: START,
  late: false,
  count: 17,
  events: ['e1'],
  accounts: ['jane'],
  users: ['jane'],
  addresses: ['203.0.113.45'],
  state: 'open',
  assignee: null,
  snoozedUntil: null,
  resolution: null,
  incident: 'incident-1',
  timeline: [],
  ...more,
})

let number = 0
export const news = (
  kind: News['kind'] = 'opened',
  {
    alert,
    incident,
    ...more
  }: Partial<Omit<News, 'alert' | 'incident'>> & {
    alert?: Partial<AlertShape>
    incident?: Partial<IncidentShape>
  } = {},
): News => ({
  key: `news-${++number}`,
  kind,
  at: START,
  alert: anAlert(alert),
  incident: anIncident(incident),
  ...more,
})
