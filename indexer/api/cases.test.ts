import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CasePin, CaseShape } from '../../schema/api/index.ts'
import { TestAgent, TestIndexer } from '../ingest/testing.ts'
import { partsOf } from '../reports/writers/testing/read-zip.ts'
import { type Person, StrictIndexer } from './testing/people.ts'

let strict: StrictIndexer
let anna: Person
let bob: Person
/** Sees invoices only. */
let clerk: Person
/** A role that sees no addresses: the managers of this indexer. */
let masked: Person
let admin: Person
const ids: Record<string, string> = {}
const IP = '203.0.113.77'

beforeAll(async () => {
  strict = await StrictIndexer.start({ masked: { manager: ['source.ip'] } })
  const agent = await TestAgent.enrolled(strict.indexer.url)
  const event = (entity: string, name: string) => {
    const made = agent.event({
      message: `looked at ${name}`,
      user: { name: 'jane' },
      source: { ip: IP },
      audit: { category: 'change', entity: { type: entity, id: name, name } },
    })
    ids[name] = String((made.event as { id: string }).id)
    return made
  }
  const events = [event('Invoice', 'inv-1'), event('Salary', 'sal-1')]
  expect((await agent.send(strict.indexer.url, agent.seal(events))).json.stored).toBe(2)
  anna = await strict.person('anna', 'auditor')
  bob = await strict.person('bob', 'auditor')
  clerk = await strict.person('clerk', 'auditor', { entities: ['Invoice'] })
  masked = await strict.person('mia', 'manager')
  admin = await strict.person('ada', 'admin')
})
afterAll(() => strict.end())

const asCase = (json: unknown): CaseShape => json as CaseShape
async function opened(by: Person, more: object = {}): Promise<CaseShape> {
  const { status, json, text } = await by.ask('/v1/cases', { json: { name: 'Export of customers', ...more } })
  expect(status, text).toBe(201)
  return asCase(json)
}
const pinned = (by: Person, { id }: { id: string }, ...pins: object[]) =>
  by.ask(`/v1/cases/${id}/pins`, { json: { pins } })
const changed = (by: Person, { id, version }: { id: string; version: number }, change: object) =>
  by.ask(`/v1/cases/${id}`, { method: 'PUT', json: { version, ...change } })
const read = async (by: Person, { id }: { id: string }): Promise<CaseShape> => {
  const { status, json, text } = await by.ask(`/v1/cases/${id}`)
  expect(status, text).toBe(200)
  return asCase(json)
}
const kinds = ({ items }: CaseShape): CasePin['kind'][] => items.map(({ kind }) => kind)

