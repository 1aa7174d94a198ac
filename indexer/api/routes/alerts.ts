import * as z from 'zod'
import {
  ALERT_STATES,
  type AlertShape,
  alertActionSchema,
  alertAnswerShape,
  alertDeliverySchema,
  alertEvidenceShape,
  alertsShape,
  changedAlertsShape,
  incidentAnswerShape,
  incidentsShape,
  permissionsOf,
  respondersShape,
  takenAlertsShape,
  unseenAlertsShape,
} from '../../../schema/api/index.ts'
import { foldKeyword } from '../../../schema/index.ts'
import { PRIORITIES } from '../../../schema/rule.ts'
import { groupQuery } from '../../alerts/index.ts'
import { printQuery } from '../../query/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Asker } from '../access.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'
import { timeOf, timeText, upTo } from './asked.ts'

/** The largest delivery there can be, in bytes as JSON. */
const LARGEST = 1024 * 1024
const MOST = 1000
const params = z.object({ id: z.string().min(1).max(200) })

const filterShape = z.strictObject({
  state: z.enum([...ALERT_STATES, 'unresolved', 'any']).default('unresolved'),
  rule: z.string().max(200).optional(),
  priority: z.enum(PRIORITIES).optional().describe('This priority or a higher one.'),
  assignee: z.string().max(64).optional().describe('A user; an empty text for alerts of nobody.'),
  text: z.string().max(500).optional().describe('In the message, the users or the addresses.'),
  from: timeText,
  to: timeText,
  sort: z.enum(['newest', 'priority']).default('newest').describe('`priority`: the most serious first.'),
  limit: upTo(MOST).default(100),
  after: z.string().max(300).optional().describe('`next` of the previous page.'),
})
type Filter = z.output<typeof filterShape>

