import { createHmac } from 'node:crypto'
import type { Secret } from '../../../../config/index.ts'
import { isRecord } from '../../../../schema/index.ts'
import { itemsIn, valueIn } from '../../json-parts.ts'
import { type Answer, type Head, jsonAnswer, Refused, type Taken } from '../door.ts'
import { isSame } from '../token.ts'

/** How a system signs what it sends, and how its records are found in that. */
export interface Sender {
  /** Checks what can be checked before the body is read. Throws a `Refused`. */
  admit(head: Head, secrets: readonly Secret[]): void
  /** The answer to a request without a body by which the system checks the address; null if this is none. */
  challenge(head: Head): Answer | null
  /** Checks the signature of the body. Throws a `Refused`. */
  verify(head: Head, body: Buffer, secrets: readonly Secret[]): void
  records(head: Head, body: Buffer): readonly Omit<Taken, 'route'>[]
}

export const SENDERS = {
  github: {
    admit: (head) => {
      const type = header(head, 'content-type')
      if (!type.startsWith('application/json')) {
        throw new Refused(
          415,
          'The webhook does not send JSON. Choose the content type application/json in its settings at GitHub.',
        )
      }
      if (!GITHUB_SIGNATURE.test(header(head, 'x-hub-signature-256'))) {
        throw new Refused(
          401,
          'The request has no signature in X-Hub-Signature-256. Set a secret in the settings of the webhook at GitHub.',
        )
      }
    },
    challenge: () => null,
    verify: (head, body, secrets) => {
      const shown = header(head, 'x-hub-signature-256')
      const signatures = secrets.map(
        (secret) => `sha256=${createHmac('sha256', secret.reveal()).update(body).digest('hex')}`,
      )
      if (!signatures.map((one) => isSame(one, shown)).includes(true))
        throw new Refused(
          401,
          'The signature in X-Hub-Signature-256 is not that of this body and secret. Set the same secret at GitHub and in agent.yml.',
        )
    },
    records: (head, body) => {
      const event = header(head, 'x-github-event')
      const delivery = header(head, 'x-github-delivery')
      const said: unknown = jsonOf(body)
      const action = isRecord(said) && typeof said.action === 'string' ? `${event}.${said.action}` : event
      const about = { action, webhookEvent: event, delivery }
      const isNamed = /^[\w-]{1,128}$/.test(delivery)
      return [{ bytes: wrapped(about, body, said), key: isNamed ? ['x-github-delivery', delivery] : [] }]
    },
  },
  okta: {
    admit: (head, secrets) => expectHeader(head, 'authorization', secrets),
    challenge: ({ method, headers }) => {
      const asked = headers['x-okta-verification-challenge']
      if (method !== 'GET' || typeof asked !== 'string') return null
      return jsonAnswer(200, { verification: asked.slice(0, 1024) })
    },
    verify: () => {},
    records: (_, body) => {
      const events = jsonOf(body) === undefined ? null : valueIn(body, ['data', 'events'])
      // Each event has a uuid of its own.
      return (events === null ? [body] : itemsIn(events)).map((bytes) => ({ bytes, key: [] }))
    },
  },
  clockify: {
    admit: (head, secrets) => expectHeader(head, 'clockify-signature', secrets),
    challenge: () => null,
    verify: () => {},
    records: (head, body) => {
      const about = { webhookEvent: header(head, 'clockify-webhook-event-type') }
      return [{ bytes: wrapped(about, body, jsonOf(body)), key: [] }]
    },
  },
  strapi: {
    admit: (head, secrets) => expectHeader(head, 'authorization', secrets),
    challenge: () => null,
    verify: () => {},
    records: (_, body) => [{ bytes: body, key: [] }],
  },
} as const satisfies Record<string, Sender>

export type SenderName = keyof typeof SENDERS

const GITHUB_SIGNATURE = /^sha256=[0-9a-f]{64}$/

function header({ headers }: Head, name: string): string {
  const value = headers[name]
  return (typeof value === 'string' ? value : '').slice(0, 4096)
}

/** These systems send the same text with each request, and sign nothing. */
function expectHeader(head: Head, name: string, secrets: readonly Secret[]): void {
  const shown = header(head, name)
  if (!secrets.map((secret) => isSame(secret.reveal(), shown)).includes(true)) {
    throw new Refused(
      401,
      shown === ''
        ? `The request has no header ${name}. Set it in the settings of the webhook.`
        : `The header ${name} is not the secret in agent.yml. Set the same text in both.`,
    )
  }
}

/** The value of JSON; undefined if it is none. */
function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** A record with what the headers say and the body, whose bytes stay as they came. A body that is no JSON is the record. */
function wrapped(about: Readonly<Record<string, string>>, body: Buffer, said: unknown): Buffer {
  if (said === undefined) return body
  const head = JSON.stringify(about).slice(0, -1)
  return Buffer.concat([Buffer.from(`${head},"body":`), body, Buffer.from('}')])
}
