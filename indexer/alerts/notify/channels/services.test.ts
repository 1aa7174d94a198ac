import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as z from 'zod'
import { parsedJson } from '../../../../schema/index.ts'
import { type Content, cleaned, contentOf } from '../content.ts'
import { anAlert, anIncident, START } from '../testing/news.ts'
import { settingsOf } from '../testing/world.ts'
import { senderOf } from './index.ts'
import { post, whyNot } from './post.ts'
import type { Outgoing } from './sender.ts'
import { signedHeaders } from './webhook.ts'

/** What the services accept, as their documentation publishes it: required members, and limits of length. */
const plainText = (most: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(most), emoji: z.boolean() })
const slackButton = z.strictObject({
  type: z.literal('button'),
  text: plainText(75),
  url: z.url().max(3000),
  action_id: z.string().max(255),
  style: z.enum(['primary', 'danger']).optional(),
})
const slackShape = z.strictObject({
  text: z.string().min(1).max(40_000),
  blocks: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('header'), text: plainText(150) }),
        z
          .strictObject({
            type: z.literal('section'),
            text: plainText(3000).optional(),
            fields: z.array(plainText(2000)).min(1).max(10).optional(),
          })
          .refine(({ text, fields }) => text !== undefined || fields !== undefined),
        z.strictObject({ type: z.literal('actions'), elements: z.array(slackButton).min(1).max(25) }),
      ]),
    )
    .min(1)
    .max(50),
})
const textRun = z.strictObject({
  type: z.literal('TextRun'),
  text: z.string().min(1),
  weight: z.enum(['Lighter', 'Default', 'Bolder']).optional(),
  size: z.enum(['Default', 'Small', 'Medium', 'Large', 'ExtraLarge']).optional(),
  color: z.enum(['Default', 'Dark', 'Light', 'Accent', 'Good', 'Warning', 'Attention']).optional(),
})
const teamsShape = z.strictObject({
  type: z.literal('message'),
  attachments: z.tuple([
    z.strictObject({
      contentType: z.literal('application/vnd.microsoft.card.adaptive'),
      contentUrl: z.null(),
      content: z.strictObject({
        $schema: z.url(),
        type: z.literal('AdaptiveCard'),
        version: z.literal('1.4'),
        msteams: z.strictObject({ width: z.literal('Full') }),
        body: z
          .array(z.strictObject({ type: z.literal('RichTextBlock'), inlines: z.array(textRun).min(1) }))
          .min(1),
        actions: z
          .array(z.strictObject({ type: z.literal('Action.OpenUrl'), title: z.string(), url: z.url() }))
          .max(6),
      }),
    }),
  ]),
})
const ROUTING_KEY = 'e93facc04764012d7bfb002500d5d1a6'
const pagerDutyShape = z.discriminatedUnion('event_action', [
  z.strictObject({
    routing_key: z.literal(ROUTING_KEY),
    event_action: z.literal('resolve'),
    dedup_key: z.string().min(1).max(255),
  }),
  z.strictObject({
    routing_key: z.literal(ROUTING_KEY),
    event_action: z.literal('trigger'),
    dedup_key: z.string().min(1).max(255),
    client: z.string(),
    client_url: z.url().optional(),
    payload: z.strictObject({
      summary: z.string().min(1).max(1024),
      source: z.string().min(1),
      severity: z.enum(['critical', 'warning', 'error', 'info']),
      timestamp: z.iso.datetime(),
      class: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()),
    }),
    links: z.array(z.strictObject({ href: z.url(), text: z.string() })),
  }),
])
const opsgenieShape = z.strictObject({
  message: z.string().min(1).max(130),
  alias: z.string().min(1).max(512),
  description: z.string().max(15_000),
  priority: z.enum(['P1', 'P2', 'P3', 'P4', 'P5']),
  source: z.string().max(100),
  tags: z.array(z.string().max(50)).max(20),
  details: z.record(z.string(), z.string()).refine((all) => JSON.stringify(all).length <= 8000),
})
const closeShape = z.strictObject({ source: z.string().max(100), note: z.string().max(25_000) })

interface Seen {
  readonly path: string
  readonly headers: NodeJS.Dict<string | string[]>
  readonly text: string
  readonly body: unknown
}