/** What people do with alerts; and alerts of rules that run elsewhere, in Elasticsearch's Watcher. */
export function alertRoutes(service: Service): Route[] {
  const { alertDesk, alerts, rules, accounts, readings, clock, log } = service
  /** Alerts and incidents show values of events as they are: only who may see all of them may see these. */
  const shows = 'records'

  return [
    route({
      method: 'GET',
      path: '/v1/alerts',
      needs: 'search',
      shows,
      about: 'Alerts, the newest first; by default those that are not resolved.',
      query: filterShape,
      answers: { 200: json('A page of alerts.', alertsShape) },
      async serve({ query, asker }) {
        const now = clock()
        const all = alerts.all()
        const found = sorted(all.filter(wanted(query, now)), query)
        const { page, next } = pageOf(found, query)
        const open = all.filter(({ state }) => state === 'open')
        noteList(asker, 'alerts', query)
        return {
          alerts: page,
          next,
          total: found.length,
          open: Object.fromEntries(
            PRIORITIES.map((priority) => [priority, open.filter((one) => one.priority === priority).length]),
          ),
          unseen: (await unseenBy(asker)).length,
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/alerts/unseen',
      needs: 'search',
      shows,
      about: 'How many open alerts you have not seen. It is not recorded in the audit trail.',
      answers: { 200: json('The number, and the newest.', unseenAlertsShape) },
      async serve({ asker }) {
        const unseen = await unseenBy(asker)
        const [first] = unseen
        return {
          unseen: unseen.length,
          newest:
            first === undefined
              ? null
              : { id: first.id, rule: first.rule.name, priority: first.priority, raised: first.raised },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/alerts/responders',
      needs: 'respond',
      about: 'The users to whom alerts may be assigned.',
      answers: { 200: json('Their names.', respondersShape) },
      serve: async () => ({ responders: responders() }),
    }),
    route({
      method: 'POST',
      path: '/v1/alerts/seen',
      needs: 'search',
      shows,
      about: 'You have looked at the alerts: those raised until now count as seen.',
      answers: { 204: { about: 'Noted.', content: {} } },
      async serve({ asker, reply }) {
        await alerts.look(ownerOf(asker))
        return reply.code(204).send()
      },
    }),
    route({
      method: 'GET',
      path: '/v1/alerts/:id',
      needs: 'search',
      shows,
      about: 'One alert, with its timeline.',
      params,
      answers: { 200: json('The alert.', alertAnswerShape) },
      async serve({ params: { id }, asker }) {
        const alert = alerts.get(id)
        if (alert === null) throw new Refusal('WB-ALERT-UNKNOWN', `There is no alert ${id}.`)
        const entity = { type: 'alert', id, name: alert.rule.name }
        readings.goesOn(asker, { action: 'view', did: `read the alert ${id}`, entity })
        const rule = rules.get(alert.rule.id)?.rule
        const isSame = rule?.version === alert.rule.version
        return { ...alert, query: isSame ? printQuery(groupQuery(rule, alert.group)) : null }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/alerts/:id/evidence',
      needs: 'search',
      shows,
      about:
        'Copies of the events that caused an alert, and of what the same users, addresses and sessions did around it. They outlive the events.',
      params,
      answers: { 200: json('The copies.', alertEvidenceShape) },
      async serve({ params: { id }, asker }) {
        const evidence = alerts.get(id) === null ? null : await alerts.evidence.of(id)
        if (evidence === null)
          throw new Refusal('WB-ALERT-UNKNOWN', `There is no evidence of an alert ${id}.`)
        readings.goesOn(asker, {
          action: 'view',
          did: `read the evidence of the alert ${id}`,
          entity: { type: 'alert', id },
        })
        return evidence
      },
    }),
    route({
      method: 'POST',
      path: '/v1/alerts/actions',
      needs: 'respond',
      shows,
      about:
        'Acknowledges, assigns, resolves, reopens or snoozes alerts, or adds a note to them. Each act is an event of the audit trail.',
      body: alertActionSchema,
      answers: { 200: json('The alerts as they are now.', changedAlertsShape) },
      async serve({ body, asker }) {
        if (body.do === 'assign') demandUser(body.to)
        return { alerts: await alerts.act(body, asker) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents',
      needs: 'search',
      shows,
      about: 'Incidents: alerts about the same people or addresses at about the same time. The newest first.',
      query: filterShape,
      answers: { 200: json('A page of incidents.', incidentsShape) },
      async serve({ query, asker }) {
        const ids = new Set(
          alerts
            .all()
            .filter(wanted(query, clock()))
            .map(({ incident }) => incident),
        )
        const newest = [...ids]
          .flatMap((id) => alerts.incident(id) ?? [])
          .toSorted((a, b) => b.last - a.last || (a.id < b.id ? 1 : -1))
        const found = sorted(newest, query)
        noteList(asker, 'incidents', query)
        const { page, next } = pageOf(found, query)
        return { incidents: page, next, total: found.length }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents/:id',
      needs: 'search',
      shows,
      about: 'One incident with its alerts.',
      params: z.object({ id: z.string().min(1).max(220) }),
      answers: { 200: json('The incident.', incidentAnswerShape) },
      async serve({ params: { id }, asker }) {
        const incident = alerts.incident(id)
        if (incident === null) throw new Refusal('WB-ALERT-UNKNOWN', `There is no incident ${id}.`)
        readings.goesOn(asker, {
          action: 'view',
          did: `read the incident ${id}`,
          entity: { type: 'incident', id },
        })
        return { incident, alerts: incident.alerts.flatMap((one) => alerts.get(one) ?? []) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/alerts',
      needs: 'alerts',
      about:
        'Adds the alerts of one run of a watch to the audit trail. A repeated alert is recognised by its id, and counts once.',
      body: alertDeliverySchema,
      largestBody: LARGEST,
      answers: {
        200: json('The result for each alert.', takenAlertsShape),
      },
      async serve({ body, asker }) {
        const outcome = await alertDesk.take(body, asker)
        log.debug(`Rule ${body.rule}: ${outcome.taken} alerts added, ${outcome.known} known before.`)
        return outcome
      },
    }),
  ]

  /** A screen that refreshes itself repeats its questions: that is one reading. */
  function noteList(
    asker: Asker,
    list: 'alerts' | 'incidents',
    { after: _, limit: _limit, ...filter }: Filter,
  ) {
    readings.goesOn(asker, { action: 'view', did: `read the list of ${list}`, payload: { list, ...filter } })
  }

  /** Open alerts that were raised since this user last looked, the newest first. */
  async function unseenBy(asker: Asker): Promise<AlertShape[]> {
    const seen = await alerts.lastLook(ownerOf(asker))
    return alerts.all().filter(({ state, raised }) => state === 'open' && raised > seen)
  }

  function responders(): string[] {
    return accounts.users
      .list()
      .filter(({ role, locked }) => locked?.until !== null && permissionsOf(role).has('respond'))
      .map(({ name }) => name)
      .toSorted()
  }

  function demandUser(name: Asker['name']): void {
    if (!accounts.users.list().some((user) => user.name === name))
      throw new Refusal('WB-REQUEST-INVALID', `There is no user ${name} to whom the alert could be assigned.`)
  }
}

const ownerOf = ({ user, name }: Asker): string => (user === null ? `not-a-user ${name}` : user.id)

function wanted(filter: Filter, now: number): (alert: AlertShape) => boolean {
  const { state, rule, priority, assignee, text, from, to } = filter
  const folded = text === undefined ? undefined : foldKeyword(text)
  const begin = from === undefined ? undefined : timeOf('from', from, now)
  const end = to === undefined ? undefined : timeOf('to', to, now)
  const least = priority === undefined ? 0 : PRIORITIES.indexOf(priority)
  return (alert) =>
    (state === 'any' || (state === 'unresolved' ? alert.state !== 'resolved' : alert.state === state)) &&
    (rule === undefined || alert.rule.id === rule) &&
    PRIORITIES.indexOf(alert.priority) >= least &&
    (assignee === undefined || (alert.assignee ?? '') === assignee) &&
    (begin === undefined || alert.last >= begin) &&
    (end === undefined || alert.from < end) &&
    (folded === undefined ||
      [alert.message, alert.rule.name, ...alert.users, ...alert.addresses].some((one) =>
        foldKeyword(one).includes(folded),
      ))
}

/** In the order that is asked for; they come the newest first. */
const sorted = <One extends Pick<AlertShape, 'priority'>>(newest: readonly One[], { sort }: Filter): One[] =>
  sort === 'newest'
    ? [...newest]
    : newest.toSorted((a, b) => PRIORITIES.indexOf(b.priority) - PRIORITIES.indexOf(a.priority))

/** A page after the one whose last id is given: what came meanwhile moves none of the others. */
function pageOf<One extends { readonly id: string }>(
  found: readonly One[],
  { after, limit }: Filter,
): { page: One[]; next: string | null } {
  const start = after === undefined ? 0 : found.findIndex(({ id }) => id === after) + 1
  const page = found.slice(start, start + limit)
  return { page, next: start + limit < found.length ? (page.at(-1)?.id ?? null) : null }
}
