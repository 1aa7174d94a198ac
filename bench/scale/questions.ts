import { parseQuery, withoutOwnReads } from '../../indexer/query/index.ts'
import type { AggregateRequest, SearchRequest } from '../../indexer/store/index.ts'
import { SOMEBODY } from '../month.ts'

/** A question of a screen of the console. */
export interface Question {
  readonly screen: string
  readonly name: string
  readonly ask:
    | { readonly aggregate: AggregateRequest }
    /** Its first page: `limit` events. */
    | { readonly search: Omit<SearchRequest, 'after'> }
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const zone = 'Europe/Berlin'

/**
 * The questions of the console's screens, as the API asks them of the store: without Waybill's own searches and views. They are those of
 * `dashboards/console/src/screens`, which `npm run bench:console` takes from the pages themselves; this bench needs no browser.
 */
export function consoleQuestions(end: number): Question[] {
  const query = (text: string) => withoutOwnReads(parseQuery(text, { now: end }))
  const span = (days: number) => ({ from: end - days * DAY })
  const values = (field: string, top = 8) => ({ kind: 'values', field, top }) as const
  const count = (
    screen: string,
    name: string,
    text: string,
    rest: Omit<AggregateRequest, 'query' | 'by'> & { by?: AggregateRequest['by'] },
  ): Question => ({
    screen,
    name,
    ask: { aggregate: { by: [], ...rest, query: query(text), budget: 30_000 } },
  })
  const found = (screen: string, name: string, text: string, days: number, limit = 50): Question => ({
    screen,
    name,
    ask: { search: { query: query(text), ...span(days), order: 'newest', limit } },
  })
  const timeline = (screen: string, text: string, days: number, every: number): Question =>
    count(screen, `time line of ${days} days${text === '' ? '' : `, ${text}`}`, text, {
      ...span(days),
      by: [{ kind: 'time', every, zone: 'UTC' }, values('event.outcome', 5)],
    })
  const facets = (screen: string, text: string, days: number): Question[] =>
    ['audit.category', 'event.action', 'user.name', 'event.outcome', 'event.module', 'audit.entity.type'].map(
      (field) =>
        count(screen, `${field}${text === '' ? '' : `, ${text}`}`, text, {
          ...span(days),
          by: [values(field)],
        }),
    )
  const midnight = Math.floor(end / DAY) * DAY - HOUR
  const week = midnight - 4 * DAY
  const month = midnight - 20 * DAY
  const mine = `user.name: "${SOMEBODY}"`
  const figures = (screen: string, days: number, texts: readonly string[]): Question[] =>
    texts.map((text) => count(screen, `how many, ${text}`, text, span(days)))
  return [
    count('overview', 'today', '', { from: midnight, to: end }),
    count('overview', 'yesterday by this time', '', { from: midnight - DAY, to: end - DAY }),
    count('overview', 'this week', '', { from: week, to: end }),
    count('overview', 'last week by now', '', { from: week - 7 * DAY, to: end - 7 * DAY }),
    count('overview', 'this month', '', { from: month, to: end }),
    count('overview', 'last month by now', '', { from: month - 30 * DAY, to: month }),
    timeline('overview', '', 7, 3 * HOUR),
    found('overview', 'high priority', HIGH_PRIORITY, 7),
    count('overview', 'failed sign-ins by address', FAILED_SIGN_INS, {
      ...span(7),
      by: [values('source.ip', 50)],
      distinct: ['event.module'],
    }),
    count('overview', 'failed sign-ins by address and account', FAILED_SIGN_INS, {
      ...span(7),
      by: [values('source.ip', 50), values('user.name')],
    }),
    count('overview', 'records exported by user', EXPORTS, {
      ...span(7),
      by: [values('user.name', 20)],
      sums: ['audit.record_count'],
    }),
    count('overview', 'activity by type', '', { ...span(7), by: [values('audit.category', 10)] }),
    timeline('events', '', 30, 6 * HOUR),
    ...facets('events', '', 30),
    found('events', 'the newest', '', 30),
    ...facets('events, a query', 'user: jane* and not category: view', 30),
    timeline('events, a query', 'user: jane* and not category: view', 30, 6 * HOUR),
    timeline('events, free words', 'exported invoices', 30, 6 * HOUR),
    ...figures('security', 7, [
      'event.category: authentication and event.outcome: success and event.type: start',
      FAILED_SIGN_INS,
      'audit.category: security and event.action: *lock*',
      'event.category: iam',
      'audit.category: security and (event.action: *key* or event.action: *password*)',
      'audit.risk: high',
    ]),
    ...['source.ip', 'event.action', 'audit.risk'].map((field) =>
      count('security', `security by ${field}`, SECURITY, { ...span(7), by: [values(field)] }),
    ),
    count('security', 'places', SECURITY, {
      ...span(7),
      by: [values('source.ip', 250), values('event.outcome', 5)],
      latest: true,
    }),
    found(
      'security',
      'high risk, and what failed',
      `${SECURITY} and (audit.risk: high or event.outcome: failure)`,
      7,
    ),
    count('people', 'who did most', '', { ...span(30), by: [values('user.name', 200)] }),
    count('people', 'where most failed', 'event.outcome: failure', {
      ...span(30),
      by: [values('user.name')],
    }),
    ...figures('people, one', 30, [
      mine,
      `${mine} and event.type: deletion`,
      `${mine} and event.action: *report*`,
      `${mine} and event.outcome: failure`,
    ]),
    count('people, one', 'hours of the day', mine, { ...span(30), by: [{ kind: 'hour-of-day', zone }] }),
    ...['audit.module', 'source.ip'].map((field) =>
      count('people, one', `by ${field}`, mine, { ...span(30), by: [values(field)] }),
    ),
    found('people, one', 'the newest', mine, 30, 12),
    ...figures('system', 30, [
      SYSTEM,
      `${SYSTEM} and audit.status: *`,
      `${SYSTEM} and (event.outcome: failure or audit.status: error)`,
    ]),
    count('system', 'by status', SYSTEM, { ...span(30), by: [values('audit.status', 5)] }),
    count('system', 'by action', SYSTEM, { ...span(30), by: [values('event.action')] }),
    count('system', 'components', SYSTEM, {
      ...span(30),
      by: [values('audit.component', 50), values('audit.status', 5)],
      sums: ['event.duration'],
      latest: true,
    }),
    count('audit of the auditor', 'what was done', OWN, { ...span(7), by: [values('event.action', 12)] }),
    count('audit of the auditor', 'who looked', OWN, { ...span(7), by: [values('user.name')] }),
  ]
}

const FAILED_SIGN_INS = 'event.category: authentication and event.outcome: failure'
const EXPORTS = 'event.action: *export* or event.code: *export*'
const HIGH_PRIORITY =
  'audit.risk: high or audit.record_count >= 1000 or (event.action: *lock* and audit.category: security)'
const SECURITY = 'audit.category: security and not audit.seal.agent: indexer-*'
const SYSTEM = 'audit.category: system and not audit.seal.agent: indexer-*'
const OWN = 'event.module: waybill and audit.seal.agent: indexer-*'
