import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRules, SUPPLIED_RULES } from '../alerts/index.ts'
import type { Answer } from '../ingest/testing.ts'
import { matches } from '../query/index.ts'
import { StrictIndexer } from './testing/people.ts'

const TOKEN = 'a-token-for-watches-1'
const settings = {
  tokens: [
    { name: 'watcher', token: TOKEN, scopes: ['alerts'] },
    { name: 'operator', token: 'a-token-of-an-operator', scopes: ['read', 'manage'] },
  ],
}
const headers = { authorization: `Bearer ${TOKEN}` }

let strict: StrictIndexer
beforeAll(async () => {
  strict = await StrictIndexer.start(settings)
})
afterAll(() => strict.end())

let number = 0
const alert = (more: object = {}) => ({
  id: `failed-logins-user.${++number}.mike`,
  at: '2026-01-22T10:08:00Z',
  message: 'mike failed to sign in 5 times within 10 minutes, last from 45.67.89.123',
  count: 5,
  group: { 'user.name': 'mike', 'source.ip': '45.67.89.123' },
  events: ['e1', 'e2'],
  ...more,
})
const delivery = (more: object = {}) => ({
  rule: 'failed-logins-user',
  execution: `waybill-default-failed-logins-user_${++number}`,
  alerts: [alert()],
  more: 0,
  ...more,
})
const tell = (json: unknown, as: Record<string, string> = headers): Promise<Answer> =>
  strict.indexer.ask('/v1/alerts', { json, headers: as })
const told = (query = '') => strict.trail(`event.kind: alert ${query}`)

describe('an alert that a watch tells', () => {
  it('is an event of the trail, with what the rule says and what was found', async () => {
    const given = delivery()
    expect((await tell(given)).json).toEqual({ taken: 1, known: 0 })
    const [one] = given.alerts
    expect(await told(`and audit.entity.id: "${one?.id}"`)).toMatchObject([
      {
        message: one?.message,
        event: { kind: 'alert', action: 'alert', module: 'waybill' },
        rule: { id: 'failed-logins-user', name: 'Failed sign-ins of a user' },
        user: { name: 'watcher' },
        // Whom and what its events are about, not the program that reports it.
        related: { user: ['mike'], ip: ['45.67.89.123'] },
        audit: {
          category: 'security',
          risk: 'high',
          record_count: 5,
          payload: {
            at: one?.at,
            execution: given.execution,
            window: '600s',
            group: 'user.name=mike source.ip=45.67.89.123',
            events: 'e1 e2',
          },
        },
      },
    ])
  })

  it('counts once when its delivery comes again, also after a restart, and when it comes twice at once', async () => {
    const given = delivery({ alerts: [alert(), alert()] })
    const ids = `(${given.alerts.map(({ id }) => `audit.entity.id: "${id}"`).join(' or ')})`
    const both = await Promise.all([tell(given), tell(given)])
    expect(both.map(({ json }) => json)).toEqual([
      { taken: 2, known: 0 },
      { taken: 0, known: 2 },
    ])
    await strict.indexer.stop()
    await strict.indexer.run({ read: 'token', manage: 'token', ...settings })
    expect((await tell(given)).json).toEqual({ taken: 0, known: 2 })
    expect(await told(`and ${ids}`)).toHaveLength(2)
  })

  it('is told apart from one of a group whose name has other letters', async () => {
    const id = 'failed-logins-user.1.Nora'
    expect((await tell(delivery({ alerts: [alert({ id })] }))).json).toEqual({ taken: 1, known: 0 })
    await strict.indexer.stop()
    await strict.indexer.run({ read: 'token', manage: 'token', ...settings })
    expect((await tell(delivery({ alerts: [alert({ id: id.toLowerCase() })] }))).json).toEqual({
      taken: 1,
      known: 0,
    })
  })

  it('says how many more the run found than it tells', async () => {
    const given = delivery({ more: 950 })
    expect((await tell(given)).json).toEqual({ taken: 2, known: 0 })
    expect((await tell(given)).json).toEqual({ taken: 0, known: 2 })
    expect(await told('and "950 more alerts"')).toHaveLength(1)
  })

  it('is matched by no rule that comes with Waybill: an alert raises no alert', async () => {
    const { rules } = readRules(SUPPLIED_RULES)
    for (const { id } of rules)
      expect((await tell(delivery({ rule: id, alerts: [alert({ id: `loop.${id}` })] }))).status).toBe(200)
    const events = await told()
    expect(events.length).toBeGreaterThanOrEqual(rules.length)
    const raised = rules.flatMap(({ id, query }) =>
      events.filter((event) => matches(query, event)).map((event) => [id, event.message]),
    )
    expect(raised).toEqual([])
  })
})

