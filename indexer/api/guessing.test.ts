import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, TestAgent, until } from '../ingest/testing.ts'
import { codeOf } from './testing/authenticator.ts'
import { PASSWORD, Person, StrictIndexer } from './testing/people.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const ELSEWHERE = '203.0.113.9'
const OTHER = '198.51.100.7'

let strict: StrictIndexer
beforeEach(async () => {
  strict = await StrictIndexer.start({ proxies: ['127.0.0.1'] })
})
afterEach(() => strict.end())

const at = (address: string) => new Person(strict.indexer, address)
const guess = (name: string, address: string, password = 'a wrong one'): Promise<Answer> =>
  at(address).signIn(name, password)

describe('who guesses the password of a name', () => {
  it('waits longer each time, wherever they come from, while the owner signs in as before', async () => {
    const owner = await strict.person('grace', 'viewer')
    for (let i = 0; i < 5; i++) expect((await guess('GRACE', `203.0.113.${i}`)).status).toBe(401)
    const waits: number[] = []
    for (let i = 0; i < 6; i++) {
      const early = await guess('grace', OTHER, PASSWORD)
      expect(early.status).toBe(429)
      waits.push(Number(early.headers['retry-after']))
      strict.pass(Number(early.headers['retry-after']) * 1000)
      expect((await guess('grace', OTHER)).status).toBe(401)
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 64])

    // The right password is refused, too: an attacker who has found it can't sign in from that address.
    await until(
      async () =>
        (await strict.indexer.ask('/v1/users/grace', { headers: await strict.operator() })).json.locked,
      (locked) => JSON.stringify(locked).includes('failed sign-ins in a row'),
    )
    strict.pass(2 * MINUTE + 8000)
    expect((await guess('grace', ELSEWHERE, PASSWORD)).status).toBe(401)
    // The owner is not affected at an address of an earlier sign-in.
    expect(await owner.status('/v1/session')).toBe(200)
    expect((await new Person(strict.indexer).signIn('grace')).status).toBe(200)
    expect((await owner.step('/v1/session/second-factor/offer', { password: PASSWORD })).status).toBe(200)
  })

  it('gets no more tries by many at once', async () => {
    await strict.person('heidi', 'viewer')
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => guess('heidi', `203.0.113.${i}`, `guess ${i}`)),
    )
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(25)
  })

  it('is told the same of a name that nobody has', async () => {
    await strict.person('ivan', 'viewer')
    for (let i = 0; i < 8; i++) {
      const [known, unknown] = [await guess('ivan', ELSEWHERE), await guess('nobody-there', OTHER)]
      expect([known.status, known.text]).toEqual([unknown.status, unknown.text])
    }
  })

  it('does not keep the owner from the second factor, nor does who guesses its codes', async () => {
    const owner = await strict.person('judy', 'viewer')
    const { json } = await owner.step('/v1/session/second-factor/offer', { password: PASSWORD })
    const code = () => codeOf(String(json.secret), strict.now)
    expect((await owner.step('/v1/session/second-factor/confirm', { code: code() })).status).toBe(200)
    // Somebody who knows the password.
    const thief = at(ELSEWHERE)
    let last = 0
    for (let i = 0; i < 6; i++) {
      expect((await thief.signIn('judy')).json.wants).toBe('second-factor')
      last = (await thief.step('/v1/session/second-factor', { code: String(100_000 + i) })).status
    }
    expect(last).toBe(429)
    strict.pass(MINUTE / 2)
    const again = new Person(strict.indexer)
    await again.signIn('judy')
    expect((await again.step('/v1/session/second-factor', { code: code() })).json.wants).toBeNull()
  })
})

