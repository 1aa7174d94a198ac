import { afterAll, beforeAll, expect, it } from 'vitest'
import { TestAgent, until } from '../ingest/testing.ts'
import { type Person, StrictIndexer } from './testing/people.ts'

let strict: StrictIndexer
let agent: TestAgent
let rita: Person
beforeAll(async () => {
  strict = await StrictIndexer.start()
  agent = await TestAgent.enrolled(strict.indexer.url)
  await agent.send(strict.indexer.url, agent.seal(agent.events(300)))
  rita = await strict.person('rita', 'auditor')
})
afterAll(() => strict.end())

interface Noted {
  message: string
  event: { action: string }
  user: { name: string }
  source: { ip: string }
  audit: {
    category: string
    channel: string
    entity?: { id: string }
    payload?: { query?: string | string[]; questions?: string[] } & Record<string, unknown>
  }
}
/** Waits until the trail has `count` readings of this kind by Rita, and returns them. */
const noted = (action: string, count: number): Promise<Noted[]> =>
  until(
    async () => (await strict.trail(`user.name: rita and event.action: ${action}`)) as unknown as Noted[],
    (acts) => acts.length >= count,
  )

it('a search is an event with its query, of who searched, from where and by what', async () => {
  await rita.ask(`/v1/search?q=${encodeURIComponent('user: jane')}&from=now-1d`)
  const [search] = await noted('search', 1)
  expect(search).toMatchObject({
    message: 'rita searched for "user: jane".',
    user: { name: 'rita' },
    source: { ip: '127.0.0.1' },
    audit: { category: 'view', channel: 'browser', payload: { query: 'user: jane', from: 'now-1d' } },
  })
})

it('reading an event, and an export, are events', async () => {
  const { events } = (await rita.ask('/v1/search?q=action%3Alogin&limit=1')).json as {
    events: { event: { id: string } }[]
  }
  const id = String(events[0]?.event.id)
  await rita.ask(`/v1/events/${id}`)
  await rita.ask('/v1/search?q=action%3Alogin', { headers: { accept: 'application/x-ndjson' } })
  expect((await noted('view', 1))[0]?.audit).toMatchObject({ entity: { id }, category: 'view' })
  expect((await noted('export', 1))[0]).toMatchObject({
    message: 'rita exported 300 events found for "action:login".',
    audit: { category: 'security', record_count: 300 },
  })
})

it('an event that is not there was not read', async () => {
  const before = (await noted('view', 1)).length
  await rita.ask('/v1/events/nothing')
  await rita.ask('/v1/search?q=marker')
  await until(
    async () => (await strict.trail('user.name: rita and audit.payload.query: marker')).length,
    (found) => found === 1,
  )
  expect((await noted('view', before)).length).toBe(before)
})

it('all pages of one search are one event', async () => {
  let next: string | null = null
  let pages = 0
  do {
    const after: string = next === null ? '' : `&after=${encodeURIComponent(next)}`
    const page = await rita.ask(`/v1/search?q=user%3Ajane%20and%20action%3Alogin&limit=50${after}`)
    next = page.json.next as string | null
    pages++
  } while (next !== null)
  expect(pages).toBeGreaterThan(5)
  await rita.ask('/v1/search?q=afterwards')
  await until(
    async () => (await strict.trail('user.name: rita and audit.payload.query: afterwards')).length,
    (found) => found === 1,
  )
  const searches = await noted('search', 1)
  expect(searches.filter(({ audit }) => audit.payload?.query === 'user:jane and action:login')).toHaveLength(
    1,
  )
})

it('a live tail is one event, also one of the trail itself, which so does not feed itself', async () => {
  const query = encodeURIComponent('event.module: waybill')
  let { next } = (await rita.ask(`/v1/arrivals?q=${query}`)).json as { next: string }
  const seen: string[] = []
  for (let looks = 0; looks < 30; looks++) {
    strict.pass(1000)
    const page = (await rita.ask(`/v1/arrivals?q=${query}&after=${encodeURIComponent(next)}`))
      .json as unknown as {
      events: Noted[]
      next: string
    }
    seen.push(...page.events.map(({ event }) => event.action))
    ;({ next } = page)
  }
  const follows = await noted('follow', 1)
  expect(follows).toHaveLength(1)
  expect(seen.filter((action) => action === 'follow').length).toBeLessThanOrEqual(1)
})

it('a tail is no way around the trail by beginning with a cursor', async () => {
  const { next } = (await rita.ask('/v1/arrivals?q=other')).json as { next: string }
  await rita.ask(`/v1/arrivals?q=user%3Ajane&after=${encodeURIComponent(next)}`)
  const follows = await noted('follow', 3)
  expect(follows.map(({ audit }) => audit.payload?.query)).toEqual([
    'event.module: waybill',
    'other',
    'user:jane',
  ])
})