/** A service that checks what it receives, and refuses what its API would. */
async function service(shape: z.ZodType, ok = 200, answer = '{}') {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      const body = parsedJson(text)
      seen.push({ path: request.url ?? '', headers: request.headers, text, body })
      const checked = shape.safeParse(body)
      if (checked.success) response.writeHead(ok).end(answer)
      else
        response
          .writeHead(400)
          .end(checked.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const content = (more: Partial<Content> = {}): Content =>
  cleaned({ ...contentOf({ alert: anAlert(), incident: anIncident() }, START), ...more })
const outgoing = (given: Content): Outgoing => ({
  id: 'a-message-id',
  to: '',
  content: given,
  links: {
    incident: 'https://audit.example/incidents/incident-1',
    alert: 'https://audit.example/alerts/alert-1',
    acknowledge: null,
    report: null,
  },
  zone: 'Europe/Berlin',
})
const long = 'x<!channel> @everyone *bold* [a](http://evil.example) '.repeat(2000)
const LONGEST: Partial<Content> = {
  summary: long,
  message: long,
  response: long,
  users: Array.from({ length: 10 }, () => long.slice(0, 200)),
  rule: { id: 'r'.repeat(100), name: long, author: long },
}
const digest: Partial<Content> = {
  occasion: 'digest',
  incident: '',
  alert: '',
  summary: '',
  message: '',
  response: '',
  lines: Array.from({ length: 200 }, (_, n) => `High: number ${n} ${'y'.repeat(180)}`),
}
const OCCASIONS: readonly (readonly [string, Partial<Content>])[] = [
  ['an incident', {}],
  ['the longest texts', LONGEST],
  ['one that is over', { occasion: 'resolved', note: 'it was a scanner' }],
  ['a digest of 200', digest],
  ['a test', { occasion: 'test', incident: '', alert: '', summary: '' }],
]

type Given = Parameters<typeof settingsOf>[0]
const send = (to: object, given: Content) => {
  const { channels } = settingsOf({ channels: { it: { to: [to] } } } as Given)
  const sender = senderOf(channels.it!.to[0]!, {})
  if (sender === null) throw new Error('there is no sender')
  return sender(outgoing(given), AbortSignal.timeout(20_000))
}

const services = {
  slack: {
    shape: slackShape,
    to: (url: string) => ({ slack: `${url}/services/T1/B1/key` }),
    ok: 200,
    most: 100_000,
  },
  teams: {
    shape: teamsShape,
    to: (url: string) => ({ teams: `${url}/workflows/1?sig=key` }),
    ok: 202,
    most: 28 * 1024,
  },
  pagerduty: {
    shape: pagerDutyShape,
    to: (url: string) => ({ pagerduty: { 'routing-key': ROUTING_KEY, url } }),
    ok: 202,
    most: 512 * 1024,
  },
  opsgenie: {
    shape: z.union([opsgenieShape, closeShape]),
    to: (url: string) => ({ opsgenie: { key: 'a-key-of-opsgenie', url } }),
    ok: 202,
    most: 512 * 1024,
  },
} as const

describe.each(Object.entries(services))('%s', (_, { shape, to, ok, most }) => {
  it.each(OCCASIONS)('accepts %s', async (_name, more) => {
    const { url, seen } = await service(shape, ok)
    expect(await send(to(url), content(more))).toEqual({ kind: 'sent' })
    expect(seen).toHaveLength(1)
    expect(Buffer.byteLength(seen[0]?.text ?? '')).toBeLessThanOrEqual(most)
  })
})

describe('an incident', () => {
  it('is one at PagerDuty, from its beginning to its end', async () => {
    const { url, seen } = await service(pagerDutyShape, 202)
    const to = services.pagerduty.to(url)
    for (const occasion of ['opened', 'worse', 'resolved'] as const) await send(to, content({ occasion }))
    expect(seen.map(({ path }) => path)).toEqual(Array(3).fill('/v2/enqueue'))
    expect(seen.map(({ body }) => body)).toMatchObject([
      { event_action: 'trigger', dedup_key: 'incident-1', payload: { severity: 'error' } },
      { event_action: 'trigger', dedup_key: 'incident-1' },
      { event_action: 'resolve', dedup_key: 'incident-1' },
    ])
  })

  it('is one at Opsgenie, which closes it by its alias', async () => {
    const { url, seen } = await service(z.unknown(), 202)
    const to = services.opsgenie.to(url)
    await send(to, content())
    await send(to, content({ occasion: 'resolved', note: 'done' }))
    expect(seen.map(({ path }) => path)).toEqual([
      '/v2/alerts',
      '/v2/alerts/incident-1/close?identifierType=alias',
    ])
    expect(seen.every(({ headers }) => headers.authorization === 'GenieKey a-key-of-opsgenie')).toBe(true)
    expect(opsgenieShape.parse(seen[0]?.body)).toMatchObject({ alias: 'incident-1', priority: 'P2' })
    expect(closeShape.parse(seen[1]?.body)).toEqual({ source: 'Waybill', note: 'done' })
  })

  it('has links to the console in Slack and Teams', async () => {
    for (const name of ['slack', 'teams'] as const) {
      const { url, seen } = await service(services[name].shape)
      await send(services[name].to(url), content())
      expect(seen[0]?.text).toContain('https://audit.example/incidents/incident-1')
      expect(seen[0]?.text).toContain('https://audit.example/alerts/alert-1')
    }
  })
})

describe('a report that is ready', () => {
  const report = content({
    occasion: 'report',
    summary: 'User access, 2026-10-01 to 2026-10-31',
    message: 'Verdict: complete',
    response: '',
  })
  const link = 'https://audit.example/reports/jobs/1'
  const links = { incident: null, alert: null, acknowledge: null, report: link }

  it.each(['slack', 'teams'] as const)('is told by %s with its title, verdict and link', async (name) => {
    const { shape, to } = services[name]
    const { url, seen } = await service(shape)
    const sender = senderOf(settingsOf({ channels: { one: { to: [to(url)] } } }).channels.one!.to[0]!, {
      mail: undefined,
    })
    expect(await sender?.({ ...outgoing(report), links }, AbortSignal.timeout(20_000))).toEqual({
      kind: 'sent',
    })
    const body = JSON.stringify(seen[0]?.body)
    for (const part of [report.summary, 'Verdict: complete', link, 'Open the report'])
      expect(body).toContain(part)
    expect(body).not.toContain('Open the incident')
  })
})

describe('texts of strangers', () => {
  it('mention nobody in Slack, and are no Markdown', async () => {
    const { url, seen } = await service(slackShape)
    await send(
      services.slack.to(url),
      content({ summary: '<!channel> <@U1> *now* <http://evil.example|click> &' }),
    )
    const { text, blocks } = slackShape.parse(seen[0]?.body)
    expect(text).toBe('High: &lt;!channel&gt; &lt;@U1&gt; *now* &lt;http://evil.example|click&gt; &amp;')
    // Everything else is plain_text, which the shape requires.
    expect(JSON.stringify(blocks)).not.toContain('mrkdwn')
  })

  it('do not reorder what people read, and begin no new lines in headings', () => {
    const hostile = content({
      summary: 'paid \u202etxt.exe\u202c\r\nBcc: x@evil.example\u0000\u2028',
      users: ['a\nb'],
    })
    expect(hostile.summary).toBe('paid \\u202etxt.exe\\u202c Bcc: x@evil.example\\u0000\\u2028')
    expect(hostile.users).toEqual(['a b'])
  })

  it('keep letters of all scripts, and are cut between letters', () => {
    expect(content({ summary: 'نظام می\u200cخواهم 👩\u200d💻 ß' }).summary).toBe(
      'نظام می\u200cخواهم 👩\u200d💻 ß',
    )
    const { summary } = contentOf(
      { alert: anAlert(), incident: anIncident({ summary: '😀'.repeat(400) }) },
      START,
    )
    expect(summary.isWellFormed()).toBe(true)
  })
})

describe('a webhook', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

  it('is signed over its id, its time and its body', async () => {
    const { url, seen } = await service(z.unknown())
    await send({ webhook: { url: `${url}/x`, secret } }, content())
    const [{ headers, text }] = seen as [Seen]
    const id = String(headers['webhook-id'])
    const at = String(headers['webhook-timestamp'])
    const key = Buffer.from(secret.slice(6), 'base64')
    const expected = createHmac('sha256', key).update(`${id}.${at}.${text}`).digest('base64')
    expect(id).toBe('a-message-id')
    expect(Math.abs(Number(at) - Date.now() / 1000)).toBeLessThan(60)
    expect(headers['webhook-signature']).toBe(`v1,${expected}`)
  })

  it('has the signature of the example of Standard Webhooks', () => {
    const headers = signedHeaders(
      secret,
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      '1614265330',
      '{"test": 2432232314}',
    )
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('follows no redirect', async () => {
    const other = await service(z.unknown())
    const redirecting = createServer((_request, response) =>
      response.writeHead(307, { location: other.url }).end(),
    )
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void redirecting.close())
    const url = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`
    expect(await send({ webhook: { url, secret } }, content())).toMatchObject({
      kind: 'later',
      reason: expect.stringContaining('redirect (307), which is not followed'),
    })
    expect(other.seen).toEqual([])
  })
})

describe('an address', () => {
  it.each([
    ['169.254.169.254', 'metadata.example'],
    ['fd00:ec2::254', 'metadata.example'],
    ['::ffff:169.254.169.254', 'metadata.example'],
    ['100.100.100.200', 'metadata.example'],
    ['0.0.0.0', 'zero.example'],
    ['127.0.0.1', 'hooks.example'],
    ['::ffff:127.0.0.1', 'hooks.example'],
    ['::1', 'hooks.example'],
  ])('%s gets nothing by the name %s', (address, host) => {
    expect(whyNot(address, host)).not.toBeNull()
  })

  it.each([
    ['127.0.0.1', 'localhost'],
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '[::1]'],
    ['192.0.2.7', 'hooks.example'],
    ['10.1.2.3', 'hooks.acme.example'],
    ['2001:db8::1', 'hooks.example'],
  ])('%s by the name %s is allowed', (address, host) => {
    expect(whyNot(address, host)).toBeNull()
  })

  it('of metadata is refused before anything is sent', async () => {
    expect(await post('http://169.254.169.254/latest', '{}', {}, AbortSignal.timeout(1000))).toMatchObject({
      kind: 'later',
      reason: '169.254.169.254 is 169.254.169.254, to which nothing is sent',
    })
  })
})
