import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestAgent } from '../ingest/testing.ts'
import { type Person, StrictIndexer } from './testing/people.ts'

let strict: StrictIndexer
let agent: TestAgent
/** Sees records of invoices only. */
let clerk: Person
/** Sees all records, but no addresses and no changes. */
let viewer: Person
const ids: Record<string, string> = {}

const IP = '203.0.113.77'
const MASKED = { viewer: ['source.ip', 'audit.changes', 'user.email', 'audit.payload.card'] }

beforeAll(async () => {
  strict = await StrictIndexer.start({ masked: MASKED })
  agent = await TestAgent.enrolled(strict.indexer.url)
  const event = (entity: string | null, name: string) => {
    const made = agent.event({
      message: `looked at ${name}`,
      user: { name: 'jane', email: 'jane@secret.example' },
      source: { ip: IP, port: 443 },
      related: { ip: [IP], user: ['jane', 'jane@secret.example'] },
      audit: {
        category: 'change',
        ...(entity === null ? {} : { entity: { type: entity, id: name, name } }),
        change: { after: ['limit=plenty'], before: ['limit=5'], fields: ['limit'] },
        changes: [{ field: 'limit', new: 'plenty', old: '5' }],
        payload: { card: '4111111111111111', shop: 'corner' },
      },
    })
    const own = made.event as Record<string, unknown>
    own.original = `the whole line of ${IP}`
    ids[name] = String(own.id)
    return made
  }
  const events = [
    event('Invoice', 'inv-1'),
    event('invoice', 'inv-2'),
    event('Salary', 'sal-1'),
    event('InvoiceDraft', 'draft-1'),
    event(null, 'nothing'),
  ]
  const answer = await agent.send(strict.indexer.url, agent.seal(events))
  expect(answer.json.stored).toBe(events.length)
  clerk = await strict.person('clerk', 'auditor', { entities: ['Invoice'] })
  viewer = await strict.person('veronica', 'viewer')
})
afterAll(() => strict.end())

async function search(person: Person, query: string, more = ''): Promise<Record<string, unknown>[]> {
  const { status, json, text } = await person.ask(
    `/v1/search?limit=1000&q=${encodeURIComponent(query)}${more}`,
  )
  expect(status, text).toBe(200)
  return json.events as Record<string, unknown>[]
}
const namesOf = (events: Record<string, unknown>[]): string[] =>
  events.map((event) => (event.audit as { entity?: { id: string } }).entity?.id ?? 'none').toSorted()