it('many at once share the writes, and none is lost', async () => {
  const words = Array.from({ length: 100 }, (_, i) => `many${i}`)
  await Promise.all(words.map((word) => rita.ask(`/v1/search?q=${word}`)))
  const found = await until(
    async () => (await strict.trail('user.name: rita and audit.payload.query: many*')) as unknown[],
    (acts) => acts.length >= 100,
  )
  const waybills = new Set(
    (found as { audit: { seal: { sequence: number } } }[]).map(({ audit }) => audit.seal.sequence),
  )
  expect(found).toHaveLength(100)
  expect(waybills.size).toBeLessThan(words.length)
})

it('what a screen of the console asks in one look is one event, which names every query', async () => {
  const headers = { 'x-waybill-visit': 'security.k3j2' }
  const count = (q: string) => rita.ask('/v1/aggregate', { json: { q }, headers })
  await Promise.all([
    count('outcome: failure'),
    count('category: security'),
    rita.ask('/v1/search?q=risk%3A%20high', { headers }),
    rita.ask('/v1/search?q=user%3A%20eve', { headers }),
    count('category: security and user: *'),
  ])
  const looks = await until(
    async () =>
      (await strict.trail('user.name: rita and audit.payload.screen: security')) as unknown as Noted[],
    (acts) => acts.length > 0,
  )
  expect(looks).toHaveLength(1)
  expect(looks[0]).toMatchObject({
    message: 'rita looked at the screen security, with 5 queries.',
    event: { action: 'search' },
  })
  expect([looks[0]?.audit.payload?.query].flat().toSorted()).toEqual([
    'category: security',
    'category: security and user: *',
    'outcome: failure',
    'risk: high',
    'user: eve',
  ])
})

it('a screen that refreshes itself is one look, and opened again it is another', async () => {
  const look = (visit: string) =>
    rita.ask('/v1/search?q=refreshed', { headers: { 'x-waybill-visit': `overview.${visit}` } })
  for (let minutes = 0; minutes < 30; minutes++) {
    await look('morning')
    strict.pass(60_000)
  }
  await look('evening')
  await rita.ask('/v1/search?q=behind-them')
  const told = async (query: string) => strict.trail(`user.name: rita and audit.payload.query: ${query}`)
  await until(
    () => told('behind-them'),
    (found) => found.length === 1,
  )
  await until(
    () => told('refreshed'),
    (found) => found.length >= 2,
  )
  expect(await told('refreshed')).toHaveLength(2)
})

it('a look that asks more than one event can name is several, and no query is left out', async () => {
  const headers = { 'x-waybill-visit': 'events.many' }
  const words = Array.from({ length: 70 }, (_, i) => `look${i} ${'x'.repeat(60)}`)
  await Promise.all(words.map((q) => rita.ask(`/v1/search?q=${encodeURIComponent(q)}`, { headers })))
  const told = async (): Promise<string[]> =>
    ((await strict.trail('user.name: rita and audit.payload.screen: events')) as unknown as Noted[]).flatMap(
      ({ audit }) => audit.payload?.query ?? [],
    )
  const queries = await until(told, (found) => found.length >= words.length)
  expect(queries.toSorted()).toEqual(words.toSorted())
})

/** Joins the parts of a member from the events of one question, in their order. */
const whole = (acts: readonly Noted[], member: string): string =>
  acts
    .toSorted((a, b) => Number(a.audit.payload?.part ?? 1) - Number(b.audit.payload?.part ?? 1))
    .flatMap(({ audit }) => audit.payload?.[member] ?? [])
    .join('')

it('a condition behind thousands of characters is in the trail, and found there', async () => {
  const filler = Array.from({ length: 330 }, (_, i) => `user: nobody-${i}`).join(' or ')
  const query = `(${filler}) or ip: 203.0.113.66`
  expect(query.length).toBeGreaterThan(6500)
  expect(query.length).toBeLessThan(10_000)
  await rita.ask(`/v1/search?q=${encodeURIComponent(query)}`)
  const found = await until(
    async () =>
      (await strict.trail('user.name: rita and audit.payload.query: *203.0.113.66*')) as unknown as Noted[],
    (acts) => acts.length > 0,
  )
  const { question, parts } = found[0]?.audit.payload ?? {}
  const acts = (await strict.trail(`audit.payload.question: "${question}"`)) as unknown as Noted[]
  expect(acts).toHaveLength(Number(parts))
  expect(Number(parts)).toBeGreaterThan(1)
  expect(whole(acts, 'query')).toBe(query)
  for (const [i, act] of acts.entries())
    expect(act.message).toMatch(new RegExp(`\\(part ${i + 1} of ${parts}\\)$`))
})

