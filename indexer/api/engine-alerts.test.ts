import { afterAll, beforeAll, expect, it } from 'vitest'
import { TestAgent } from '../ingest/testing.ts'
import { type Person, StrictIndexer } from './testing/people.ts'

/** Alerts that the engine raises, as people see them. */

let strict: StrictIndexer
let agent: TestAgent
let rita: Person
beforeAll(async () => {
  strict = await StrictIndexer.start({}, { runsRules: true })
  agent = await TestAgent.enrolled(strict.indexer.url)
  rita = await strict.person('rita', 'auditor')
})
afterAll(() => strict.end())

const MINUTE = 60_000

/** An export by a user, and its alert. */
async function exported(name: string, records = 5000): Promise<Record<string, unknown>> {
  const plain = agent.event({ user: { name }, audit: { category: 'activity', record_count: records } })
  const event = { ...(plain.event as object), action: 'Export' }
  const at = new Date(strict.now).toISOString()
  await agent.send(strict.indexer.url, agent.seal([{ ...plain, '@timestamp': at, event }]))
  let found: Record<string, unknown> | undefined
  await expect
    .poll(async () => {
      const { json } = await rita.ask(`/v1/alerts?text=${name}`)
      found = (json.alerts as Record<string, unknown>[])[0]
      return found
    })
    .toBeDefined()
  return found ?? {}
}

it('are new until the user has looked, and the bell leaves no trace in the audit trail', async () => {
  const { id } = await exported('bob')
  const newest = { id, rule: 'Mass data export', priority: 'high', raised: strict.now }
  expect((await rita.ask('/v1/alerts/unseen')).json).toEqual({ unseen: 1, newest })
  expect(await rita.status('/v1/alerts/seen', { method: 'POST' })).toBe(204)
  expect((await rita.ask('/v1/alerts/unseen')).json).toEqual({ unseen: 0, newest: null })
  expect(await strict.trail('event.action: view and user.name: rita and unseen')).toEqual([])
})

it('name the query that finds their events, as long as their rule is the same', async () => {
  const alert = await exported('carl')
  const { json } = await rita.ask(`/v1/alerts/${alert.id}`)
  const found = await rita.ask(`/v1/search?q=${encodeURIComponent(String(json.query))}`)
  expect((found.json.events as { event: { id: string } }[]).map(({ event }) => event.id)).toEqual(
    alert.events,
  )
  const headers = await strict.operator()
  const rule = (await strict.indexer.ask('/v1/rules/mass-export', { headers })).json
  const text = String(rule.text).replaceAll('1000', '2000')
  await strict.indexer.ask('/v1/rules/mass-export', {
    method: 'PUT',
    headers,
    json: { text, version: rule.version },
  })
  expect((await rita.ask(`/v1/alerts/${alert.id}`)).json.query).toBeNull()
})

it('are assigned to users who may act on them', async () => {
  await strict.person('vera', 'viewer')
  expect((await rita.ask('/v1/alerts/responders')).json).toEqual({ responders: ['admin', 'rita'] })
})

it('that a screen shows again and again are one reading', async () => {
  for (let i = 0; i < 3; i++) await rita.ask('/v1/alerts?priority=critical')
  for (let i = 0; i < 3; i++) await rita.ask('/v1/incidents?priority=critical')
  const read = async () =>
    (await strict.trail('event.action: view and user.name: rita'))
      .filter((one) => JSON.stringify(one).includes('"priority":"critical"'))
      .map(({ message }) => message)
  await expect.poll(read).toEqual(['rita read the list of alerts.', 'rita read the list of incidents.'])
})

it('do not keep the session of a user awake who has left', async () => {
  const lea = await strict.person('lea', 'auditor')
  const unattended = { headers: { 'x-waybill-unattended': 'yes' } }
  strict.pass(20 * MINUTE)
  expect(await lea.status('/v1/alerts/unseen')).toBe(200)
  for (let i = 0; i < 2; i++) {
    strict.pass(14 * MINUTE)
    expect(await lea.status('/v1/alerts/unseen', unattended)).toBe(200)
  }
  strict.pass(3 * MINUTE)
  expect(await lea.status('/v1/alerts/unseen', unattended)).toBe(401)
})