describe('what is no alert is refused, and leaves nothing', () => {
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ['a rule that is not known', delivery({ rule: 'no-such-rule' }), 'The indexer has no rule no-such-rule'],
    ['a rule elsewhere', delivery({ rule: '../retention' }), 'expected the name of a rule'],
    ['no alerts', delivery({ alerts: [] }), 'alerts'],
    [
      'more alerts than a watch tells',
      delivery({ alerts: Array.from({ length: 51 }, () => alert()) }),
      'alerts',
    ],
    ['a message without end', delivery({ alerts: [alert({ message: 'x'.repeat(2001) })] }), 'message'],
    [
      'a group of four',
      delivery({ alerts: [alert({ group: { a: '1', b: '2', c: '3', d: '4' } })] }),
      'three',
    ],
    ['a time that is none', delivery({ alerts: [alert({ at: 'yesterday' })] }), 'at'],
    ['a count below none', delivery({ alerts: [alert({ count: -1 })] }), 'count'],
    ['what does not belong there', delivery({ priority: 'low' }), 'priority'],
    ['a text', 'alert!', 'object'],
  ]
  it.each(wrong)('%s', async (_, given, why) => {
    const before = (await told()).length
    const { status, text } = await tell(given)
    expect([status, text]).toEqual([400, expect.stringContaining(why)])
    expect((await told()).length).toBe(before)
  })

  it('a body of megabytes', async () => {
    const alerts = [alert({ message: 'x'.repeat(1_200_000) })]
    expect((await tell(delivery({ alerts }))).status).toBe(413)
  })
})

describe('the token of watches', () => {
  it('is needed, and may do nothing else', async () => {
    expect((await tell(delivery(), {})).status).toBe(401)
    expect((await tell(delivery(), { authorization: 'Bearer not-the-token-of-watches' })).status).toBe(401)
    for (const path of ['/v1/search', '/v1/agents', '/v1/users', '/v1/dead-letters'])
      expect((await strict.indexer.ask(path, { headers })).status, path).toBe(403)
  })

  it('comes as the password of a watch, too, on this route alone', async () => {
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
    expect((await tell(delivery(), basic(`watcher:${TOKEN}`))).status).toBe(200)
    for (const wrong of [`watcher:${TOKEN}x`, TOKEN, `${TOKEN}:`, ':', 'watcher:'])
      expect((await tell(delivery(), basic(wrong))).status, wrong).toBe(401)
    const reader = basic('operator:a-token-of-an-operator')
    expect((await strict.indexer.ask('/v1/search', { headers: reader })).status).toBe(401)
  })

  it('is none of the wide scopes: a token that reads and manages may tell no alert', async () => {
    expect((await tell(delivery(), { authorization: 'Bearer a-token-of-an-operator' })).status).toBe(403)
  })

  it('is not spared on loopback', async () => {
    await strict.indexer.stop()
    await strict.indexer.run(settings)
    expect((await tell(delivery(), {})).status).toBe(401)
  })
})

it('a rule of a folder of one’s own is known, also where another file there is broken', async () => {
  const { mkdir, copyFile, writeFile } = await import('node:fs/promises')
  const folder = join(strict.indexer.folder, 'rules')
  await mkdir(folder)
  await copyFile(join(SUPPLIED_RULES, 'mass-export.yml'), join(folder, 'our-export.yml'))
  await writeFile(join(folder, 'broken.yml'), 'name: [')
  await strict.indexer.running.reload(strict.indexer.config({ ...settings, rules: folder }))
  expect((await tell(delivery({ rule: 'our-export' }))).status).toBe(200)
  expect((await tell(delivery({ rule: 'mass-export' }))).status).toBe(400)
  const broken = await tell(delivery({ rule: 'broken' }))
  expect([broken.status, broken.text]).toEqual([400, expect.stringContaining('broken.yml')])
})
