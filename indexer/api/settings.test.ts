import { afterEach, describe, expect, it } from 'vitest'
import { settingsVersion, signQuestion } from '../../schema/wire/index.ts'
import { type Answer, askAt, TestAgent, TestIndexer } from '../ingest/testing.ts'

let indexer: TestIndexer
afterEach(() => indexer.end())

const VIEWED = { event: 'erp.record.viewed', record: 'off' } as const
const EXCEPT = { event: 'erp.record.viewed', entity: 'Financial Record', record: 'on' } as const
const NONE = settingsVersion(0, [])

const put = (events: unknown, ifMatch?: string, headers: Record<string, string> = {}): Promise<Answer> =>
  indexer.ask('/v1/settings/events', {
    method: 'PUT',
    json: { events },
    headers: { ...headers, ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }) },
  })
const get = (ifNoneMatch?: string): Promise<Answer> =>
  indexer.ask('/v1/settings/events', {
    headers: ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch },
  })
const toggles = async () => {
  const headers = { accept: 'application/x-ndjson' }
  const { text } = await indexer.ask('/v1/search?q=action%3Aevent-*&sort=oldest', { headers })
  return text
    .split('\n')
    .filter(Boolean)
    .map(
      (line) =>
        JSON.parse(line) as { audit: { seal: { agent: string; sequence: number; position: number } } },
    )
}

describe("an integration of an operator's own", () => {
  const type = (id: string, more: { mandatory?: boolean } = {}) => ({
    id,
    title: 'T',
    group: 'G',
    mandatory: false,
    recorded: true,
    ...more,
  })
  const shop = (...types: ReturnType<typeof type>[]) => [{ integration: 'shop', title: 'Web shop', types }]
  const SWITCHED = { event: 'shop.order.refunded', record: 'off' } as const

  it('is switched by name as soon as an agent that has it was heard, and still after a restart', async () => {
    indexer = await TestIndexer.start()
    const agent = await TestAgent.enrolled(indexer.url)
    const unknown = await put([SWITCHED], '*')
    expect([unknown.status, unknown.json.detail]).toEqual([
      400,
      'The body: events.0.event: there is no event type shop.order.refunded; GET /v1/event-types lists them all.',
    ])
    const integrations = shop(type('shop.order.refunded'), type('shop.login.failed', { mandatory: true }))
    expect((await indexer.ask('/v1/heartbeat', { json: agent.heartbeat({ integrations }) })).status).toBe(200)
    expect((await put([SWITCHED], '*')).status).toBe(200)
    await indexer.stop()
    await indexer.run()
    const { types } = (await indexer.ask('/v1/event-types')).json as { types: { id: string }[] }
    expect(types.find(({ id }) => id === 'shop.order.refunded')).toMatchObject({
      integration: 'shop',
      system: 'Web shop',
      recorded: false,
    })
    const mandatory = await put([SWITCHED, { event: 'shop.login.failed', record: 'off' }], '*')
    expect([mandatory.status, mandatory.json.detail]).toEqual([
      400,
      "The body: events.1.event: shop.login.failed (T) is mandatory: it is always recorded, and can't be switched off.",
    ])
  })

  it('says nothing of the types that come with Waybill, nor of those of another', async () => {
    indexer = await TestIndexer.start()
    const agent = await TestAgent.enrolled(indexer.url)
    const integrations = [
      { integration: 'erp', title: 'x', types: [type('erp.login.failed'), type('erp.own')] },
      ...shop(type('stock.counted')),
    ]
    await indexer.ask('/v1/heartbeat', { json: agent.heartbeat({ integrations }) })
    const { types } = (await indexer.ask('/v1/event-types')).json as {
      types: { id: string; mandatory: boolean }[]
    }
    const known = new Map(types.map(({ id, mandatory }) => [id, mandatory]))
    expect(known.get('erp.login.failed')).toBe(true)
    expect(known.has('erp.own')).toBe(true)
    expect(known.has('stock.counted')).toBe(false)
  })

  it('is mandatory where one of its agents says so', async () => {
    indexer = await TestIndexer.start()
    for (const mandatory of [false, true]) {
      const token = (await indexer.ask('/v1/agents/tokens', { json: {} })).json.token
      const agent = await TestAgent.enrolled(indexer.url, String(token))
      const integrations = shop(type('shop.login.failed', { mandatory }))
      await indexer.ask('/v1/heartbeat', { json: agent.heartbeat({ integrations }) })
    }
    expect((await put([{ event: 'shop.login.failed', record: 'off' }], '*')).status).toBe(400)
  })
})

