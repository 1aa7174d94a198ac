import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../../config/index.ts'
import { type Answered, HttpStage } from '../testing/stage.ts'
import type { SenderName } from './senders.ts'
import { WebhookDoor } from './webhook.ts'

const SECRETS = ["It's a Secret to Everybody", 'the next one']

const open = (from: SenderName, secrets = SECRETS): Promise<HttpStage> =>
  HttpStage.open(
    new WebhookDoor({ [`/${from}`]: { from, secrets: secrets.map((text) => new Secret(text)) } }),
    { transports: ['webhook'] },
  )

const signatureOf = (body: string | Uint8Array, secret = SECRETS[0]!): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

const DELIVERY = '72d3162e-cc78-11e3-81ab-4c9367dc0958'

function github(
  stage: HttpStage,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  return stage.send('/github', {
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'repository',
      'x-github-delivery': DELIVERY,
      'x-hub-signature-256': signatureOf(body),
      ...headers,
    },
    body,
  })
}

describe("a webhook of GitHub's", () => {
  const body = '{ "action": "created",\n "repository": {"id": 1.0, "full_name": "acme/ü"}}'

  it('is on the disk with its event, its delivery and its very bytes when it is acknowledged', async () => {
    const stage = await open('github')
    expect((await github(stage, body)).status).toBe(200)
    expect(stage.stored()).toMatchObject([
      {
        text: `{"action":"repository.created","webhookEvent":"repository","delivery":"${DELIVERY}","body":${body}}`,
        route: '/github',
        key: ['x-github-delivery', DELIVERY],
      },
    ])
  })

  it("has the signature that GitHub's documentation computes", async () => {
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
    expect(signatureOf('Hello, World!')).toBe(signature)
    const stage = await open('github')
    const answer = await github(stage, 'Hello, World!', { 'x-hub-signature-256': signature })
    expect(answer.status).toBe(200)
    // Signed, and no JSON: its event will say so.
    expect(stage.stored()).toMatchObject([{ text: 'Hello, World!' }])
  })

  it('is taken by each of several secrets', async () => {
    const stage = await open('github')
    const headers = { 'x-hub-signature-256': signatureOf(body, SECRETS[1]) }
    expect((await github(stage, body, headers)).status).toBe(200)
  })

  it.each([
    ['of another secret', { 'x-hub-signature-256': signatureOf(body, 'mallory') }, 401],
    ['of another body', { 'x-hub-signature-256': signatureOf('{}') }, 401],
    ['in the old form', { 'x-hub-signature-256': 'sha1=7d38cdd689735b008b3c702edd92eea23791c5f6' }, 401],
    ['that is cut off', { 'x-hub-signature-256': signatureOf(body).slice(0, -1) }, 401],
    ['that is missing', { 'x-hub-signature-256': '' }, 401],
    ['in a body that is a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ])('with a signature %s is refused, and nothing of it is kept', async (_, headers, status) => {
    const stage = await open('github')
    const answer = await github(stage, body, headers)
    expect(answer.status).toBe(status)
    expect((answer.json() as { error: string }).error).toMatch(/Set |Choose /)
    expect(stage.stored()).toEqual([])
    expect(stage.reception.status().listeners[0]).toMatchObject({ refused: 1, messages: 0 })
    for (const secret of SECRETS) expect(answer.text + stage.said.join()).not.toContain(secret)
  })

  it('that names its delivery in no usable form is kept without an identity', async () => {
    const stage = await open('github')
    for (const delivery of ['', 'x'.repeat(200), 'a b'])
      expect((await github(stage, body, { 'x-github-delivery': delivery })).status).toBe(200)
    expect(stage.stored().map(({ key }) => key)).toEqual([[], [], []])
  })
})

describe("an event hook of Okta's", () => {
  const headers = { authorization: SECRETS[0]!, 'content-type': 'application/json' }

  it('answers the question by which Okta checks the address once, to nobody else', async () => {
    const stage = await open('okta')
    const challenge = { 'x-okta-verification-challenge': 'my verification challenge' }
    const answer = await stage.send('/okta', { headers: { ...headers, ...challenge } })
    expect([answer.status, answer.json()]).toEqual([200, { verification: 'my verification challenge' }])
    expect((await stage.send('/okta', { headers: challenge })).status).toBe(401)
    expect((await stage.send('/okta', { headers })).status).toBe(405)
    expect(stage.stored()).toEqual([])
  })

  it('gives each of its events for itself, byte for byte', async () => {
    const stage = await open('okta')
    const tricky = JSON.stringify('"}], "data":{"events":[{}]}')
    const events = [`{"uuid": "a",  "e":${tricky}}`, '{"uuid":"b","n":1.0}']
    const body = `{"e":${tricky},"x":{"data":{"events":[{}]}}, "data" :{"n":[1,{}],"events":[${events.join(' ,\n')}]}}`
    const answer = await stage.send('/okta', { headers, body })
    expect([answer.status, answer.json()]).toEqual([200, { stored: 2 }])
    expect(stage.stored().map(({ text, key }) => [text, key])).toEqual(events.map((text) => [text, []]))
  })

  it('that is no JSON is kept whole', async () => {
    const stage = await open('okta')
    expect((await stage.send('/okta', { headers, body: '{"data":{"events":[{"uuid":"a"' })).status).toBe(200)
    expect(stage.stored().map(({ text }) => text)).toEqual(['{"data":{"events":[{"uuid":"a"'])
  })

  it.each([{ authorization: 'wrong' }, { authorization: '' }, { authorization: `${SECRETS[0]} x` }])(
    'with %o is refused',
    async (wrong) => {
      const stage = await open('okta')
      expect((await stage.send('/okta', { headers: { ...headers, ...wrong }, body: '{}' })).status).toBe(401)
      expect(stage.stored()).toEqual([])
    },
  )
})

describe("a webhook of Clockify's and of Strapi's", () => {
  it('is known by the token of the webhook, and keeps the name of its event', async () => {
    const stage = await open('clockify', ['token-of-one', 'token-of-another'])
    const headers = { 'clockify-webhook-event-type': 'NEW_TIME_ENTRY' }
    const send = (token: string): Promise<Answered> =>
      stage.send('/clockify', { headers: { ...headers, 'clockify-signature': token }, body: '{"id":"5"}' })
    expect((await send('token-of-another')).status).toBe(200)
    expect((await send('token-of-anothe')).status).toBe(401)
    expect(stage.stored().map(({ text }) => text)).toEqual([
      '{"webhookEvent":"NEW_TIME_ENTRY","body":{"id":"5"}}',
    ])
  })

  it('is known by the header that Strapi was told to send', async () => {
    const stage = await open('strapi', ['Bearer one'])
    const body =
      '{"event":"entry.create","createdAt":"2026-01-02T03:04:05.678Z","model":"article","entry":{"id":1}}'
    const send = (authorization: string): Promise<Answered> =>
      stage.send('/strapi', { headers: { authorization }, body })
    expect((await send('Bearer one')).status).toBe(200)
    expect((await send('Bearer')).status).toBe(401)
    expect(stage.stored()).toMatchObject([{ text: body, key: [] }])
  })
})

it.each([
  ['/elsewhere', 'POST', 404],
  ['/github/', 'POST', 404],
  ['/github', 'GET', 405],
  ['/github', 'DELETE', 405],
])('%s by %s is refused', async (path, method, status) => {
  const stage = await open('github')
  expect((await stage.send(path, { method, ...(method === 'POST' && { body: '{}' }) })).status).toBe(status)
})
