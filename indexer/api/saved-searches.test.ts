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
      { name: 'failed: all', search: '?q=outcome%3A+failure', saved: strict.now },
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
