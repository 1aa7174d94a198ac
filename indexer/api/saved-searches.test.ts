import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MOST_SEARCHES } from '../accounts/saved-searches.ts'
import { type Person, StrictIndexer } from './testing/people.ts'

let strict: StrictIndexer
let anna: Person
let bob: Person
beforeAll(async () => {
  strict = await StrictIndexer.start()
  anna = await strict.person('anna', 'viewer')
  bob = await strict.person('bob', 'viewer')
})
afterAll(() => strict.end())

const names = async (person: Person): Promise<string[]> =>
  ((await person.ask('/v1/saved-searches')).json.searches as { name: string }[]).map(({ name }) => name)
const save = (person: Person, name: string, search: string) =>
  person.ask(`/v1/saved-searches/${encodeURIComponent(name)}`, { method: 'PUT', json: { search } })

describe('a saved search', () => {
  it('is found again by who saved it, after a new sign-in, and by nobody else', async () => {
    expect((await save(anna, 'failed: all', '?q=outcome%3A+failure')).status).toBe(200)
    expect(await names(anna)).toEqual(['failed: all'])
    expect(await names(bob)).toEqual([])
    await anna.signIn('anna')
    expect((await anna.ask('/v1/saved-searches')).json.searches).toEqual([
      {
        name: 'failed: all',
        search: '?q=outcome%3A+failure',
        saved: strict.now,
        owner: 'anna',
        shared: false,
        mayChange: true,
      },
    ])
  })

  it('takes the place of one of the same name, and can be forgotten once', async () => {
    await save(bob, 'mine', '?q=a')
    await save(bob, 'mine', '?q=b')
    expect((await bob.ask('/v1/saved-searches')).json.searches).toMatchObject([
      { name: 'mine', search: '?q=b' },
    ])
    expect(await bob.status('/v1/saved-searches/mine', { method: 'DELETE' })).toBe(204)
    expect(await bob.status('/v1/saved-searches/mine', { method: 'DELETE' })).toBe(404)
    expect(await names(bob)).toEqual([])
  })

  it('stands in the audit trail when it is saved and when it is forgotten', async () => {
    await save(bob, 'once', '')
    await bob.ask('/v1/saved-searches/once', { method: 'DELETE' })
    const told = await strict.trail('user.name: bob and audit.entity.name: once')
    expect(told.map(({ event }) => (event as { action: string }).action)).toEqual([
      'search-save',
      'search-forget',
    ])
  })

  it('is the end of an address of the console, and nothing else', async () => {
    for (const search of ['/elsewhere', 'https://evil.example/', '#?', 'x'.repeat(9000)])
      expect((await save(bob, 'bad', search)).status, search.slice(0, 30)).toBe(400)
    expect(await names(bob)).toEqual([])
  })

  it('is one of so many at most, and asking for more says so', async () => {
    const many = await strict.person('many', 'viewer')
    for (let i = 0; i < MOST_SEARCHES; i++) await save(many, `search ${i}`, '')
    const refused = await save(many, 'one more', '')
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('delete some')])
    expect((await save(many, 'search 7', '?q=again')).status).toBe(200)
  })

  it('goes with its user: who comes under the same name has none', async () => {
    await save(bob, 'left behind', '')
    const operator = await strict.operator()
    await strict.indexer.ask('/v1/users/bob', { method: 'DELETE', headers: operator })
    expect(await names(await strict.person('bob', 'viewer'))).toEqual([])
  })
})

describe('a shared search', () => {
  const share = (person: Person, name: string, json: object, owner?: string) =>
    person.ask(
      `/v1/saved-searches/${encodeURIComponent(name)}${owner === undefined ? '' : `?owner=${owner}`}`,
      { method: 'PUT', json },
    )
  const found = async (person: Person, wanted: string) =>
    ((await person.ask('/v1/saved-searches')).json.searches as Record<string, unknown>[]).find(
      ({ name }) => name === wanted,
    )

  it('is seen by all with the name of its owner, until it is private again', async () => {
    const reader = await strict.person('reader', 'viewer')
    await share(anna, 'night', { search: '?q=night', shared: true })
    expect(await found(reader, 'night')).toMatchObject({
      owner: 'anna',
      search: '?q=night',
      shared: true,
      mayChange: false,
    })
    // What is saved again stays shared.
    await share(anna, 'night', { search: '?q=later' })
    expect(await found(reader, 'night')).toMatchObject({ search: '?q=later' })
    await share(anna, 'night', { search: '?q=later', shared: false })
    expect(await found(reader, 'night')).toBeUndefined()
  })

  it('can be changed by its owner and managers, and by nobody else', async () => {
    const other = await strict.person('other', 'auditor')
    const mona = await strict.person('mona', 'manager')
    await share(anna, 'exports', { search: '?q=a', shared: true })
    await share(anna, 'secret', { search: '?q=s' })
    const refused = await share(other, 'exports', { search: '?q=b' }, 'anna')
    expect([refused.status, refused.text]).toEqual([
      403,
      expect.stringContaining('only its owner and managers'),
    ])
    expect(await other.status('/v1/saved-searches/exports?owner=anna', { method: 'DELETE' })).toBe(403)
    // A private one is as if it was not there, also for managers.
    for (const person of [other, mona])
      expect((await share(person, 'secret', { search: '?q=b' }, 'anna')).status).toBe(404)

    expect((await share(mona, 'exports', { search: '?q=c' }, 'anna')).json).toMatchObject({
      owner: 'anna',
      shared: true,
    })
    expect(await found(anna, 'exports')).toMatchObject({ search: '?q=c', owner: 'anna' })
    expect(await names(mona)).not.toContain('secret')
    expect(await mona.status('/v1/saved-searches/exports?owner=anna', { method: 'DELETE' })).toBe(204)
    expect(await names(anna)).not.toContain('exports')
    const [told] = await strict.trail('user.name: mona and event.action: search-forget')
    expect(told).toMatchObject({ audit: { entity: { id: 'anna/exports' } } })
  })

  it('is not shown to users who see only some events: it may name what is hidden from them', async () => {
    await share(anna, 'of all', { search: '?q=user%3A+hidden', shared: true })
    const limited = await strict.person('limited', 'manager', { namespaces: ['acme'] })
    expect(await names(limited)).toEqual([])
    expect((await share(limited, 'of all', { search: '?q=b' }, 'anna')).status).toBe(404)
  })
})
