import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { VERSION } from '../../config/version.ts'
import { TestAgent, TestIndexer } from '../ingest/testing.ts'

let indexer: TestIndexer
let agent: TestAgent
const EVENTS = 2500

beforeAll(async () => {
  indexer = await TestIndexer.start()
  agent = await TestAgent.enrolled(indexer.url)
  const answer = await agent.send(indexer.url, agent.seal(agent.events(EVENTS)))
  expect(answer.json.stored).toBe(EVENTS)
})
afterAll(() => indexer.end())

interface Found {
  events: { '@timestamp': string; event: { id: string } }[]
  next: string | null
}
const found = async (path: string): Promise<Found> => (await indexer.ask(path)).json as unknown as Found
const problem = async (path: string) => {
  const { status, json } = await indexer.ask(path)
  return { status, ...json } as { status: number; code: string; detail: string; column?: number }
}
const MINE = 'q=action%3Alogin'

describe('search', () => {
  it('gives all events page by page, each once, in order', async () => {
    const ids = new Set<string>()
    const times: string[] = []
    let next: string | null = null
    let pages = 0
    do {
      const page: Found = await found(
        `/v1/search?${MINE}&limit=1000&sort=oldest${next === null ? '' : `&after=${next}`}`,
      )
      for (const { event } of page.events) ids.add(event.id)
      times.push(...page.events.map((event) => event['@timestamp']))
      next = page.next
      pages++
    } while (next !== null && pages < 100)
    expect(ids.size).toBe(EVENTS)
    expect(times).toEqual(times.toSorted())
  })

  it('without a limit gives a hundred, newest first', async () => {
    const { events } = await found(`/v1/search?${MINE}`)
    expect(events).toHaveLength(100)
    const times = events.map((event) => event['@timestamp'])
    expect(times).toEqual(times.toSorted().reverse())
  })

  it('between two times takes the first and leaves the last', async () => {
    const { events } = await found(
      `/v1/search?${MINE}&from=2026-01-01T00:00:01Z&to=2026-01-01T00:00:02Z&sort=oldest`,
    )
    expect(events).toHaveLength(10)
    expect(events[0]?.['@timestamp']).toBe('2026-01-01T00:00:01.000Z')
  })

  it('as lines streams all, or as many as were asked for', async () => {
    const lines = async (more: string) => {
      const { text, headers } = await indexer.ask(`/v1/search?${MINE}${more}`, {
        headers: { accept: 'application/x-ndjson' },
      })
      expect(headers['content-type']).toBe('application/x-ndjson')
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { event: { id: string } })
    }
    const all = await lines('')
    expect(new Set(all.map(({ event }) => event.id)).size).toBe(EVENTS)
    expect(await lines('&limit=1234')).toHaveLength(1234)
    expect(await lines('&limit=1')).toEqual([all[0]])
    expect(await lines('%20and%20nothing')).toEqual([])
  })

  it('says at which column a query is wrong', async () => {
    expect(await problem('/v1/search?q=user%3A%20(jane')).toMatchObject({
      status: 400,
      code: 'bad-query',
      column: 7,
    })
  })

  it('says what is wrong with a parameter', async () => {
    const wrong = {
      'limit=1001': 'limit',
      'limit=x': 'limit',
      'sort=up': 'sort',
      'from=yesterdayish': 'from',
      'after=zz': 'after',
      'limt=1': 'limt',
      // Twice is not once: neither the first nor the last is taken.
      'limit=1&limit=2': 'limit',
      'q=a&q=b': 'q',
    }
    for (const [query, named] of Object.entries(wrong)) {
      const { status, code, detail } = await problem(`/v1/search?${query}`)
      expect([status, code]).toEqual([400, 'bad-request'])
      expect(detail).toContain(named)
    }
  })

  it('takes a query as long as the language allows', async () => {
    const long = `"${'ä'.repeat(9_000)}"`
    expect((await indexer.ask(`/v1/search?q=${encodeURIComponent(long)}`)).status).toBe(200)
  })
})

describe('arrivals', () => {
  it('begin at the end, and give what arrives behind it, once', async () => {
    const start = await found('/v1/arrivals')
    expect(start.events).toEqual([])
    const event = agent.event({ message: 'late' })
    await agent.send(indexer.url, agent.seal([event]))
    const more = await found(`/v1/arrivals?${MINE}&after=${start.next}`)
    expect(more.events.map(({ event }) => event.id)).toEqual([(event.event as { id: string }).id])
    const none = await found(`/v1/arrivals?${MINE}&after=${more.next}`)
    expect(none.events).toEqual([])
  })
})

