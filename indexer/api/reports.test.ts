import { afterEach, expect, it } from 'vitest'
import type { CoverageShape, ReportPreviewShape } from '../../schema/api/index.ts'
import { type Answer, askAt, TestAgent, TestIndexer } from '../ingest/testing.ts'
import { StrictIndexer } from './testing/people.ts'

const DAY = 86_400_000
const JANUARY = { from: '2026-01-01', to: '2026-01-31', zone: 'UTC' }
const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Started {
  readonly indexer: TestIndexer
  readonly agent: TestAgent
  tick(to: number): void
}

async function started(settings: object = {}): Promise<Started> {
  let now = Date.UTC(2025, 11, 31)
  const indexer = await TestIndexer.start(settings, { clock: () => now })
  ends.push(() => indexer.end())
  const agent = await TestAgent.enrolled(indexer.url)
  now = Date.UTC(2026, 0, 10)
  return {
    indexer,
    agent,
    tick: (to) => {
      now = to
    },
  }
}

const beat = (
  indexer: TestIndexer,
  agent: TestAgent,
  number: number,
  members: object = {},
): Promise<Answer> =>
  askAt(indexer.url, '/v1/heartbeat', { json: agent.heartbeat({ beat: number, ...members }) })

async function preview(
  { indexer }: Pick<Started, 'indexer'>,
  report = 'user-access',
  parameters: object = JANUARY,
): Promise<ReportPreviewShape> {
  const { status, json, text } = await indexer.ask('/v1/reports/preview', { json: { report, parameters } })
  expect(status, text).toBe(200)
  return json as unknown as ReportPreviewShape
}

it('a period that is over and whole is complete, and the first page says what it is about', async () => {
  const world = await started()
  const { indexer, agent, tick } = world
  await agent.send(indexer.url, agent.seal(agent.events(3)))
  tick(Date.UTC(2026, 1, 2))
  await beat(indexer, agent, 1)
  const report = await preview(world, 'user-access', { ...JANUARY, q: 'not source: waybill' })
  expect(report.verdict).toEqual({ complete: true, sentence: 'complete', reasons: [] })
  expect(report).toMatchObject({
    title: 'User access',
    scope: 'Events of all users in all systems, with any outcome, if the further condition holds.',
    zone: 'UTC',
    period: { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 1, 1) },
    requested: { by: 'loopback', at: Date.UTC(2026, 1, 2) },
    rows: { count: 3, order: 'oldest' },
  })
  expect(report.checkpoint).toContain('/waybill/')
  expect(report.facts).toContainEqual({ name: 'Masked fields', text: 'none' })
  expect(report.account.map(({ title }) => title)).toEqual([
    'Events by system and agent',
    'Waybills that have not arrived',
    'Events that could not be stored',
  ])
  expect(report.controls.map(({ framework }) => framework)).toContain('PCI DSS 4.0.1')
})

it('a report over a gap is incomplete, and names whose waybills are missing', async () => {
  const world = await started()
  const { indexer, agent, tick } = world
  await agent.send(indexer.url, agent.seal(agent.events(1)))
  agent.seal(agent.events(2))
  await agent.send(indexer.url, agent.seal(agent.events(1)))
  tick(Date.UTC(2026, 1, 2))
  await beat(indexer, agent, 1)
  const { verdict, account } = await preview(world)
  expect(verdict).toEqual({
    complete: false,
    sentence: 'incomplete, because 1 waybill of web-1 has not arrived',
    reasons: ['1 waybill of web-1 has not arrived.'],
  })
  expect(account.find(({ title }) => title === 'Waybills that have not arrived')?.table?.rows).toEqual([
    ['web-1', agent.incarnation, '2', 1, Date.UTC(2026, 0, 10)],
  ])
  // What was sealed before a later period can't be missing in it.
  tick(Date.UTC(2026, 3, 2))
  await beat(indexer, agent, 2)
  const april = await preview(world, 'user-access', { from: '2026-03-01', to: '2026-03-31', zone: 'UTC' })
  expect(april.verdict.complete).toBe(true)
})

it.each([
  [
    'an event that could not be stored',
    async ({ indexer, agent, tick }: Started) => {
      await agent.send(indexer.url, agent.sealLines(['this is no event']))
      tick(Date.UTC(2026, 1, 2))
      await beat(indexer, agent, 1)
    },
    'incomplete, because 1 event could not be stored and is among the dead letters',
  ],
  [
    'an agent that is silent since the period',
    async ({ tick }: Started) => tick(Date.UTC(2026, 1, 2)),
    'incomplete, because web-1 has not reported since before the end of the period',
  ],
  [
    'records that an agent has not shipped yet',
    async ({ indexer, agent, tick }: Started) => {
      tick(Date.UTC(2026, 1, 1) + 1000)
      await beat(indexer, agent, 1, { oldestPending: 3_600_000 })
    },
    'incomplete, because web-1 has read records that are not stored yet',
  ],
  [
    'a period that is not over',
    async ({ indexer, agent, tick }: Started) => {
      tick(Date.UTC(2026, 0, 20))
      await beat(indexer, agent, 1)
    },
    'incomplete, because the period was not over when the report was made',
  ],
])('%s makes a report incomplete', async (_, happens, sentence) => {
  const world = await started()
  await world.agent.send(world.indexer.url, world.agent.seal(world.agent.events(1)))
  await happens(world)
  expect((await preview(world)).verdict.sentence).toBe(sentence)
})

