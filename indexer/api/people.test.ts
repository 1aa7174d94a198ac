import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OnePersonShape } from '../../schema/api/index.ts'
import { TestAgent } from '../ingest/testing.ts'
import { type Person, StrictIndexer } from './testing/people.ts'

let strict: StrictIndexer
let viewer: Person
let manager: Person
/** Sees invoices only. */
let clerk: Person

beforeAll(async () => {
  strict = await StrictIndexer.start()
  const agent = await TestAgent.enrolled(strict.indexer.url)
  const event = (module: string, user: object, action = 'Update') => {
    const made = agent.event({ user, audit: { category: 'change', entity: { type: 'Invoice', id: 'i-1' } } })
    Object.assign(made.event as object, { module, action, type: ['change'] })
    return made
  }
  const sent = await agent.send(
    strict.indexer.url,
    agent.seal([
      event('erp', { name: 'John Smith', id: 'U-1', email: 'john@x.example' }),
      event('erp', { name: 'John Smith' }),
      event('strapi', { name: 'J. Smith', email: 'john@x.example' }, 'entry.update'),
      event('linux-auth', { name: 'jsmith' }),
      event('erp', { name: 'System' }, 'PUT'),
    ]),
  )
  expect(sent.json.stored).toBe(5)
  viewer = await strict.person('vera', 'viewer')
  manager = await strict.person('mia', 'manager')
  clerk = await strict.person('clerk', 'auditor', { entities: ['Invoice'] })
})
afterAll(() => strict.end())

const ask = async (person: Person, path: string): Promise<Record<string, unknown>> => {
  const { status, json, text } = await person.ask(path)
  expect(status, text).toBe(200)
  return json
}
const idsOf = async (person: Person, q: string): Promise<number> => {
  const { events } = await ask(person, `/v1/search?limit=100&q=${encodeURIComponent(q)}`)
  return (events as unknown[]).length
}
const MODULE = 'not event.module: waybill'
const list = async (person: Person) => {
  const { people } = await ask(person, `/v1/people?q=${encodeURIComponent(MODULE)}`)
  return (people as { id: string; name: string; systems: string[]; count: number }[]).map(
    ({ id, name, systems, count }) => [id, name, systems, count],
  )
}

describe('people', () => {
  it('are listed with the number of their events in all systems', async () => {
    expect(await list(viewer)).toEqual([
      ['john@x.example', 'John Smith', ['erp', 'strapi'], 3],
      ['erp/System', 'System', ['erp'], 1],
      ['linux-auth/jsmith', 'jsmith', ['linux-auth'], 1],
    ])
  })

  it('have their accounts and the reasons why they are one person’s', async () => {
    const person = (await ask(viewer, '/v1/people/one?person=erp/U-1')) as unknown as OnePersonShape
    expect(person).toMatchObject({ id: 'john@x.example', listed: false })
    expect(person.accounts).toEqual([
      { system: 'erp', names: ['John Smith'], ids: ['U-1'], emails: ['john@x.example'] },
      { system: 'strapi', names: ['J. Smith'], ids: [], emails: ['john@x.example'] },
    ])
    expect(person.joins.map(({ reason }) => reason)).toContain(
      '1 event of strapi carries both john@x.example and strapi/J. Smith',
    )
    const { status, json } = await viewer.ask('/v1/people/one?person=nobody')
    expect([status, json.error]).toEqual([404, 'WB-NOT-FOUND'])
  })

  it('are found by a query, and counted by', async () => {
    expect(await idsOf(viewer, 'person: "John Smith"')).toBe(3)
    const { split } = (
      await viewer.ask('/v1/aggregate', {
        json: {
          q: MODULE,
          by: [
            { kind: 'values', field: 'person' },
            { kind: 'values', field: 'event.action' },
          ],
        },
      })
    ).json as { split: { buckets: { key: string; count: number; split: { buckets: unknown[] } }[] } }
    expect(split.buckets.map(({ key, count }) => [key, count])).toEqual([
      ['john@x.example', 3],
      ['erp/System', 1],
      ['linux-auth/jsmith', 1],
    ])
    expect(split.buckets[0]?.split.buckets).toEqual([
      { key: 'Update', count: 2 },
      { key: 'entry.update', count: 1 },
    ])
    const { values } = await ask(
      viewer,
      `/v1/fields/person/values?prefix=smi&q=${encodeURIComponent(MODULE)}`,
    )
    expect(values).toEqual([{ value: 'john@x.example', count: 3 }])
  })

  it('are joined by a decision of a manager, on the record, and parted by undoing it', async () => {
    const decision = {
      kind: 'same',
      one: { kind: 'email', value: 'john@x.example' },
      other: { kind: 'name', system: 'linux-auth', value: 'jsmith' },
    }
    expect((await viewer.ask('/v1/people/acts', { json: decision })).status).toBe(403)
    const made = await manager.ask('/v1/people/acts', { json: decision })
    expect(made.status, made.text).toBe(200)
    expect(await idsOf(viewer, 'person: john@x.example')).toBe(4)
    expect((await ask(viewer, '/v1/people/acts')).acts).toMatchObject([
      { by: 'mia', about: 'john@x.example and linux-auth/jsmith are one person' },
    ])
    expect(await idsOf(viewer, 'event.module: waybill and action: people-decide')).toBe(1)
    const { status } = await manager.ask(`/v1/people/acts/${made.json.id}`, { method: 'DELETE' })
    expect(status).toBe(204)
    expect(await idsOf(viewer, 'person: john@x.example')).toBe(3)
    expect(await idsOf(viewer, 'event.module: waybill and action: people-undo')).toBe(1)
    const again = await manager.ask(`/v1/people/acts/${made.json.id}`, { method: 'DELETE' })
    expect([again.status, again.json.error]).toEqual([404, 'WB-NOT-FOUND'])
  })

  it('are what a report is about, with all their accounts', async () => {
    const auditor = await strict.person('otto', 'auditor')
    const parameters = { from: '2000-01-01', to: '2100-01-01', people: ['John Smith'] }
    const { status, json, text } = await auditor.ask('/v1/reports/preview', {
      json: { report: 'user-access', parameters },
    })
    expect(status, text).toBe(200)
    expect(json).toMatchObject({
      scope: 'Events of John Smith with all their accounts in all systems, with any outcome.',
      query: expect.stringContaining('person: "John Smith"'),
      rows: { count: 3 },
    })
    const nobody = await auditor.ask('/v1/reports/preview', {
      json: { report: 'user-access', parameters: { ...parameters, people: ['Jon Smith'] } },
    })
    expect(nobody.text).toContain('no event has the person \\"Jon Smith\\"')
  })

  it('are not worked out for somebody who sees only some events: there a person is one account', async () => {
    expect(await idsOf(clerk, 'person: "John Smith"')).toBe(2)
    for (const path of ['/v1/people', '/v1/people/one?person=System', '/v1/people/acts'])
      expect([path, (await clerk.ask(path)).json.error]).toEqual([path, 'WB-LIMITED-VIEW'])
    const by = await clerk.ask('/v1/aggregate', { json: { by: [{ kind: 'values', field: 'person' }] } })
    expect(by.json.error).toBe('WB-LIMITED-VIEW')
    const verbs = await clerk.ask('/v1/aggregate', { json: { by: [{ kind: 'values', field: 'verb' }] } })
    expect(verbs.json).toMatchObject({ split: { buckets: [{ key: 'update', count: 5 }] } })
  })
})