describe('tokens', () => {
  it('that are good are never refused because of bad ones from the same address', async () => {
    const wrong = { authorization: 'Bearer wrong' }
    const person = await strict.person('karl', 'viewer')
    const made = await person.step('/v1/tokens', { name: 'mine', scopes: ['search'] })
    const program = await strict.indexer.ask('/v1/session', {
      json: { name: 'karl', password: PASSWORD, for: 'program' },
    })
    let status = 401
    for (let i = 0; i < 20 && status === 401; i++)
      status = (await strict.indexer.ask('/v1/search', { headers: wrong })).status
    expect(status).toBe(429)
    for (const token of [made.json.token, program.json.token])
      expect(
        (await strict.indexer.ask('/v1/search', { headers: { authorization: `Bearer ${token}` } })).status,
      ).toBe(200)
    const headers = await strict.operator()
    expect((await strict.indexer.ask('/v1/users', { headers })).status).toBe(200)
  })

  it('are limited for each owner, and what has expired makes room', async () => {
    const [person, other] = [await strict.person('lena', 'viewer'), await strict.person('mona', 'viewer')]
    const make = (owner: Person, expiresSeconds: number) =>
      owner.ask('/v1/tokens', { json: { name: 'one of many', scopes: ['search'], expiresSeconds } })
    const all = await Promise.all(Array.from({ length: 52 }, (_, i) => make(person, i < 10 ? 60 : 3600)))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(50)
    expect(all.filter(({ status }) => status === 409).map(({ json }) => json.detail)).toEqual(
      Array(2).fill('You have 50 tokens already: revoke unused ones.'),
    )
    expect((await make(other, 60)).status).toBe(200)
    strict.pass(2 * MINUTE)
    expect((await make(person, 3600)).status).toBe(200)
  })
})

describe('the address of who asks', () => {
  const sessions = async (person: Person) =>
    ((await person.ask('/v1/sessions')).json.sessions as { address: string }[]).map(({ address }) => address)

  it('is what a trusted proxy says, however much a client puts before it', async () => {
    await strict.person('nora', 'viewer')
    const nora = at(`192.0.2.1, 127.0.0.1, ${ELSEWHERE}`)
    await nora.signIn('nora')
    expect(await sessions(nora)).toContain(ELSEWHERE)
    const [last] = (await strict.trail('event.action: sign-in and user.name: nora')).slice(-1)
    expect(last).toMatchObject({ source: { ip: ELSEWHERE } })
    const broken = at('not an address')
    await broken.signIn('nora')
    expect(await sessions(broken)).toContain('127.0.0.1')
  })

  it('is that of the connection where no proxy is trusted, or another one', async () => {
    for (const proxies of [[], ['192.0.2.0/24']]) {
      const plain = await StrictIndexer.start({ proxies })
      try {
        const made = await plain.person('olga', 'viewer')
        const olga = new Person(plain.indexer, ELSEWHERE)
        await olga.signIn('olga')
        expect(new Set(await sessions(olga))).toEqual(new Set(['127.0.0.1']))
        expect(await made.status('/v1/session')).toBe(200)
      } finally {
        await plain.end()
      }
    }
  })
})