describe('whose access is limited to kinds of records', () => {
  const HOSTILE = [
    '',
    '*',
    'entity: *',
    'entity: Salary',
    'entity: Salary or entity: Invoice',
    'not entity: Invoice',
    'not (entity: Invoice and not entity: Salary)',
    'entity: Invoice) or (entity: Salary',
    'user: jane or user: *',
    'not user: nobody',
    'sal-1',
    '"looked at"',
    'audit.entity.id: sal-1 or not audit.entity.id: sal-1',
    'audit.changes: { field: limit }',
    'event.module: waybill',
    'not event.module: waybill',
    'source.ip: 0.0.0.0/0',
    '@timestamp >= 1970-01-01',
    'audit.*: *',
  ]
  for (const query of HOSTILE) {
    it(`finds nothing else by ${query === '' ? 'an empty query' : query}`, async () => {
      const { status, json } = await clerk.ask(`/v1/search?limit=1000&q=${encodeURIComponent(query)}`)
      if (status === 400) return
      const seen = namesOf(json.events as Record<string, unknown>[])
      expect(seen.filter((name) => name !== 'inv-1' && name !== 'inv-2')).toEqual([])
      const streamed = await clerk.ask(`/v1/search?q=${encodeURIComponent(query)}`, {
        headers: { accept: 'application/x-ndjson' },
      })
      expect(streamed.text).not.toMatch(/sal-1|draft-1|"nothing"|sign-in/)
    })
  }

  it('finds what is theirs, as the schema compares it', async () => {
    expect(namesOf(await search(clerk, ''))).toEqual(['inv-1', 'inv-2'])
  })

  it('is told that an event which is hidden is not there, as of one that is none', async () => {
    expect(await clerk.status(`/v1/events/${ids['inv-1']}`)).toBe(200)
    const hidden = await clerk.ask(`/v1/events/${ids['sal-1']}`)
    const none = await clerk.ask(`/v1/events/${'0'.repeat(40)}`)
    const plain = (text: string) => text.replace(/[0-9a-f]{40}/, 'ID')
    expect([hidden.status, plain(hidden.text)]).toEqual([404, plain(none.text)])
  })

  it('follows only what is theirs', async () => {
    const { next } = (await clerk.ask('/v1/arrivals')).json as { next: string }
    const event = (type: string) =>
      agent.event({ audit: { category: 'change', entity: { type, id: `new-${type}` } } })
    await agent.send(strict.indexer.url, agent.seal([event('Salary'), event('Invoice')]))
    const page = await clerk.ask(`/v1/arrivals?limit=1000&after=${encodeURIComponent(next)}`)
    expect(namesOf(page.json.events as Record<string, unknown>[])).toEqual(['new-Invoice'])
  })

  it('counts only what is theirs, in each split', async () => {
    const count = async (json: object) => (await clerk.ask('/v1/aggregate', { json })).json
    const whole = await count({ q: 'record: inv-* or record: sal-*', by: [], latest: true })
    expect(whole).toMatchObject({ count: 2, latest: { audit: { entity: { id: 'inv-2' } } } })
    const split = await count({
      q: 'not entity: Invoice or entity: *',
      by: [{ kind: 'values', field: 'entity', top: 10 }],
    })
    expect(JSON.stringify(split)).not.toMatch(/Salary|Draft|user/)
    const values = await clerk.ask('/v1/fields/record/values')
    expect(values.text).toContain('inv-1')
    expect(values.text).not.toMatch(/sal-1|draft-1/)
  })

  it('gets no counts of all, no dead letters, and no way by a cursor of somebody else', async () => {
    for (const path of [
      '/v1/counts?by=user',
      '/v1/counts?by=entity',
      '/v1/dead-letters',
      '/v1/dead-letters/1',
    ])
      expect(await clerk.status(path), path).toBe(403)
    const { json } = await viewer.ask('/v1/search?limit=1')
    const after = encodeURIComponent(String(json.next))
    const seen = namesOf(await search(clerk, '', `&after=${after}`))
    expect(seen.filter((name) => !/^(inv-|new-Invoice)/.test(name))).toEqual([])
  })

  it('is shown no figures of all: of what asks for status, only what is about settings', async () => {
    const { paths } = (await strict.indexer.ask('/v1/openapi.json')).json as {
      paths: Record<string, Record<string, { 'x-needs': string }>>
    }
    const asked = Object.entries(paths).flatMap(([path, { get }]) =>
      get?.['x-needs'] === 'status' ? [path] : [],
    )
    const answered: string[] = []
    for (const path of asked)
      if ((await clerk.status(path.replace('{id}', 'none'))) !== 403) answered.push(path)
    expect(asked).toEqual(expect.arrayContaining(['/v1/storage', '/metrics', '/v1/agents']))
    expect(answered.toSorted()).toEqual(['/v1/channels', '/v1/event-types', '/v1/settings/events'])
    // A user who sees all events, with masked fields, may see their number.
    for (const path of ['/v1/storage', '/metrics', '/v1/agents']) expect(await viewer.status(path)).toBe(200)
  })

  it('keeps the limits in each token, and loses what is taken away at once', async () => {
    const made = await clerk.ask('/v1/tokens', { json: { name: 'mine', scopes: ['search', 'export'] } })
    const headers = { authorization: `Bearer ${made.json.token}` }
    const { text } = await strict.indexer.ask('/v1/search?limit=1000', { headers })
    expect(text).not.toContain('sal-1')
    expect(text).toContain('inv-1')
    await strict.indexer.ask('/v1/users/clerk/limits', {
      headers: await strict.operator(),
      json: { entities: ['Salary'] },
    })
    expect((await strict.indexer.ask('/v1/search?limit=1000', { headers })).text).not.toContain('inv-1')
    await strict.indexer.ask('/v1/users/clerk/limits', {
      headers: await strict.operator(),
      json: { entities: ['Invoice'] },
    })
  })

  it('to another namespace sees nothing, and to this one all', async () => {
    const away = await strict.person('away', 'auditor', { namespaces: ['other'] })
    expect(await search(away, '')).toEqual([])
    expect(await away.status(`/v1/events/${ids['inv-1']}`)).toBe(404)
    const here = await strict.person('here', 'auditor', { namespaces: ['other', 'default'] })
    expect((await search(here, 'user: jane')).length).toBeGreaterThanOrEqual(5)
  })
})