describe('the rules about events', () => {
  it('begin empty, are changed against the version that was read, and outlive a restart', async () => {
    indexer = await TestIndexer.start()
    const first = await get()
    expect([first.status, first.headers.etag]).toEqual([200, `"${NONE}"`])
    expect(first.json).toEqual({ version: NONE, events: [], changed: null, by: null })

    const changed = await put([VIEWED], `"${NONE}"`)
    const version = settingsVersion(1, [VIEWED])
    expect([changed.status, changed.headers.etag]).toEqual([200, `"${version}"`])
    expect(changed.json).toMatchObject({ version, events: [VIEWED], by: 'loopback' })

    await indexer.stop()
    await indexer.run()
    expect((await get()).json).toEqual(changed.json)
    expect((await get(`"${NONE}"`)).status).toBe(200)
    for (const known of [`"${version}"`, `W/"${version}"`, `"x", "${version}"`, '*']) {
      const same = await get(known)
      expect([same.status, same.text, same.headers.etag]).toEqual([304, '', `"${version}"`])
    }
  })

  it('are changed by the first of two who read the same version; the other is told', async () => {
    indexer = await TestIndexer.start()
    const answers = await Promise.all([put([VIEWED], `"${NONE}"`), put([EXCEPT], `"${NONE}"`)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412])
    const lost = answers.find(({ status }) => status === 412)
    expect(lost?.json).toMatchObject({ code: 'changed' })
    expect(lost?.json.detail).toMatch(/version 1-[0-9a-f]{12} now/)
    expect(await toggles()).toHaveLength(1)

    expect((await put([], `W/"${settingsVersion(1, [VIEWED])}"`)).status).toBe(412)
    expect((await put([])).json).toMatchObject({ status: 428, code: 'precondition-required' })
    expect((await put([], '*')).status).toBe(200)
  })

  it('are refused with a sentence that names the place', async () => {
    indexer = await TestIndexer.start()
    const refused = async (events: unknown) => {
      const { status, json } = await put(events, '*')
      expect(status).toBe(400)
      return json.detail
    }
    expect(await refused([VIEWED, { ...VIEWED, event: 'erp.record.view' }])).toBe(
      'The body: events.1.event: there is no event type erp.record.view (did you mean erp.record.viewed?).',
    )
    expect(await refused([{ event: 'erp.login.failed', record: 'off' }])).toContain('is mandatory')
    expect(await refused([{ ...VIEWED, entity: '' }])).toContain('events.0.entity')
    expect(await refused([{ ...VIEWED, weekday: 'monday' }])).toContain('weekday')
    expect(await refused([{ ...VIEWED, record: 'maybe' }])).toContain('events.0.record')
    expect(await refused(undefined)).toContain('events')
    expect((await get()).json.version).toBe(NONE)
    expect(await toggles()).toEqual([])
  })

  it('may be many: as many as an agent takes', async () => {
    indexer = await TestIndexer.start()
    const many = Array.from({ length: 1001 }, (_, i) => ({ ...VIEWED, entity: `${'x'.repeat(200)}${i}` }))
    expect((await put(many, '*')).status).toBe(400)
    expect((await put(many.slice(1), '*')).status).toBe(200)
  })

  it('are changed by who may manage; each type switched is a sealed event that names who', async () => {
    indexer = await TestIndexer.start({
      manage: 'token',
      tokens: [
        { name: 'olga', token: 'a-token-of-olga-123', scopes: ['manage'] },
        { name: 'rita', token: 'a-token-of-rita-123', scopes: ['read'] },
      ],
    })
    expect((await put([VIEWED], '*')).status).toBe(401)
    expect((await put([VIEWED], '*', { authorization: 'Bearer a-token-of-rita-123' })).status).toBe(403)
    const olga = { authorization: 'Bearer a-token-of-olga-123' }
    await put([VIEWED], '*', olga)
    await put([VIEWED, EXCEPT], '*', olga)
    // Said again, nothing changes.
    expect((await put([VIEWED, EXCEPT], '*', olga)).json.version).toMatch(/^2-/)
    await put([EXCEPT, { event: 'clockify.*', record: 'off' }], '*', olga)

    const [first, second, ...rest] = await toggles()
    expect(first).toMatchObject({
      user: { name: 'olga' },
      source: { ip: '127.0.0.1' },
      event: { action: 'event-type-off', module: 'waybill', outcome: 'success' },
      audit: {
        category: 'security',
        entity: { type: 'event_type', id: 'erp.record.viewed' },
        changes: [{ field: 'erp.record.viewed', old: null, new: 'off' }],
        change: { fields: ['erp.record.viewed'], after: ['erp.record.viewed=off'] },
      },
    })
    expect(second).toMatchObject({
      event: { action: 'event-type-on' },
      audit: {
        changes: [{ field: 'erp.record.viewed, entity Financial Record', old: null, new: 'on' }],
      },
    })
    const types = (await indexer.ask('/v1/event-types')).json.types as { id: string; mandatory: boolean }[]
    const clockify = types.filter(({ id, mandatory }) => id.startsWith('clockify.') && !mandatory)
    expect(rest).toHaveLength(1 + clockify.length)
    // Each has a place of its own in the indexer's chain.
    const seals = (await toggles()).map(({ audit }) => audit.seal)
    expect(seals.every(({ agent }) => agent.startsWith('indexer-'))).toBe(true)
    expect(new Set(seals.map(({ sequence, position }) => `${sequence}/${position}`)).size).toBe(seals.length)
  })
})

