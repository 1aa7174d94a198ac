import { request } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestAgent } from '../ingest/testing.ts'
import { CancelledError } from '../store/port.ts'
import { Turns } from './fair-shares.ts'
import { type Person, StrictIndexer } from './testing/people.ts'

/** Work that ends when the test ends it. */
function work(turns: Turns, user: string, gone?: AbortSignal) {
  const end = Promise.withResolvers<string>()
  const state = { begun: false, end: () => end.resolve(user) }
  const done = turns.run(user, gone, () => {
    state.begun = true
    return end.promise
  })
  done.catch(() => {})
  return Object.assign(state, { done })
}

describe('turns', () => {
  it('a user who asks for much waits behind the first question of each other one', async () => {
    const turns = new Turns('counts', { each: 1, all: 1 })
    const mine = [work(turns, 'eve'), work(turns, 'eve'), work(turns, 'eve')]
    const other = work(turns, 'jane')
    const third = work(turns, 'amir')
    const begun = () => [...mine, other, third].map((one) => one.begun)
    expect(begun()).toEqual([true, false, false, false, false])
    mine[0]?.end()
    await mine[0]?.done
    // The order of users is kept: eve had her turn, so she comes last.
    expect(begun()).toEqual([true, true, false, false, false])
    mine[1]?.end()
    await mine[1]?.done
    expect(begun()).toEqual([true, true, false, true, false])
    other.end()
    await other.done
    third.end()
    await third.done
    mine[2]?.end()
    expect(await mine[2]?.done).toBe('eve')
  })

  it('a user has only a part of what runs at once', () => {
    const turns = new Turns('counts', { each: 1, all: 2 })
    expect([work(turns, 'eve'), work(turns, 'eve'), work(turns, 'jane')].map(({ begun }) => begun)).toEqual([
      true,
      false,
      true,
    ])
  })

  it('what waits is bounded, for each user and for all', async () => {
    const turns = new Turns('counts', { each: 1, all: 1 }, { each: 2, all: 3 })
    const waiting = ['eve', 'eve', 'eve', 'jane'].map((user) => work(turns, user))
    const refusal = { status: 429, kind: 'busy', code: 'WB-TOO-MANY-QUERIES', retryAfter: 5 }
    await expect(work(turns, 'eve').done).rejects.toMatchObject({
      ...refusal,
      message: '2 counts of yours are waiting, which is the limit: try again later.',
    })
    await expect(work(turns, 'amir').done).rejects.toMatchObject({
      ...refusal,
      message: '3 counts of all users are waiting, which is the limit: try again in a moment.',
    })
    for (const one of waiting) one.end()
    await Promise.all(waiting.map(({ done }) => done))
    // A refused user may ask again.
    const again = work(turns, 'amir')
    again.end()
    expect(await again.done).toBe('amir')
  })

  it('who goes away gives up the place, and what failed gives up its own', async () => {
    const turns = new Turns('counts', { each: 1, all: 1 })
    const first = work(turns, 'eve')
    const gone = new AbortController()
    const left = work(turns, 'eve', gone.signal)
    const next = work(turns, 'eve')
    gone.abort()
    await expect(left.done).rejects.toBeInstanceOf(CancelledError)
    first.end()
    await first.done
    expect([left.begun, next.begun]).toEqual([false, true])
    next.end()
    await next.done
    await expect(turns.run('eve', undefined, () => Promise.reject(new Error('broken')))).rejects.toThrow(
      'broken',
    )
    const last = work(turns, 'eve')
    last.end()
    expect(await last.done).toBe('eve')
  })
})

describe('counts of a running indexer', () => {
  const WORDS = 'invoice payment order refund export login limit approve'.split(' ')
  /** A slow query: each condition must be looked up in each event, and none matches. */
  const HOSTILE = WORDS.flatMap((one) => WORDS.map((other) => `message: "${one} nothing ${other}"`))
  let strict: StrictIndexer
  let viewer: Person
  let other: Person

  beforeEach(async () => {
    strict = await StrictIndexer.start()
    const headers = await strict.operator()
    const { json } = await strict.indexer.ask('/v1/agents/tokens', { headers, json: {} })
    const agent = await TestAgent.enrolled(strict.indexer.url, String(json.token))
    const message = `${[...WORDS, 'nothing'].join(' ')} `.repeat(12)
    for (let i = 0; i < 10; i++) {
      const events = Array.from({ length: 2000 }, () => agent.event({ message }))
      await agent.send(strict.indexer.url, agent.seal(events))
    }
    viewer = await strict.person('eve', 'viewer')
    other = await strict.person('jane', 'viewer')
  }, 60_000)
  afterEach(() => strict.end())

  const count = (person: Person, json: object, signal?: AbortSignal) =>
    request(`${strict.indexer.url}/v1/aggregate`, {
      method: 'POST',
      headers: {
        cookie: person.cookie,
        'x-waybill-csrf': person.csrf,
        'content-type': 'application/json',
      },
      body: JSON.stringify(json),
      ...(signal && { signal }),
    }).then(async ({ statusCode, body }) => ({ statusCode, json: (await body.json()) as { count: number } }))

  it('six hostile ones of a viewer hold up nobody else, and stop when the viewer goes away', async () => {
    const gone = new AbortController()
    const answered: string[] = []
    const hostile = Array.from({ length: 6 }, () =>
      count(viewer, { q: HOSTILE.join(' or '), budget: 30_000 }, gone.signal).then(
        () => answered.push('hostile'),
        () => {},
      ),
    )
    const answer = await count(other, { q: 'action: login' })
    expect(answer).toMatchObject({ statusCode: 200, json: { count: 20_000 } })
    expect(answered).toEqual([])
    gone.abort()
    await Promise.all(hostile)
    // Were one of the six still counted, this would wait for it.
    expect(await count(viewer, { q: 'action: login' })).toMatchObject({ json: { count: 20_000 } })
    expect(answered).toEqual([])
  })
})
