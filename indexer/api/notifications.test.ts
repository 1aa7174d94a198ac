import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOOK_SECRET, type Hook, lastingHook } from '../alerts/notify/testing/world.ts'
import { waybill } from '../cli/testing/command.ts'
import type { askAt } from '../ingest/testing.ts'
import { StrictIndexer } from './testing/people.ts'

const READER = 'a-token-of-a-reader-1'
const RESPONDER = 'a-token-of-a-responder'
const OPERATOR = 'a-token-of-an-operator'
const as = (token: string) => ({ authorization: `Bearer ${token}` })

let strict: StrictIndexer
let receiver: Hook
beforeAll(async () => {
  receiver = await lastingHook()
  afterAll(() => receiver.close())
  strict = await StrictIndexer.start({
    tokens: [
      { name: 'reader', token: READER, scopes: ['status'] },
      { name: 'responder', token: RESPONDER, scopes: ['status', 'respond'] },
      { name: 'operator', token: OPERATOR, scopes: ['read', 'manage'] },
    ],
    'console-url': 'https://audit.example',
    'time-zone': 'Europe/Berlin',
    channels: { security: { to: [receiver.target, { slack: 'http://127.0.0.1:9/services/a-secret' }] } },
  })
})
afterAll(() => strict.end())

const ask = (path: string, token: string, more: Parameters<typeof askAt>[2] = {}) =>
  strict.indexer.ask(path, { ...more, headers: as(token) })

describe('the routes about notifications', () => {
  it.each([
    ['GET', '/v1/outbox', 'status'],
    ['GET', '/v1/channels', 'status'],
    ['POST', '/v1/channels/security/test', 'settings'],
    ['POST', '/v1/outbox/x/retry', 'settings'],
    ['GET', '/v1/silences', 'status'],
    ['POST', '/v1/silences', 'respond'],
    ['DELETE', '/v1/silences/x', 'respond'],
  ] as const)('%s %s needs %s', async (method, path, needs) => {
    const json = method === 'POST' ? {} : undefined
    const asked = { method, ...(json !== undefined && { json }) }
    expect((await strict.indexer.ask(path, asked)).status).toBe(401)
    const status = async (token: string) => (await ask(path, token, asked)).status
    expect(await status(READER)).toBe(needs === 'status' ? 200 : 403)
    expect((await status(RESPONDER)) === 403).toBe(needs === 'settings')
  })

  it('test a channel, show the message in the outbox, and never a secret', async () => {
    receiver.received.length = 0
    const tested = await ask('/v1/channels/security/test', OPERATOR, { json: {} })
    expect(tested.json).toMatchObject({
      results: [
        { target: 'webhook', sent: true, reason: null },
        { target: 'slack', sent: false, reason: expect.stringContaining('ECONNREFUSED') },
      ],
    })
    expect(receiver.received).toHaveLength(1)
    const outbox = await ask('/v1/outbox', READER)
    expect(outbox.json).toMatchObject({ states: { held: 0, combined: 0 } })
    const channels = await ask('/v1/channels', READER)
    expect(channels.json).toMatchObject({
      channels: [{ name: 'security', targets: [{ state: 'working' }, { state: 'failing' }] }],
      unknown: expect.arrayContaining(['admin']),
    })
    for (const { text } of [tested, outbox, channels])
      expect(text).not.toMatch(new RegExp(`a-secret|${HOOK_SECRET}`))
    expect(await strict.trail('event.action: channel-test')).toMatchObject([{ user: { name: 'operator' } }])
    expect((await ask('/v1/channels/none/test', OPERATOR, { json: {} })).status).toBe(404)
  })

  it('keep silences, with who made them', async () => {
    const until = Date.now() + 3_600_000
    const made = await ask('/v1/silences', RESPONDER, {
      json: { about: { rules: ['mass-export'] }, until, reason: 'a migration' },
    })
    expect(made.json).toMatchObject({ by: 'responder', until, about: { rules: ['mass-export'] } })
    const id = String(made.json.id)
    expect((await ask('/v1/silences', READER)).json).toMatchObject({ silences: [{ id }] })
    expect((await ask(`/v1/silences/${id}`, RESPONDER, { method: 'DELETE' })).status).toBe(204)
    expect((await ask(`/v1/silences/${id}`, RESPONDER, { method: 'DELETE' })).status).toBe(404)
    expect(await strict.trail(`audit.entity.id: ${id}`)).toHaveLength(2)
  })
})

it('the page behind the link of a mail needs no sign-in, and believes no link that this indexer did not sign', async () => {
  for (const method of ['GET', 'POST'] as const) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const page = await strict.indexer.ask('/acknowledge?token=x.y', { method, headers })
    expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
    expect(page.text).toContain('This link is not valid')
  }
})

describe('waybill', () => {
  const run = (...args: string[]) =>
    waybill(args, { WAYBILL_URL: strict.indexer.url, WAYBILL_TOKEN: OPERATOR, COLUMNS: '200' })

  it('channels lists and tests them', async () => {
    const tested = await run('channels', 'test', 'security')
    expect(tested.out).toContain('webhook: sent\n')
    expect(tested.out).toContain('slack: not sent: ')
    expect(tested.code).toBe(1)
    const listed = await run('channels')
    expect(listed.out).toMatch(/security +webhook +127\.0\.0\.1:\d+ +working/)
    expect(listed.out).toMatch(/security +slack +127\.0\.0\.1:9 +failing/)
    expect(listed.err).toContain('Rules name channels that are not in indexer.yml: ')
    expect((await run('channels', 'test', 'none')).code).toBe(4)
  })

  it('alerts outbox lists messages and sends them again', async () => {
    const waiting = await run('alerts', 'outbox', '--state', 'waiting', '--json')
    const [message] = waiting.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(message).toMatchObject({ channel: 'security', target: 'slack', state: 'waiting' })
    expect((await run('alerts', 'outbox', 'retry', message.id)).out).toBe(
      'Test: this channel works: sent again to security.\n',
    )
    expect((await run('alerts', 'outbox')).out).toMatch(/security +slack +waiting, in .*ECONNREFUSED/)
    expect((await run('alerts', 'outbox', 'retry')).code).toBe(2)
    expect((await run('alerts', 'outbox', 'retry', '--failed')).err).toBe('No message has failed.\n')
  })

  it('silences begins, lists and ends them', async () => {
    const made = await run(
      'silences',
      'add',
      'the nightly scan',
      '--for',
      '3h',
      '--addresses',
      '192.0.2.10, 192.0.2.11',
    )
    const id = /^Silence (\w+) lasts until /.exec(made.out)?.[1] ?? ''
    expect((await run('silences')).out).toMatch(
      new RegExp(`${id} .* addresses 192\\.0\\.2\\.10,192\\.0\\.2\\.11 +the nightly scan`),
    )
    expect((await run('silences', 'end', id)).out).toBe(`Silence ${id} has ended.\n`)
    expect((await run('silences', 'end', id)).code).toBe(4)
    expect((await run('silences', 'add', 'x', '--for', 'long')).code).toBe(2)
  })
})
