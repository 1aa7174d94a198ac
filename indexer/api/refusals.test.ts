import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestAgent } from '../ingest/testing.ts'
import type { Act } from '../ingest/trail.ts'
import { MOST_ADDRESSES, Refusals, type Refused } from './refusals.ts'
import { StrictIndexer } from './testing/people.ts'

describe('refusals are counted', () => {
  const start = (): { clock: { now: number }; told: Act[]; refusals: Refusals } => {
    const clock = { now: Date.UTC(2026, 0, 1) }
    const told: Act[] = []
    const refusals = new Refusals({ note: (act) => void told.push(act) }, () => clock.now)
    return { clock, told, refusals }
  }
  const refused = (address: string, more: Partial<Refused> = {}): Refused => ({
    ...{ address, kind: 'forbidden', route: 'GET /v1/users', reason: 'You may not.', by: null },
    ...more,
  })

  it('by address and minute: a flood from one address is one event a minute', () => {
    const { clock, told, refusals } = start()
    for (let second = 0; second < 180; second++) {
      for (let i = 0; i < 50; i++)
        refusals.note(refused('203.0.113.5', { kind: i === 0 ? 'token' : 'forbidden' }))
      clock.now += 1000
    }
    refusals.close()
    expect(told.map(({ count }) => count)).toEqual([3000, 3000, 3000])
    expect(told[0]).toMatchObject({
      by: { name: 'unknown', address: '203.0.113.5' },
      payload: { forbidden: 2940, token: 60, routes: ['GET /v1/users'] },
    })
  })

  it('together beyond so many addresses: none is lost, and memory and events are bounded', () => {
    const { clock, told, refusals } = start()
    for (let i = 0; i < 20_000; i++) refusals.note(refused(`2001:db8::${i.toString(16)}`))
    clock.now += 60_000
    refusals.note(refused('192.0.2.1'))
    expect(told).toHaveLength(MOST_ADDRESSES + 1)
    expect(told.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(20_000)
    expect(told.at(-1)).toMatchObject({ count: 20_000 - MOST_ADDRESSES, by: { name: 'unknown' } })
    expect(told.at(-1)?.by.address).toBeUndefined()
    refusals.close()
    expect(told.at(-1)?.by.address).toBe('192.0.2.1')
  })

  it('with what was asked in bounds: many routes, long reasons and many names fit one event', () => {
    const { told, refusals } = start()
    for (let i = 0; i < 500; i++)
      refusals.note(
        refused('192.0.2.1', { route: `GET /${i}`, reason: `${i} ${'x'.repeat(5000)}`, by: `user-${i}` }),
      )
    refusals.close()
    expect(told).toHaveLength(1)
    expect(JSON.stringify(told).length).toBeLessThan(10_000)
  })

  it('also where the clock is set back', () => {
    const { clock, told, refusals } = start()
    refusals.note(refused('192.0.2.1'))
    clock.now -= 3_600_000
    refusals.note(refused('192.0.2.1'))
    expect(told).toHaveLength(1)
    refusals.close()
  })
})

describe('of a running indexer the trail has', () => {
  let strict: StrictIndexer
  beforeAll(async () => {
    strict = await StrictIndexer.start()
  })
  afterAll(() => strict.end())

  interface Told {
    user: { name: string }
    source: { ip: string }
    event: { outcome: string }
    audit: { category: string; record_count: number; payload: Record<string, unknown> }
  }
  const told = async (query: string): Promise<Told[]> => {
    strict.pass(61_000)
    const find = async () =>
      (await strict.trail(`event.action: requests-refused and ${query}`)) as unknown as Told[]
    await expect.poll(find).not.toEqual([])
    return find()
  }

  it('what a user may not do and tried, with who it was', async () => {
    const viewer = await strict.person('nosy', 'viewer')
    for (const path of ['/v1/users', '/v1/users', '/v1/export?format=csv', '/v1/users/admin'])
      expect(await viewer.status(path)).toBe(403)
    expect(await told('user.name: nosy')).toMatchObject([
      {
        source: { ip: '127.0.0.1' },
        event: { outcome: 'failure' },
        audit: {
          category: 'security',
          record_count: 4,
          payload: {
            forbidden: 4,
            names: ['nosy'],
            routes: ['GET /v1/users', 'GET /v1/export', 'GET /v1/users/:name'],
          },
        },
      },
    ])
  })

  it('tokens that nobody knows, and not the tokens', async () => {
    for (let i = 0; i < 3; i++) {
      const headers = { authorization: `Bearer guessed-token-number-${i}` }
      expect((await strict.indexer.ask('/v1/search', { headers })).status).toBe(401)
    }
    const [event] = await told('audit.payload.token: 3')
    expect(event?.audit.record_count).toBe(3)
    expect(JSON.stringify(event)).not.toContain('guessed-token')
  })

  it('waybills that were refused, and who enrolled in vain', async () => {
    const stranger = new TestAgent()
    const { status } = await stranger.send(strict.indexer.url, stranger.seal(stranger.events(1)))
    expect(status).toBe(401)
    const enrolled = await stranger.enroll(strict.indexer.url, 'wbe_a-token-that-nobody-made')
    expect(enrolled.status).toBeGreaterThanOrEqual(401)
    expect((await told('audit.payload.waybill: 1'))[0]?.audit.payload.routes).toContain('POST /v1/waybills')
  })

  it('nothing of who is only not signed in: the console asks so before each sign-in', async () => {
    const before = (await strict.trail('event.action: requests-refused')).length
    expect((await strict.indexer.ask('/v1/session')).status).toBe(401)
    strict.pass(61_000)
    const viewer = await strict.person('late', 'viewer')
    await viewer.status('/v1/users')
    await told('user.name: late')
    expect(await strict.trail('event.action: requests-refused')).toHaveLength(before + 1)
  })
})
