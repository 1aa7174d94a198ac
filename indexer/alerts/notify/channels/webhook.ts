import { createHmac } from 'node:crypto'
import { titleOf } from '../content.ts'
import type { Target } from '../settings.ts'
import { post } from './post.ts'
import type { Outgoing, Send } from './sender.ts'

type Settings = NonNullable<Target['webhook']>

/**
 * JSON to any address, signed as Standard Webhooks (standardwebhooks.com) describes: HMAC-SHA256 over id, time and body. The receiver
 * checks the signature, refuses old times, and drops an id that it has seen.
 */
export const webhookSender =
  ({ url, secret }: Settings): Send =>
  (message, signal) => {
    const body = JSON.stringify(webhookBody(message))
    const at = String(Math.floor(Date.now() / 1000))
    return post(url, body, signedHeaders(secret.reveal(), message.id, at, body), signal)
  }

/** A secret with the prefix `whsec_` is Base64; any other is used as it is written. */
export function signedHeaders(secret: string, id: string, at: string, body: string): Record<string, string> {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret)
  const signature = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` }
}

/** Also the form of files and of the input of commands. */
export function webhookBody({ id, content, links }: Outgoing): object {
  const { occasion, at, incident, summary, priority, alerts, alert, rule, message, response } = content
  const { count, first, last, users, addresses, note, lines } = content
  const time = (ms: number): string => new Date(ms).toISOString()
  return {
    type: occasion === 'report' ? 'report.made' : `incident.${occasion}`,
    timestamp: time(at),
    data: {
      id,
      title: titleOf(content),
      priority,
      incident: { id: incident, summary, alerts, first: time(first), last: time(last), users, addresses },
      alert: { id: alert, rule, message, response, count },
      note,
      lines,
      links: {
        incident: links.incident,
        alert: links.alert,
        ...(links.report !== null && { report: links.report }),
      },
    },
  }
}