describe('whose role sees fields masked', () => {
  it('is shown neither the values nor copies of them, anywhere', async () => {
    const query = encodeURIComponent('user: jane')
    const answers = [
      await viewer.ask(`/v1/search?q=${query}`),
      await viewer.ask(`/v1/search?q=${query}&limit=10`, { headers: { accept: 'application/x-ndjson' } }),
      await viewer.ask(`/v1/events/${ids['inv-1']}`),
    ]
    const { next } = (await viewer.ask('/v1/arrivals')).json as { next: string }
    await agent.send(
      strict.indexer.url,
      agent.seal([agent.event({ source: { ip: IP }, related: { ip: [IP] } })]),
    )
    answers.push(await viewer.ask(`/v1/arrivals?q=${query}&after=${encodeURIComponent(next)}`))
    for (const { status, text } of answers) {
      expect(status).toBe(200)
      expect(text).toContain('jane')
      expect(text).not.toMatch(/203\.0\.113|plenty|"limit|secret\.example|4111111111111111|the whole line/)
    }
    expect(answers[2]?.json.derived).toBeNull()
    expect(answers[2]?.json.event).toMatchObject({
      source: { ip: '(masked)', port: 443 },
      related: { ip: ['(masked)'], user: ['(masked)'] },
      event: { original: '(masked)' },
      audit: {
        changes: ['(masked)'],
        entity: { id: 'inv-1' },
        payload: { card: '(masked)', shop: 'corner' },
      },
    })
  })

  const PROBES = [
    `source.ip: ${IP}`,
    'ip: 203.0.113.0/24',
    'ip: *',
    `not ip: ${IP}`,
    `user: jane and (action: login or related.ip: ${IP})`,
    'audit.changes: { field: limit and new: plenty }',
    'field: limit',
    'audit.change.after: "limit=plenty"',
    'email: jane*',
    'related.user: jane@secret.example',
    'user.*: jane@secret.example',
    'audit.payload.card: 4*',
    'audit.payload.*: 4111111111111111',
    'audit.words: plenty',
    IP,
    '"plenty"',
    'not plenty',
    'user: jane and plenty',
    'message: plenty',
    'audit.payload.shop: corner',
  ]
  for (const probe of PROBES) {
    it(`can not ask ${probe}`, async () => {
      const q = encodeURIComponent(probe)
      for (const path of [`/v1/search?q=${q}`, `/v1/arrivals?q=${q}`]) {
        const { status, text } = await viewer.ask(path)
        expect([status, /masked for your role/.test(text)], text).toEqual([403, true])
      }
      const stream = await viewer.ask(`/v1/search?limit=5&q=${q}`, {
        headers: { accept: 'application/x-ndjson' },
      })
      expect(stream.status).toBe(403)
    })
  }

  it('searches by all else, and other roles by everything', async () => {
    expect((await search(viewer, 'entity: Invoice and user: jane and message: *')).length).toBe(3)
    const auditor = await strict.person('audrey', 'auditor')
    expect((await search(auditor, `ip: ${IP} and plenty`)).length).toBe(5)
    expect((await auditor.ask(`/v1/events/${ids['inv-1']}`)).text).toContain('the whole line of')
  })

  it('can not count by what is masked, and is shown the last event masked', async () => {
    const ask = (json: object) => viewer.ask('/v1/aggregate', { json: { q: 'user: jane', by: [], ...json } })
    for (const json of [
      { by: [{ kind: 'values', field: 'source.ip', top: 5 }] },
      {
        by: [
          { kind: 'values', field: 'action', top: 5 },
          { kind: 'values', field: 'related.ip', top: 5 },
        ],
      },
      { by: [{ kind: 'values', field: 'audit.change.after', top: 5, prefix: 'limit=9' }] },
      { distinct: ['user.email'] },
      { q: IP },
    ])
      expect((await ask(json)).status, JSON.stringify(json)).toBe(403)
    for (const field of ['ip', 'email', 'field', 'related.user'])
      expect(await viewer.status(`/v1/fields/${field}/values?prefix=2`), field).toBe(403)
    const latest = await ask({ by: [{ kind: 'values', field: 'user', top: 5 }], latest: true })
    expect(latest.status).toBe(200)
    expect(latest.text).toContain('(masked)')
    expect(latest.text).not.toMatch(/203\.0\.113|plenty|secret\.example|4111111111111111|the whole line/)
  })

  it('does not find what others searched for and exported, in which masked values stand', async () => {
    const auditor = await strict.person('curious', 'auditor')
    await auditor.ask(`/v1/search?q=${encodeURIComponent(`ip: ${IP}`)}`)
    await auditor.ask(`/v1/export?format=csv&q=${encodeURIComponent(`ip: ${IP}`)}`)
    await expect.poll(() => strict.trail('user.name: curious and event.action: export')).toHaveLength(1)
    const job = { makes: 'export', export: { q: `ip: ${IP}` } }
    const report = {
      makes: 'report',
      report: 'admin-activity',
      parameters: { q: `ip: ${IP}` },
      formats: ['csv'],
    }
    for (const json of [job, report]) expect((await auditor.ask('/v1/jobs', { json })).status).toBe(201)
    await expect
      .poll(() => strict.trail('user.name: curious and event.action: (export-made or report-made)'))
      .toHaveLength(2)
    for (const q of [
      'source: waybill',
      'user: curious',
      'category: view',
      'action: export*',
      'action: report*',
    ]) {
      const { text } = await viewer.ask(`/v1/search?limit=1000&own=true&q=${encodeURIComponent(q)}`)
      expect(text, q).not.toMatch(/203\.0\.113|searched for/)
    }
    const { json } = await viewer.ask('/v1/aggregate', {
      json: { own: true, q: 'user: curious and action: (search or export)' },
    })
    expect(json.count).toBe(0)
    const [search] = await strict.trail('user.name: curious and event.action: search')
    const { id } = (search as { event: { id: string } }).event
    expect(await viewer.status(`/v1/events/${id}`)).toBe(404)
  })

  it('gets no dead letters, in which records lie whole', async () => {
    expect(await viewer.status('/v1/dead-letters')).toBe(403)
  })

  it('is told which fields those are', async () => {
    expect((await viewer.ask('/v1/session')).json.masked).toEqual(MASKED.viewer)
  })
})

describe('whose role sees addresses masked', () => {
  let masked: StrictIndexer
  let reader: Person
  let exporter: Person
  let id = ''

  beforeAll(async () => {
    masked = await StrictIndexer.start({ masked: { viewer: ['source.*'], auditor: ['source.ip'] } })
    const sender = await TestAgent.enrolled(masked.indexer.url)
    const event = sender.event({
      message: `Failed password for root from ${IP} port 50022`,
      source: { ip: IP, port: 50_022 },
      log: { source: { address: `${IP}:50022` } },
      audit: {
        category: 'security',
        changes: [{ field: 'last_address', new: IP, old: '198.51.100.4' }],
        payload: { shop: 'corner', client: IP, [IP]: 'seen', via: [`host ${IP}`], v6: '[2001:db8::7]:443' },
        request: `GET / from ${IP}`,
      },
    })
    id = String((event.event as { id: string }).id)
    const answer = await sender.send(masked.indexer.url, sender.seal([event]))
    expect(answer.json.stored).toBe(1)
    reader = await masked.person('rob', 'viewer')
    exporter = await masked.person('ada', 'auditor')
  })
  afterAll(() => masked.end())

  it('sees no address in any text, by any answer', async () => {
    const q = encodeURIComponent('action: login')
    const answers = [
      await exporter.ask(`/v1/search?q=${q}`),
      await exporter.ask(`/v1/events/${id}`),
      await exporter.ask(`/v1/events/${id}/export`),
      await exporter.ask(`/v1/export?format=ndjson&q=${q}`),
      await exporter.ask(
        `/v1/export?format=csv&q=${q}&columns=message,source.ip,related.ip,log.source.address,audit.changes,audit.payload.client,event.original`,
      ),
      await exporter.ask('/v1/aggregate', { json: { q: 'action: login', by: [], latest: true } }),
    ]
    for (const { status, text } of answers) {
      expect(status, text).toBe(200)
      expect(text).toContain('Failed password for root from (masked) port 50022')
      expect(text).not.toMatch(/203\.0\.113|198\.51\.100|2001:db8/)
    }
    expect(answers[1]?.json.event).toMatchObject({
      audit: {
        payload: {
          shop: 'corner',
          client: '(masked)',
          '(masked)': 'seen',
          via: ['host (masked)'],
          v6: '[(masked)]:443',
        },
      },
    })
  })

  it('searches texts for what no address holds', async () => {
    for (const q of [
      'message: failed',
      'message: "failed password"',
      'audit.payload.shop: corner',
      'audit.payload.shop: cor*',
      'message: pass*',
      'audit.changes: { field: last_address }',
    ])
      expect([
        q,
        (await exporter.ask(`/v1/search?q=${encodeURIComponent(`action: login and ${q}`)}`)).json.events,
      ]).toEqual([q, [expect.anything()]])
  })

  it('is refused what an address could answer', async () => {
    const REFUSED = [
      `message: "${IP}"`,
      'message: 203',
      'message: 2*',
      'message: "from 203"',
      'not message: "113 77"',
      'audit.payload.client: 203*',
      `audit.payload.client: "${IP}"`,
      'audit.payload.client >= "2"',
      `audit.payload.${IP}: *`,
      'audit.payload.*: *0.113*',
      `audit.changes: { new: "${IP}" }`,
      'audit.changes: { new: 203* }',
      'log.source.address: *',
      'related.ip: *',
      IP,
      'audit.words: failed',
      `host.name: "${IP}"`,
      'source.geo.city_name: *',
    ]
    for (const q of REFUSED) {
      expect([q, await exporter.status(`/v1/search?q=${encodeURIComponent(q)}`)]).toEqual([q, 403])
      expect([q, await exporter.status(`/v1/export?format=csv&q=${encodeURIComponent(q)}`)]).toEqual([q, 403])
      expect([q, await exporter.status(`/v1/alternatives?q=${encodeURIComponent(q)}`)]).toEqual([q, 403])
    }
    for (const field of [
      'related.ip',
      'log.source.address',
      'audit.payload.client',
      'audit.change.after',
      'host.name',
    ])
      for (const path of [
        `/v1/fields/${field}/values?prefix=2`,
        `/v1/search?sort=${field}`,
        `/v1/export?format=csv&sort=-${field}`,
      ])
        expect([path, await exporter.status(path)]).toEqual([path, 403])
  })

  it('by a group has all fields of the group masked, with their copies', async () => {
    const { text } = await reader.ask(`/v1/events/${id}`)
    expect(text).not.toMatch(/203\.0\.113|50022/)
    expect(await reader.status('/v1/search?q=message%3A%20failed')).toBe(403)
  })

  it('is offered alternatives without those that an address could answer', async () => {
    const q = encodeURIComponent('audit.payload.shop: corn and user: jane')
    const { status, json } = await exporter.ask(`/v1/alternatives?q=${q}`)
    expect(status).toBe(200)
    expect(json.alternatives).toEqual(expect.arrayContaining([expect.objectContaining({ count: 1 })]))
    const number = encodeURIComponent('audit.payload.shop: 203 and user: jane')
    const answer = await exporter.ask(`/v1/alternatives?q=${number}`)
    expect([answer.status, answer.text.includes('203*')]).toEqual([200, false])
  })
})