it('the event types say what is recorded, by which rule, and but for what', async () => {
  indexer = await TestIndexer.start()
  await put([VIEWED, EXCEPT], '*')
  const { version, types } = (await indexer.ask('/v1/event-types')).json as {
    version: string
    types: { id: string }[]
  }
  expect(version).toBe(settingsVersion(1, [VIEWED, EXCEPT]))
  expect(types.find(({ id }) => id === 'erp.record.viewed')).toEqual({
    integration: 'erp',
    system: 'ERP audit log',
    id: 'erp.record.viewed',
    title: expect.any(String),
    group: expect.any(String),
    category: 'view',
    mandatory: false,
    default: true,
    recorded: false,
    ruling: VIEWED,
    exceptions: [EXCEPT],
  })
  expect(types.find(({ id }) => id === 'erp.login.failed')).toMatchObject({
    mandatory: true,
    recorded: true,
    ruling: null,
  })
})

describe('an agent', () => {
  const ask = (agent: TestAgent, more: { asked?: number; path?: string; known?: string } = {}) => {
    const { asked = Date.now(), path = '/v1/agent/settings', known } = more
    const authorization = signQuestion({ agent: agent.id, key: agent.key, asked, path }, agent.privateKey)
    return askAt(indexer.url, '/v1/agent/settings', {
      headers: { authorization, ...(known === undefined ? {} : { 'if-none-match': known }) },
    })
  }

  it('hears the version with its heartbeat, and is given the rules when it asks', async () => {
    indexer = await TestIndexer.start()
    const agent = await TestAgent.enrolled(indexer.url)
    await put([VIEWED], '*')
    const version = settingsVersion(1, [VIEWED])
    const beat = await indexer.ask('/v1/heartbeat', { json: agent.heartbeat({ settings: NONE }) })
    expect(beat.json.settings).toBe(version)
    const given = await ask(agent, { known: `"${NONE}"` })
    expect([given.status, given.headers.etag]).toEqual([200, `"${version}"`])
    expect(given.json).toEqual({ version, events: [VIEWED] })
    expect((await ask(agent, { known: `"${version}"` })).status).toBe(304)
    const { agents } = (await indexer.ask('/v1/agents')).json as { agents: { settings: string }[] }
    expect(agents[0]?.settings).toBe(NONE)
  })

  it('is known by its signature: not a stranger, nor one revoked, nor a question overheard long ago', async () => {
    indexer = await TestIndexer.start()
    const agent = await TestAgent.enrolled(indexer.url)
    const stranger = new TestAgent()
    stranger.id = agent.id
    stranger.key = agent.key
    expect((await ask(stranger)).status).toBe(401)
    expect((await ask(agent, { path: '/v1/other' })).status).toBe(401)
    expect((await ask(agent, { asked: Date.now() - 6 * 60_000 })).json.detail).toContain('clock')
    expect((await indexer.ask('/v1/agent/settings')).status).toBe(401)
    await indexer.ask(`/v1/agents/${agent.id}/revoke`, { method: 'POST' })
    expect((await ask(agent)).json).toMatchObject({ status: 403, code: 'revoked' })
  })
})