describe('a change of what somebody signs in with', () => {
  /** Somebody else who got in before. */
  async function intruded(name: string) {
    const owner = await strict.person(name, 'viewer')
    const intruder = at(ELSEWHERE)
    await intruder.signIn(name)
    const token = await intruder.step('/v1/tokens', { name: 'left behind', scopes: ['search'] })
    const headers = { authorization: `Bearer ${token.json.token}` }
    const isIn = async () => [
      await intruder.status('/v1/session'),
      (await strict.indexer.ask('/v1/search', { headers })).status,
    ]
    expect(await isIn()).toEqual([200, 200])
    return { owner, isIn }
  }
  const factorOn = async (owner: Person, more: object) => {
    const { json } = await owner.step('/v1/session/second-factor/offer', { password: PASSWORD })
    const code = codeOf(String(json.secret), strict.now)
    return owner.step('/v1/session/second-factor/confirm', { code, ...more })
  }

  it('ends the other sessions, and the tokens where that is asked for', async () => {
    for (const [tokens, left] of [
      ['keep', 200],
      ['revoke', 401],
    ] as const) {
      const on = await intruded(`on-${tokens}`)
      expect((await factorOn(on.owner, { tokens })).status).toBe(200)
      expect(await on.isIn()).toEqual([401, left])
      expect(await on.owner.status('/v1/session')).toBe(200)

      const changed = await intruded(`changed-${tokens}`)
      const password = { current: PASSWORD, password: 'another good sentence of mine', tokens }
      expect((await changed.owner.step('/v1/session/password', password)).status).toBe(200)
      expect(await changed.isIn()).toEqual([401, left])

      const reset = await intruded(`reset-${tokens}`)
      const headers = await strict.operator()
      await strict.indexer.ask(`/v1/users/reset-${tokens}/reset`, { headers, json: { tokens } })
      expect(await reset.isIn()).toEqual([401, left])
    }
  })

  it('also where the second factor is taken off', async () => {
    const owner = await strict.person('pia', 'viewer')
    await factorOn(owner, {})
    const half = at(ELSEWHERE)
    await half.signIn('pia')
    const off = { password: PASSWORD, tokens: 'revoke' }
    expect((await owner.ask('/v1/session/second-factor/remove', { json: off })).status).toBe(204)
    expect(await half.status('/v1/session')).toBe(401)
    expect(await owner.status('/v1/session')).toBe(200)
  })

  it('takes no password that programs try first, nor one with a name that belongs to it', async () => {
    const headers = await strict.operator()
    const json = { name: 'quentin', fullName: 'Quentin Harrowgate', role: 'viewer' }
    const made = await strict.indexer.ask('/v1/users', { headers, json })
    const person = new Person(strict.indexer)
    await person.signIn('quentin', String(made.json.password))
    const refusal = async (password: string) => {
      const { status, json } = await person.step('/v1/session/password', { password })
      expect(status, password).toBe(400)
      return json.detail
    }
    for (const password of [
      'password1234',
      'P@ssw0rd!2024',
      'qwertyuiop123',
      'letmein-letmein',
      'PurpleDragon1987',
      '1qaz2wsx3edc',
      'iloveyou!!123456',
    ])
      expect(await refusal(password)).toContain('This password is too common')
    expect(await refusal('harrowgate rides again')).toContain("the user's name")
    expect(await refusal('my QUENTIN is a nice one')).toContain("the user's name")
    expect(await refusal('the waybill of tomorrow')).toContain('the word Waybill')
    expect((await person.step('/v1/session/password', { password: PASSWORD })).status).toBe(200)
  })
})

describe('a clock that is set back', () => {
  it('revives nothing that has ended, in one run and after a restart', async () => {
    const headers = await strict.operator()
    const person = await strict.person('rosa', 'viewer')
    const made = await person.step('/v1/tokens', { name: 'short', scopes: ['search'], expiresSeconds: 3600 })
    const enrol = await strict.indexer.ask('/v1/agents/tokens', { headers, json: {} })
    const { json } = await person.step('/v1/session/second-factor/offer', { password: PASSWORD })
    const used = codeOf(String(json.secret), strict.now)
    expect((await person.step('/v1/session/second-factor/confirm', { code: used })).status).toBe(200)
    const given = await strict.indexer.ask('/v1/users', { headers, json: { name: 'late', role: 'viewer' } })
    const ended = async () => {
      const token = { authorization: `Bearer ${made.json.token}` }
      const enrolled = await new TestAgent().enroll(strict.indexer.url, String(enrol.json.token))
      const half = new Person(strict.indexer)
      await half.signIn('rosa')
      return {
        session: await person.status('/v1/session'),
        token: (await strict.indexer.ask('/v1/search', { headers: token })).status,
        enrolment: enrolled.json.detail,
        code: (await half.step('/v1/session/second-factor', { code: used })).status,
        password: (await new Person(strict.indexer).signIn('late', String(given.json.password))).status,
      }
    }
    const all = {
      session: 401,
      token: 401,
      enrolment: 'The enrolment token has expired.',
      code: 401,
      password: 401,
    }
    strict.pass(8 * DAY)
    expect(await ended()).toEqual(all)
    strict.pass(-8 * DAY)
    expect(await ended()).toEqual(all)
    await (await strict.away())()
    expect(await ended()).toEqual(all)
    expect(JSON.stringify(strict.indexer.log)).toContain(
      's behind the latest time that this indexer has seen',
    )
  })

  it('shortens and lengthens no delay', async () => {
    await strict.person('sven', 'viewer')
    for (let i = 0; i < 5; i++) await guess('sven', `203.0.113.${i}`)
    const wait = async () => (await guess('sven', OTHER)).headers['retry-after']
    expect(await wait()).toBe('2')
    strict.pass(-DAY)
    expect(await wait()).toBe('2')
  })
})