describe('a case', () => {
  it('has what is pinned to it, in its order, and says who did what', async () => {
    const one = await opened(anna, { about: 'Who took the list?' })
    const answer = await pinned(
      anna,
      one,
      { kind: 'event', event: ids['sal-1'], comment: 'the first' },
      { kind: 'search', name: 'All of jane', search: '?q=user%3Ajane' },
      { kind: 'note', text: 'Jane was on holiday.' },
    )
    expect(answer.status, answer.text).toBe(200)
    const found = await read(anna, one)
    expect(found).toMatchObject({ owner: 'anna', mine: true, state: 'open', pins: 3, version: 2 })
    expect(found.items).toMatchObject([
      {
        kind: 'event',
        by: 'anna',
        comment: 'the first',
        event: { event: { id: ids['sal-1'] }, source: { ip: IP } },
      },
      { kind: 'search', name: 'All of jane', search: '?q=user%3Ajane' },
      { kind: 'note', text: 'Jane was on holiday.' },
    ])
    expect(found.timeline.map(({ by, act }) => `${by} ${act}`)).toEqual([
      'anna opened',
      'anna pinned',
      'anna pinned',
      'anna pinned',
    ])
  })

  it('is seen by nobody else until it is shared, but by administrators', async () => {
    const one = await opened(anna)
    const listed = async (by: Person): Promise<string[]> =>
      ((await by.ask('/v1/cases')).json.cases as { id: string }[]).map(({ id }) => id)
    expect(await listed(bob)).not.toContain(one.id)
    for (const method of ['GET', 'DELETE'] as const)
      expect(await bob.status(`/v1/cases/${one.id}`, { method })).toBe(404)
    expect((await pinned(bob, one, { kind: 'note', text: 'mine' })).status).toBe(404)
    expect((await changed(bob, one, { name: 'mine' })).status).toBe(404)
    expect(await listed(admin)).toContain(one.id)
    await changed(anna, one, { shared: true })
    expect(await listed(bob)).toContain(one.id)
    expect((await pinned(bob, one, { kind: 'note', text: 'I help.' })).status).toBe(200)
    expect((await read(anna, one)).items).toMatchObject([{ kind: 'note', by: 'bob' }])
  })

  it('is for those who may investigate: a viewer gets none', async () => {
    const viewer = await strict.person('vera', 'viewer')
    expect(await viewer.status('/v1/cases')).toBe(403)
    expect(await viewer.status('/v1/cases', { json: { name: 'mine' } })).toBe(403)
  })

  it('is shared, handed over and removed by its owner alone', async () => {
    const one = await opened(anna, { shared: true })
    expect((await changed(bob, one, { shared: false })).status).toBe(403)
    expect((await changed(bob, one, { owner: 'bob' })).status).toBe(403)
    expect(await bob.status(`/v1/cases/${one.id}`, { method: 'DELETE' })).toBe(403)
    expect((await changed(anna, one, { owner: 'vera' })).status).toBe(400)
    expect((await changed(anna, one, { owner: 'bob' })).json).toMatchObject({ owner: 'bob', mine: false })
    expect(await bob.status(`/v1/cases/${one.id}`, { method: 'DELETE' })).toBe(204)
    expect(await bob.status(`/v1/cases/${one.id}`)).toBe(404)
  })

  it('takes no change of a version that is not the current one', async () => {
    const one = await opened(anna, { shared: true })
    expect((await changed(bob, one, { name: 'Second name' })).status).toBe(200)
    const late = await changed(anna, one, { name: 'Third name' })
    expect([late.status, late.json.code]).toEqual([412, 'changed'])
    expect((await read(anna, one)).name).toBe('Second name')
  })

  it('keeps pins that two people add at the same moment', async () => {
    const one = await opened(anna, { shared: true })
    const answers = await Promise.all(
      [anna, bob, anna, bob].map((by, index) => pinned(by, one, { kind: 'note', text: `note ${index}` })),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const texts = (await read(anna, one)).items.map((item) => (item.kind === 'note' ? item.text : ''))
    expect(texts.toSorted()).toEqual(['note 0', 'note 1', 'note 2', 'note 3'])
  })

  it('that is closed takes no pins until it is opened again', async () => {
    const one = await opened(anna)
    const closed = asCase((await changed(anna, one, { state: 'closed' })).json)
    expect((await pinned(anna, one, { kind: 'note', text: 'late' })).status).toBe(409)
    await changed(anna, closed, { state: 'open' })
    expect((await pinned(anna, one, { kind: 'note', text: 'late' })).status).toBe(200)
  })

  it('loses a pin by who pinned it, or by its owner, and its timeline keeps that', async () => {
    const one = await opened(anna, { shared: true })
    const { items } = asCase(
      (await pinned(anna, one, { kind: 'note', text: 'a' }, { kind: 'note', text: 'b' })).json,
    )
    const path = `/v1/cases/${one.id}/pins`
    expect(await bob.status(`${path}/${items[0]?.id}`, { method: 'DELETE' })).toBe(403)
    expect(await anna.status(`${path}/${items[0]?.id}`, { method: 'DELETE' })).toBe(200)
    expect(await anna.status(`${path}/${items[0]?.id}`, { method: 'DELETE' })).toBe(404)
    const after = await read(anna, one)
    expect(after.items).toMatchObject([{ kind: 'note', text: 'b' }])
    expect(after.timeline.at(-1)).toMatchObject({ act: 'unpinned', by: 'anna', pin: { id: items[0]?.id } })
  })

  it('shows somebody who may not see an event that one is pinned, and not what', async () => {
    const one = await opened(anna, { shared: true })
    await pinned(
      anna,
      one,
      { kind: 'event', event: ids['sal-1'], comment: 'the salary of jane' },
      { kind: 'event', event: ids['inv-1'] },
      { kind: 'search', name: 'Salaries', search: '?q=entity%3ASalary' },
    )
    const { text } = await clerk.ask(`/v1/cases/${one.id}`)
    expect(text).not.toMatch(/sal-1|salary|Salar|jane".*sal/)
    expect(kinds(await read(clerk, one))).toEqual(['hidden', 'event', 'hidden'])
    expect((await pinned(clerk, one, { kind: 'event', event: ids['sal-1'] })).status).toBe(404)
    const seen = await masked.ask(`/v1/cases/${one.id}`)
    expect(seen.text).not.toContain(IP)
    expect(kinds(asCase(seen.json))).toEqual(['event', 'event', 'hidden'])
  })

  it('takes no alert from somebody who may see none, and refuses what is not there', async () => {
    const one = await opened(anna)
    expect((await pinned(anna, one, { kind: 'alert', alert: 'none' })).json.code).toBe('not-found')
    expect((await pinned(anna, one, { kind: 'event', event: '0'.repeat(40) })).status).toBe(404)
    expect(
      (await pinned(anna, one, { kind: 'search', name: 'bad', search: 'https://evil.example/' })).status,
    ).toBe(400)
    expect((await pinned(anna, one)).status).toBe(400)
    expect((await read(anna, one)).items).toEqual([])
  })

  it('has each change in the audit trail, and there no name while it is private', async () => {
    const one = await opened(anna, { name: 'Quiet matter' })
    const { items } = asCase((await pinned(anna, one, { kind: 'event', event: ids['inv-1'] })).json)
    await anna.ask(`/v1/cases/${one.id}/pins/${items[0]?.id}`, { method: 'DELETE' })
    const at3 = asCase(
      (await changed(anna, { id: one.id, version: 3 }, { shared: true, state: 'closed' })).json,
    )
    await changed(anna, at3, { name: 'Loud matter' })
    await anna.ask(`/v1/cases/${one.id}`, { method: 'DELETE' })
    const told = await strict.trail(`audit.entity.id: ${one.id} and event.action: case*`)
    expect(told.map(({ event }) => (event as { action: string }).action)).toEqual([
      'case-opened',
      'case-pinned',
      'case-unpinned',
      'case-closed',
      'case-shared',
      'case-renamed',
      'case-removed',
    ])
    expect(JSON.stringify(told)).not.toContain('Quiet matter')
    expect(JSON.stringify(told[1])).toContain(ids['inv-1'])
    expect(JSON.stringify(told.at(-1))).toContain('Loud matter')
  })

  it('is exported as its reader sees it, by those who may export', async () => {
    const one = await opened(anna, { shared: true })
    await pinned(
      anna,
      one,
      { kind: 'event', event: ids['sal-1'] },
      { kind: 'event', event: ids['inv-1'] },
      { kind: 'search', name: 'Salaries', search: '?q=entity%3ASalary' },
    )
    const bundle = async (by: Person) => {
      const answer = await fetch(`${strict.indexer.url}/v1/cases/${one.id}/bundle`, {
        headers: { cookie: by.cookie },
      })
      expect(answer.status).toBe(200)
      return partsOf(Buffer.from(await answer.arrayBuffer()))
    }
    const ofClerk = await bundle(clerk)
    expect(ofClerk.get('events.ndjson')).toContain('inv-1')
    expect([...ofClerk.values()].join()).not.toMatch(/sal-1|Salaries/)
    expect(ofClerk.get('README.md')).toContain('incomplete, because 2 pinned things are left out')
    const ofMasked = await bundle(masked)
    expect([...ofMasked.values()].join()).not.toContain(IP)
    expect([...ofMasked.keys()].filter((name) => name.startsWith('proofs/'))).toEqual([])
    expect(ofMasked.get('README.md')).toContain('some fields are masked')

    const { token } = (await anna.ask('/v1/tokens', { json: { name: 'pins', scopes: ['respond'] } })).json
    const headers = { authorization: `Bearer ${token}` }
    const asked = (path: string) => strict.indexer.ask(`/v1/cases/${one.id}${path}`, { headers })
    expect((await asked('')).status).toBe(200)
    expect((await asked('/bundle')).status).toBe(403)
    expect((await read(anna, one)).timeline.filter(({ act }) => act === 'exported')).toMatchObject([
      { by: 'clerk' },
      { by: 'mia' },
    ])
  })

  it('has a limit of pins, which keeps none of a request that goes beyond it', async () => {
    const one = await opened(anna)
    const notes = Array.from({ length: 100 }, (_, index) => ({ kind: 'note', text: `note ${index}` }))
    for (let round = 0; round < 5; round++) expect((await pinned(anna, one, ...notes)).status).toBe(200)
    const more = await pinned(anna, one, { kind: 'note', text: 'one more' })
    expect([more.status, more.json.code]).toEqual([409, 'refused'])
    expect((await read(anna, one)).items).toHaveLength(500)
  })
})

it('a pinned event outlives its tier, and a bundle then says that it has no proof', async () => {
  let now = Date.UTC(2026, 0, 1)
  const parts = { clock: () => now }
  const indexer = await TestIndexer.start({}, parts)
  try {
    const agent = await TestAgent.enrolled(indexer.url)
    // By the table of retention, views are searchable for 30 days.
    const event = agent.event({ message: 'looked at it', audit: { category: 'view' } })
    const { id: eventId } = event.event as { id: string }
    await agent.send(indexer.url, agent.seal([event]))
    const { id } = (await indexer.ask('/v1/cases', { json: { name: 'Old matter' } })).json
    const pins = [{ kind: 'event', event: eventId }]
    expect((await indexer.ask(`/v1/cases/${id}/pins`, { json: { pins } })).status).toBe(200)
    now += 60 * 86_400_000
    await indexer.stop()
    await indexer.run({}, parts)
    await expect
      .poll(async () => (await indexer.ask(`/v1/events/${eventId}`)).status, { timeout: 60_000 })
      .toBe(404)
    expect(asCase((await indexer.ask(`/v1/cases/${id}`)).json).items).toMatchObject([
      { kind: 'event', event: { message: 'looked at it' } },
    ])
    const answer = await fetch(`${indexer.url}/v1/cases/${id}/bundle`)
    const files = partsOf(Buffer.from(await answer.arrayBuffer()))
    expect(files.get('events.ndjson')).toContain('looked at it')
    expect(files.get('README.md')).toContain('The store does not have this event any more.')
  } finally {
    await indexer.end()
  }
})