it('an event is found by its id, and one that is not there is a 404', async () => {
  const { events } = await found('/v1/search?limit=1')
  const id = events[0]?.event.id
  expect((await indexer.ask(`/v1/events/${id}`)).json).toEqual({ event: events[0], derived: null })
  expect(await problem('/v1/events/nothing')).toMatchObject({ status: 404, code: 'not-found' })
})

it('counts are given by the hour', async () => {
  const { json } = await indexer.ask('/v1/counts?by=action&from=2026-01-01&to=2026-01-02')
  const counts = json.counts as { hour: number; value: string; count: number }[]
  const logins = counts.filter(({ value }) => value === 'login')
  expect(logins.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(EVENTS)
  expect(await problem('/v1/counts?by=colour')).toMatchObject({ status: 400 })
})

it('dead letters show the shipped line byte for byte, and can be thrown away', async () => {
  const sealed = agent.sealLines(['no event ä'])
  await agent.send(indexer.url, sealed)
  agent.sequence = sealed.manifest.sequence
  const { letters, total } = (await indexer.ask('/v1/dead-letters')).json as {
    letters: { id: string; line: string; bytes: number; reason: string; kind: string }[]
    total: number
  }
  expect(total).toBe(1)
  const [letter] = letters
  expect(letter).toMatchObject({ line: 'no event ä', bytes: 11, kind: 'invalid' })
  const whole = (await indexer.ask(`/v1/dead-letters/${letter?.id}`)).json
  expect(Buffer.from(String(whole.raw), 'base64').toString()).toBe('no event ä')
  const replay = await indexer.ask(`/v1/dead-letters/${letter?.id}/replay`, { method: 'POST' })
  expect(replay.json).toMatchObject({ stored: false, reason: expect.any(String) })
  const gone = await indexer.ask(`/v1/dead-letters/${letter?.id}`, { method: 'DELETE' })
  expect([gone.status, gone.text]).toEqual([204, ''])
  const again = await indexer.ask(`/v1/dead-letters/${letter?.id}`, { method: 'DELETE' })
  expect(again.status).toBe(404)
})

it('what is not there, too large or not JSON is a problem like any other', async () => {
  expect(await problem('/v1/nothing')).toMatchObject({ status: 404, code: 'not-found' })
  const large = await indexer.ask('/v1/enroll', { json: { name: 'x'.repeat(100_000) } })
  expect([large.status, large.json.code]).toEqual([413, 'too-large'])
  const headers = { 'content-type': 'application/json' }
  const broken = await indexer.ask('/v1/enroll', { body: Buffer.from('{'), headers })
  expect([broken.status, broken.json.code]).toEqual([400, 'bad-request'])
  const form = await indexer.ask('/v1/agents/tokens', {
    body: Buffer.from('uses=1'),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  expect(form.status).toBe(415)
})

it('does not send back what came with TRACE', async () => {
  const { hostname, port } = new URL(indexer.url)
  const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = request({
      hostname,
      port,
      method: 'TRACE',
      path: '/v1/session',
      headers: { 'x-own': 'echo' },
    })
    asked.once('error', reject)
    asked.once('response', async (response) => {
      let text = ''
      for await (const part of response) text += String(part)
      resolve({ status: response.statusCode ?? 0, text })
    })
    asked.end()
  })
  expect(answer.status).toBe(404)
  expect(answer.text).not.toContain('echo')
})

it('health, readiness and figures are there', async () => {
  expect((await indexer.ask('/healthz')).json).toEqual({ alive: true })
  expect((await indexer.ask('/readyz')).json).toEqual({ ready: true })
  const { text, headers } = await indexer.ask('/metrics')
  expect(headers['content-type']).toContain('text/plain')
  expect(text).toMatch(/^waybill_events_total\{result="stored"\} \d+$/m)
  expect(text).toMatch(/^waybill_waybills_total\{answer="stored"\} \d+$/m)
  expect(text).toContain('waybill_request_seconds_count{route="/v1/search",method="GET",status="200"}')
})

describe('the OpenAPI document', () => {
  const operation = z.object({
    operationId: z.string().regex(/^[a-zA-Z]+$/),
    summary: z.string(),
    parameters: z.array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query']),
        required: z.boolean(),
        schema: z.record(z.string(), z.unknown()),
      }),
    ),
    requestBody: z
      .object({ content: z.record(z.string(), z.object({ schema: z.looseObject({}) })) })
      .optional(),
    responses: z.record(
      z.string().regex(/^([1-5]\d\d|default)$/),
      z.union([
        z.strictObject({ $ref: z.string() }),
        z.strictObject({
          description: z.string(),
          content: z.record(z.string(), z.object({ schema: z.looseObject({}) })).optional(),
        }),
      ]),
    ),
    security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  })
  const openapi = z.object({
    openapi: z.literal('3.1.0'),
    info: z.object({ title: z.string(), version: z.string() }),
    paths: z.record(
      z.string().startsWith('/'),
      z.partialRecord(z.enum(['get', 'post', 'put', 'delete']), operation),
    ),
    components: z.object({
      schemas: z.record(z.string(), z.unknown()),
      responses: z.record(z.string(), z.unknown()),
      securitySchemes: z.record(z.string(), z.unknown()),
    }),
  })

  it('is well-formed, with each reference going somewhere and each path parameter declared', async () => {
    const { json } = await indexer.ask('/v1/openapi.json')
    const document = openapi.parse(json)
    const text = JSON.stringify(json)
    for (const [, target = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const at = target
        .split('/')
        .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], json)
      expect(at, target).toBeDefined()
    }
    const ids: string[] = []
    for (const [path, operations] of Object.entries(document.paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      for (const one of Object.values(operations)) {
        ids.push(one.operationId)
        expect(one.parameters.filter((p) => p.in === 'path').map((p) => p.name)).toEqual(named)
        expect(Object.keys(one.responses)).toContain('default')
      }
    }
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('tells nobody which version of Waybill answers', async () => {
    for (const path of ['/v1/openapi.json', '/healthz', '/readyz', '/', '/v1/nothing']) {
      const { text, headers } = await indexer.ask(path)
      expect(text + JSON.stringify(headers), path).not.toContain(VERSION)
    }
  })

  it('lists each route, and each listed route answers', async () => {
    const { paths } = openapi.parse((await indexer.ask('/v1/openapi.json')).json)
    const listed = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    )
    expect(listed.toSorted()).toEqual([
      'delete /v1/archive/restores/{id}',
      'delete /v1/cases/{id}',
      'delete /v1/cases/{id}/pins/{pin}',
      'delete /v1/dead-letters/{id}',
      'delete /v1/holds/{id}',
      'delete /v1/jobs/{id}',
      'delete /v1/people/acts/{id}',
      'delete /v1/report-schedules/{id}',
      'delete /v1/rules/{id}',
      'delete /v1/saved-searches/{name}',
      'delete /v1/session',
      'delete /v1/sessions/{id}',
      'delete /v1/silences/{id}',
      'delete /v1/tokens/{id}',
      'delete /v1/users/{name}',
      'get /healthz',
      'get /log/checkpoint',
      'get /log/keys/{number}',
      'get /log/tile/{path}',
      'get /metrics',
      'get /readyz',
      'get /v1/agent/certificate',
      'get /v1/agent/settings',
      'get /v1/agents',
      'get /v1/agents/ca',
      'get /v1/alerts',
      'get /v1/alerts/responders',
      'get /v1/alerts/unseen',
      'get /v1/alerts/{id}',
      'get /v1/alerts/{id}/evidence',
      'get /v1/alternatives',
      'get /v1/archive',
      'get /v1/archive/restores',
      'get /v1/arrivals',
      'get /v1/attention',
      'get /v1/cases',
      'get /v1/cases/{id}',
      'get /v1/cases/{id}/bundle',
      'get /v1/channels',
      'get /v1/counts',
      'get /v1/coverage',
      'get /v1/dead-letters',
      'get /v1/dead-letters/{id}',
      'get /v1/event-types',
      'get /v1/events/{id}',
      'get /v1/events/{id}/export',
      'get /v1/events/{id}/proof',
      'get /v1/evidence',
      'get /v1/evidence/policy',
      'get /v1/export',
      'get /v1/fields',
      'get /v1/fields/{name}/values',
      'get /v1/holds',
      'get /v1/incidents',
      'get /v1/incidents/{id}',
      'get /v1/jobs',
      'get /v1/jobs/{id}',
      'get /v1/jobs/{id}/files/{name}',
      'get /v1/log',
      'get /v1/log/proof',
      'get /v1/openapi.json',
      'get /v1/outbox',
      'get /v1/people',
      'get /v1/people/acts',
      'get /v1/people/one',
      'get /v1/report-schedules',
      'get /v1/report-schedules/{id}',
      'get /v1/reports',
      'get /v1/retention',
      'get /v1/rules',
      'get /v1/rules/{id}',
      'get /v1/saved-searches',
      'get /v1/search',
      'get /v1/session',
      'get /v1/sessions',
      'get /v1/settings/events',
      'get /v1/sign-in',
      'get /v1/sign-in/openid',
      'get /v1/sign-in/openid/callback',
      'get /v1/silences',
      'get /v1/storage',
      'get /v1/tokens',
      'get /v1/users',
      'get /v1/users/{name}',
      'post /v1/agents/ca',
      'post /v1/agents/ca/renew',
      'post /v1/agents/tokens',
      'post /v1/agents/{id}/revoke',
      'post /v1/aggregate',
      'post /v1/alerts',
      'post /v1/alerts/actions',
      'post /v1/alerts/seen',
      'post /v1/archive/exports',
      'post /v1/archive/restores',
      'post /v1/archive/rotate-key',
      'post /v1/archive/run',
      'post /v1/archive/verify',
      'post /v1/cases',
      'post /v1/cases/{id}/pins',
      'post /v1/channels/{name}/test',
      'post /v1/dead-letters/{id}/replay',
      'post /v1/enroll',
      'post /v1/heartbeat',
      'post /v1/holds',
      'post /v1/jobs',
      'post /v1/jobs/{id}/cancel',
      'post /v1/log/rotate',
      'post /v1/outbox/{id}/retry',
      'post /v1/people/acts',
      'post /v1/report-schedules/{id}/run',
      'post /v1/reports/preview',
      'post /v1/retention/preview',
      'post /v1/rules/backtest',
      'post /v1/rules/check',
      'post /v1/rules/explain',
      'post /v1/rules/{id}/enabled',
      'post /v1/session',
      'post /v1/session/password',
      'post /v1/session/second-factor',
      'post /v1/session/second-factor/confirm',
      'post /v1/session/second-factor/offer',
      'post /v1/session/second-factor/remove',
      'post /v1/session/sign-out',
      'post /v1/silences',
      'post /v1/tokens',
      'post /v1/users',
      'post /v1/users/{name}/email',
      'post /v1/users/{name}/limits',
      'post /v1/users/{name}/lock',
      'post /v1/users/{name}/reset',
      'post /v1/users/{name}/role',
      'post /v1/users/{name}/unlock',
      'post /v1/waybills',
      'put /v1/agents/{id}/hosts',
      'put /v1/cases/{id}',
      'put /v1/holds/{id}',
      'put /v1/report-schedules/{id}',
      'put /v1/retention',
      'put /v1/rules/{id}',
      'put /v1/saved-searches/{name}',
      'put /v1/settings/events',
    ])
    for (const one of listed) {
      const [method = '', path = ''] = one.split(' ')
      const answer = await indexer.ask(path.replace(/\{\w+\}/g, 'none'), {
        method: method.toUpperCase() as 'GET' | 'POST' | 'PUT' | 'DELETE',
      })
      expect(answer.text, one).not.toContain(`There is no ${method.toUpperCase()}`)
      expect(answer.status, one).not.toBe(500)
    }
  })

  it('names the shape of what is asked and answered', async () => {
    const { json } = await indexer.ask('/v1/openapi.json')
    const { paths } = openapi.parse(json)
    const limit = paths['/v1/search']?.get?.parameters.find(({ name }) => name === 'sort')
    expect(limit).toMatchObject({
      required: false,
      schema: { type: 'string', default: 'newest' },
    })
    const by = paths['/v1/counts']?.get?.parameters.find(({ name }) => name === 'by')
    expect(by?.required).toBe(true)
    expect(paths['/v1/enroll']?.post?.requestBody?.content['application/json']?.schema).toMatchObject({
      required: ['publicKey', 'name', 'host', 'version'],
    })
    expect(Object.keys(paths['/v1/waybills']?.post?.requestBody?.content ?? {})).toEqual([
      'application/vnd.waybill.v1',
    ])
  })
})