it('of a time before the first agent there is only what its files still had, and a name that no event has is said', async () => {
  const world = await started()
  await world.agent.send(world.indexer.url, world.agent.seal(world.agent.events(1)))
  await beat(world.indexer, world.agent, 1)
  const early = await preview(world, 'user-access', { from: '2025-11-01', to: '2025-11-30', zone: 'UTC' })
  expect(early.verdict.sentence).toBe(
    'incomplete, because the first agent was enrolled on 2025-12-31, after the period: only what its files still had is here',
  )
  const typed = await preview(world, 'user-access', {
    ...{ from: '2026-01-01', to: '2026-01-09', zone: 'UTC' },
    users: ['jane', 'jnae'],
  })
  expect(typed.verdict.sentence).toBe('incomplete, because no event has the user "jnae"')
  expect(typed.findings[0]?.chart).toMatchObject({ kind: 'time', points: { length: 9 } })
})

it('events that retention removed are missing in a report about their time', async () => {
  const world = await started()
  const { indexer, agent, tick } = world
  await agent.send(indexer.url, agent.seal([agent.event({ audit: { category: 'view' } })]))
  await indexer.stop()
  tick(Date.UTC(2026, 2, 20))
  const now = Date.UTC(2026, 2, 20)
  await indexer.run({}, { clock: () => now })
  const { json } = await (async () => {
    for (;;) {
      const found = await indexer.ask('/v1/search?q=action%3Aretention-expire')
      if ((found.json.events as unknown[]).length > 0) return found
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  expect((json.events as unknown[]).length).toBe(1)
  await beat(indexer, agent, 1)
  expect((await preview(world)).verdict.sentence).toBe(
    'incomplete, because view events that were received before 2026-01-10 have expired: they were searchable for 30d',
  )
})

it('what is asked wrongly is refused with the place', async () => {
  const { indexer } = await started()
  const refused = async (report: string, parameters: object): Promise<string> => {
    const { status, json } = await indexer.ask('/v1/reports/preview', { json: { report, parameters } })
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    return String(json.detail)
  }
  expect(await refused('user-acces', {})).toContain('There is no report user-acces')
  expect(await refused('person-data', {})).toContain('users: the report person-data is about people')
  expect(await refused('user-access', { q: 'user: (' })).toContain('a value is missing')
  expect(await refused('user-access', { zone: 'Mars/North' })).toContain('is not a time zone')
  expect(await refused('user-access', { from: '2026-02-01', to: '2026-01-01' })).toContain('before `to`')
})

it('an auditor makes reports and a viewer does not; masks and limits hold', async () => {
  const strict = await StrictIndexer.start({ masked: { auditor: ['source.ip'] } })
  ends.push(() => strict.end())
  const agent = await TestAgent.enrolled(strict.indexer.url)
  const event = (entity: string) =>
    agent.event({
      source: { ip: '203.0.113.9' },
      audit: { category: 'change', entity: { type: entity, id: `${entity}-1`, name: entity } },
    })
  await agent.send(strict.indexer.url, agent.seal([event('Invoice'), event('Salary')]))
  const viewer = await strict.person('veronica', 'viewer')
  const auditor = await strict.person('alan', 'auditor')
  const clerk = await strict.person('clerk', 'auditor', { entities: ['Invoice'] })
  const manager = await strict.person('mary', 'manager')
  const ask = { json: { report: 'user-access', parameters: { ...JANUARY } } }
  for (const path of ['/v1/reports', '/v1/coverage']) expect(await viewer.status(path)).toBe(403)
  expect(await viewer.status('/v1/reports/preview', ask)).toBe(403)
  const shown = async (person: typeof auditor) =>
    (await person.ask('/v1/reports/preview', ask)).json as unknown as ReportPreviewShape
  const whole = await shown(manager)
  expect(JSON.stringify(whole)).toContain('203.0.113.9')
  expect(whole.rows?.count).toBe(2)
  const masked = await shown(auditor)
  expect(JSON.stringify(masked)).not.toContain('203.0.113.9')
  expect(masked.rows?.count).toBe(2)
  expect(masked.facts).toContainEqual({ name: 'Masked fields', text: 'source.ip' })
  expect(masked.findings.find(({ title }) => title === 'From where')?.note).toContain(
    'This part is left out: source.ip is masked for your role',
  )
  const limited = await shown(clerk)
  expect(JSON.stringify(limited)).not.toContain('Salary')
  expect(limited.rows?.count).toBe(1)
  expect(limited.verdict.sentence).toContain('the requester may see only some events')
  // Figures of all events, and tables of whole records.
  expect(await clerk.status('/v1/coverage')).toBe(403)
  const health = (
    await clerk.ask('/v1/reports/preview', { json: { report: 'logging-health', parameters: JANUARY } })
  ).json as unknown as ReportPreviewShape
  expect(health.findings[0]).toMatchObject({ title: 'Agents', table: null })
})

it('coverage says which requirements have a source, and that no report was made yet', async () => {
  const world = await started()
  const { indexer, agent, tick } = world
  await agent.send(indexer.url, agent.seal([agent.event({ audit: { category: 'change' } })]))
  tick(Date.UTC(2026, 0, 10) + DAY)
  const { status, json } = await indexer.ask('/v1/coverage?from=2026-01-01&to=2026-01-31')
  expect(status).toBe(200)
  const { frameworks } = json as unknown as CoverageShape
  const iso = frameworks.find(({ id }) => id === 'iso-27001')
  const of = (control: string) => iso?.controls.find((one) => one.control === control)
  expect(of('A.5.15')).toMatchObject({ state: 'no-report', lacks: expect.stringContaining('User access') })
  expect(of('A.8.12')).toMatchObject({
    state: 'no-source',
    events: 0,
    lacks: expect.stringContaining('no source reports such events'),
  })
})