it('a value that is torn by no piece: whatever stands before it, the whole value is in one', async () => {
  for (const length of [1012, 1018, 1024, 1028, 1032, 1036]) {
    const name = `Jane ${length - 990} Doe`
    const query = `${'user: a or '.repeat(92).padEnd(length - 12, ' ')} user: "${name}"`
    await rita.ask(`/v1/search?q=${encodeURIComponent(query)}`)
    const found = await until(
      () => strict.trail(`user.name: rita and audit.payload.query: *Jane\\ ${length - 990}\\ Doe*`),
      (acts) => acts.length > 0,
    )
    expect(whole(found as unknown as Noted[], 'query')).toBe(query)
  }
})

it('what is counted, by what, and how the last event was looked at, is in the trail', async () => {
  const by = [{ kind: 'values', field: 'source.ip', top: 7, prefix: '203.0' }]
  await rita.ask('/v1/aggregate', {
    json: { q: 'user: counted', by, distinct: ['user.email'], latest: true, from: 'now-3d', own: true },
  })
  await rita.ask('/v1/fields/user.email/values?prefix=boss%40&q=user%3Acounted')
  await rita.ask('/v1/alternatives?q=user%3Acountedd&from=now-2h')
  await rita.ask('/v1/counts?by=user&from=now-5h')
  const payloads = await until(
    async () => (await noted('count', 4)).map(({ audit }) => audit.payload),
    (found) => found.length >= 4,
  )
  expect(payloads).toEqual(
    expect.arrayContaining([
      {
        query: 'user: counted',
        by: [JSON.stringify(by[0])],
        distinct: ['user.email'],
        latest: 'true',
        from: 'now-3d',
        own: 'true',
      },
      { field: 'user.email', prefix: 'boss@', query: 'user:counted' },
      { query: 'user:countedd', from: 'now-2h' },
      { by: 'user', from: 'now-5h' },
    ]),
  )
})

it('what a screen counts by, and what it completes, is in the event of its look', async () => {
  const headers = { 'x-waybill-visit': 'events.counts' }
  const by = [{ kind: 'values', field: 'user.email', top: 3 }]
  await Promise.all([
    rita.ask('/v1/search?q=user%3Alooked', { headers }),
    rita.ask('/v1/aggregate', { json: { q: 'user:looked', by, latest: true }, headers }),
    rita.ask('/v1/fields/source.ip/values?prefix=198.51.', { headers }),
  ])
  const [look] = await until(
    async () =>
      (await strict.trail('user.name: rita and audit.payload.query: "user:looked"')) as unknown as Noted[],
    (acts) => acts.length > 0,
  )
  expect(look?.audit.payload?.questions?.map((text) => JSON.parse(text))).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ action: 'search', query: 'user:looked' }),
      expect.objectContaining({ action: 'count', by: [JSON.stringify(by[0])], latest: 'true' }),
      expect.objectContaining({ action: 'count', field: 'source.ip', prefix: '198.51.' }),
    ]),
  )
})

it('an export names its columns and how many events it took, and an entry that is exported is an export', async () => {
  const { events } = (await rita.ask('/v1/search?q=action%3Alogin&limit=1')).json as {
    events: { event: { id: string } }[]
  }
  const id = String(events[0]?.event.id)
  await rita.ask('/v1/export?format=csv&columns=user,source.ip&q=action%3Alogin&from=2026-01-01')
  const entry = await rita.ask(`/v1/events/${id}/export`)
  expect([entry.status, entry.json]).toEqual([
    200,
    expect.objectContaining({ event: expect.objectContaining({ id }) }),
  ])
  const exports = await until(
    () => noted('export', 3),
    (acts) => acts.length >= 3,
  )
  expect(exports.map(({ audit }) => audit)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        category: 'security',
        record_count: 300,
        payload: expect.objectContaining({
          columns: 'user.name,source.ip',
          format: 'csv',
          from: '2026-01-01',
        }),
      }),
      expect.objectContaining({ category: 'security', record_count: 1, entity: { type: 'event', id } }),
    ]),
  )
  const viewer = await strict.person('vera', 'viewer')
  expect(await viewer.status(`/v1/events/${id}/export`)).toBe(403)
  expect(await viewer.status(`/v1/events/${id}`)).toBe(200)
})

it('a look that is going on when the indexer stops is in the trail when it comes back', async () => {
  await rita.ask('/v1/search?q=just-before', { headers: { 'x-waybill-visit': 'events.last' } })
  await strict.indexer.stop()
  await strict.indexer.run({ read: 'token', manage: 'token' }, { clock: () => strict.now })
  expect(await strict.trail('user.name: rita and audit.payload.query: "just-before"')).toHaveLength(1)
})
