import { cut, factsOf, titleOf } from '../content.ts'
import type { Target } from '../settings.ts'
import { post } from './post.ts'
import type { Outgoing, Send } from './sender.ts'

const MOST = { summary: 1024, key: 255, detail: 2000 } as const
const SEVERITY = { low: 'info', medium: 'warning', high: 'error', critical: 'critical' } as const

type Settings = NonNullable<Target['pagerduty']>

/** PagerDuty's Events API v2. All messages of an incident have its key, so they are one incident there too. */
export const pagerDutySender =
  (settings: Settings): Send =>
  (message, signal) =>
    post(
      `${settings.url.replace(/\/$/, '')}/v2/enqueue`,
      JSON.stringify(pagerDutyBody(settings['routing-key'].reveal(), message)),
      {},
      signal,
    )

export function pagerDutyBody(routingKey: string, { id, content, links, zone }: Outgoing): object {
  const { occasion, incident, priority, rule, message, response, lines, at } = content
  // A digest and a test have no incident of ours: each is one of its own.
  const key = cut(incident === '' ? id : incident, MOST.key)
  if (occasion === 'resolved') return { routing_key: routingKey, event_action: 'resolve', dedup_key: key }
  return {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: key,
    client: 'Waybill',
    ...(links.incident !== null && { client_url: links.incident }),
    payload: {
      summary: cut(titleOf(content), MOST.summary),
      source: 'waybill',
      severity: SEVERITY[priority],
      timestamp: new Date(at).toISOString(),
      ...(rule.name !== '' && { class: cut(rule.name, MOST.key) }),
      custom_details: {
        ...Object.fromEntries(factsOf(content, zone)),
        ...(message !== '' && { Message: cut(message, MOST.detail) }),
        ...(response !== '' && { 'What to do': cut(response, MOST.detail) }),
        ...(lines.length > 0 && { Messages: lines.slice(0, 50) }),
      },
    },
    links: [
      ...(links.incident === null ? [] : [{ href: links.incident, text: 'Open the incident' }]),
      ...(links.alert === null ? [] : [{ href: links.alert, text: 'Open the alert' }]),
    ],
  }
}
