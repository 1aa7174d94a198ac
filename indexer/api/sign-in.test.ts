import { access, readFile, stat } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeAt, STEP_MS } from '../accounts/totp.ts'
import { askAt, TestIndexer } from '../ingest/testing.ts'
import { fromBase32 } from './testing/authenticator.ts'
import { PASSWORD, Person, StrictIndexer } from './testing/people.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let strict: StrictIndexer
beforeAll(async () => {
  strict = await StrictIndexer.start()
})
afterAll(() => strict.end())

/** The limit for an address is of another test. */
const nextMinute = (): void => strict.pass(MINUTE + 1)

describe('the first admin', () => {
  it('is made where there is no user, with a password in a file that only its owner can read', async () => {
    const fresh = await StrictIndexer.start()
    try {
      const { firstSignIn } = fresh.indexer.running
      expect(firstSignIn).toMatchObject({ name: 'admin', file: fresh.file('first-sign-in') })
      const password = await fresh.firstPassword()
      expect(password).toBe(firstSignIn?.password)
      expect((await stat(fresh.file('first-sign-in'))).mode & 0o777).toBe(0o600)
      expect(JSON.stringify(fresh.indexer.log)).toContain('first-sign-in')
      expect(JSON.stringify(fresh.indexer.log)).not.toContain(password)

      const admin = new Person(fresh.indexer)
      expect((await admin.signIn('admin', password)).json.wants).toBe('new-password')
      // Good for nothing but to be changed.
      for (const path of ['/v1/users', '/v1/search', '/v1/tokens', '/v1/sessions'])
        expect(await admin.status(path), path).toBe(403)
      expect((await admin.step('/v1/session/password', { password: PASSWORD })).json.wants).toBeNull()
      expect(await admin.status('/v1/users')).toBe(200)
      await expect(access(fresh.file('first-sign-in'))).rejects.toThrow()
      expect((await new Person(fresh.indexer).signIn('admin', password)).status).toBe(401)

      await fresh.indexer.stop()
      await fresh.indexer.run({ read: 'token', manage: 'token' })
      expect(fresh.indexer.running.firstSignIn).toBeNull()
    } finally {
      await fresh.end()
    }
  })
})

describe('the first admin of the demo', () => {
  it('looks before choosing a password, is asked to choose one, and nobody else is spared', async () => {
    const demo = await StrictIndexer.start({ demo: true })
    try {
      const password = await demo.firstPassword()
      const admin = new Person(demo.indexer)
      expect((await admin.signIn('admin', password)).json).toMatchObject({ wants: null, firstPassword: true })
      expect(await admin.status('/v1/users')).toBe(200)
      const made = await admin.ask('/v1/users', { json: { name: 'vera', role: 'viewer' } })
      const vera = new Person(demo.indexer)
      expect((await vera.signIn('vera', String(made.json.password))).json).toMatchObject({
        wants: 'new-password',
        firstPassword: false,
      })

      // A real installation with the same store asks at once.
      await demo.indexer.stop()
      await demo.indexer.run({ read: 'token', manage: 'token', demo: false })
      expect((await admin.signIn('admin', password)).json.wants).toBe('new-password')
      expect((await admin.step('/v1/session/password', { password: PASSWORD })).json).toMatchObject({
        wants: null,
        firstPassword: false,
      })
      await expect(access(demo.file('first-sign-in'))).rejects.toThrow()
    } finally {
      await demo.end()
    }
  })
})

describe('the cookie', () => {
  it('is HttpOnly and SameSite=Strict, and on loopback without Secure', async () => {
    await strict.person('cora', 'viewer')
    const { headers } = await new Person(strict.indexer).signIn('cora')
    expect(headers['set-cookie']).toMatch(/^waybill=wbs_[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict$/)
  })

  it('has the prefix __Host- and Secure where TLS ends before the indexer', async () => {
    const cora = new Person(strict.indexer)
    const { headers } = await cora.ask('/v1/session', {
      json: { name: 'cora', password: PASSWORD },
      headers: { 'x-forwarded-proto': 'https' },
    })
    expect(headers['set-cookie']).toMatch(
      /^__Host-waybill=wbs_[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    )
  })

  it('that was tampered with, doubled, or is no session, opens nothing', async () => {
    const cora = new Person(strict.indexer)
    await cora.signIn('cora')
    expect(await cora.status('/v1/session')).toBe(200)
    const good = cora.cookie
    const last = good.endsWith('0') ? '1' : '0'
    for (const cookie of [
      good.slice(0, -1) + last,
      `${good}0`,
      good.toUpperCase(),
      `${good}; ${good}`,
      good.replace('waybill=', '__Host-waybill='),
      'waybill=',
      'waybill=wbs_',
      'waybill=__proto__',
    ]) {
      cora.cookie = cookie
      expect(await cora.status('/v1/session'), cookie).toBe(401)
    }
    const secret = good.replace('waybill=', '')
    const bearer = { authorization: `Bearer ${secret}` }
    expect((await strict.indexer.ask('/v1/session', { headers: bearer })).status).toBe(401)
    nextMinute()
  })

  it('stands in the store as a hash only, and in no answer and no line of the log', async () => {
    const cora = new Person(strict.indexer)
    const { text } = await cora.signIn('cora')
    const secret = cora.cookie.replace('waybill=wbs_', '')
    expect(text).not.toContain(secret)
    expect(JSON.stringify(strict.indexer.log)).not.toContain(secret)
    for (const file of ['control.db', 'control.db-wal'])
      expect((await readFile(strict.file(file))).includes(secret)).toBe(false)
  })
})

describe('a session', () => {
  it('gets a new secret at each sign-in: one that was brought along is not taken up', async () => {
    const eve = new Person(strict.indexer)
    await eve.signIn('cora')
    const planted = eve.cookie
    const victim = new Person(strict.indexer)
    victim.cookie = planted
    await victim.signIn('cora')
    expect(victim.cookie).not.toBe(planted)
    const made = `waybill=wbs_${'ab'.repeat(32)}`
    const other = new Person(strict.indexer)
    other.cookie = made
    await other.signIn('cora')
    expect(other.cookie).not.toBe(made)
  })

  it('ends when the same browser signs in anew, whoever it is then', async () => {
    const browser = new Person(strict.indexer)
    await browser.signIn('cora')
    const before = new Person(strict.indexer)
    before.cookie = browser.cookie
    await browser.signIn('cora')
    expect(await before.status('/v1/session')).toBe(401)
    expect(await browser.status('/v1/session')).toBe(200)
  })

  it('ends after half an hour without a request, and after twelve hours in any case', async () => {
    const cora = new Person(strict.indexer)
    await cora.signIn('cora')
    strict.pass(29 * MINUTE)
    expect(await cora.status('/v1/session')).toBe(200)
    strict.pass(29 * MINUTE)
    expect(await cora.status('/v1/session')).toBe(200)
    strict.pass(31 * MINUTE)
    expect(await cora.status('/v1/session')).toBe(401)

    await cora.signIn('cora')
    for (let minutes = 0; minutes < 11 * 60; minutes += 20) {
      strict.pass(20 * MINUTE)
      expect(await cora.status('/v1/session')).toBe(200)
    }
    strict.pass(HOUR)
    expect(await cora.status('/v1/session')).toBe(401)
  })

  it('outlives a restart, with the time that is left of it', async () => {
    const fresh = await StrictIndexer.start()
    try {
      const rosa = await fresh.person('rosa', 'viewer')
      await fresh.indexer.stop()
      await fresh.indexer.run({ read: 'token', manage: 'token' }, { clock: () => fresh.now })
      expect(await rosa.status('/v1/session')).toBe(200)
      fresh.pass(13 * HOUR)
      expect(await rosa.status('/v1/session')).toBe(401)
    } finally {
      await fresh.end()
    }
  })

  it('ends with sign-out, and only this one; others of one’s own can be listed and ended', async () => {
    const [one, two] = [new Person(strict.indexer), new Person(strict.indexer)]
    await one.signIn('cora')
    const { cookie } = one
    await two.signIn('cora')
    const { sessions } = (await two.ask('/v1/sessions')).json as {
      sessions: { id: string; current: boolean }[]
    }
    expect(sessions.filter(({ current }) => current)).toHaveLength(1)
    const left = await one.ask('/v1/session', { method: 'DELETE' })
    expect(left.status).toBe(204)
    expect(left.headers['set-cookie']).toContain('Max-Age=0')
    one.cookie = cookie
    expect(await one.status('/v1/session')).toBe(401)
    expect(await two.status('/v1/session')).toBe(200)

    const third = new Person(strict.indexer)
    await third.signIn('cora')
    const mine = (await third.ask('/v1/sessions')).json.sessions as { id: string; current: boolean }[]
    for (const { id } of mine.filter(({ current }) => !current))
      expect(await third.status(`/v1/sessions/${id}`, { method: 'DELETE' })).toBe(204)
    expect(await two.status('/v1/session')).toBe(401)
    const stranger = await strict.person('dora', 'admin')
    const own = mine.find(({ current }) => current)
    expect(await stranger.status(`/v1/sessions/${own?.id}`, { method: 'DELETE' })).toBe(404)
  })

  const ends: Record<string, (headers: Record<string, string>, name: string) => Promise<unknown>> = {
    'a change of role': (headers, name) =>
      strict.indexer.ask(`/v1/users/${name}/role`, { headers, json: { role: 'auditor' } }),
    'a lock': (headers, name) => strict.indexer.ask(`/v1/users/${name}/lock`, { headers, json: {} }),
    'a reset by an admin': (headers, name) =>
      strict.indexer.ask(`/v1/users/${name}/reset`, { headers, json: {} }),
    'the removal of the user': (headers, name) =>
      strict.indexer.ask(`/v1/users/${name}`, { headers, method: 'DELETE' }),
  }
  let made = 0
  for (const [what, act] of Object.entries(ends)) {
    it(`ends with ${what}, for browsers and programs`, async () => {
      const name = `ends-${made++}`
      const person = await strict.person(name, 'viewer')
      const program = await strict.indexer.ask('/v1/session', {
        json: { name, password: PASSWORD, for: 'program' },
      })
      const headers = { authorization: `Bearer ${program.json.token}` }
      expect((await strict.indexer.ask('/v1/session', { headers })).status).toBe(200)
      await act(await strict.operator(), name)
      expect(await person.status('/v1/session')).toBe(401)
      expect((await strict.indexer.ask('/v1/session', { headers })).status).toBe(401)
      nextMinute()
    })
  }

  it('of a removed user is not that of one who gets the name later', async () => {
    const first = await strict.person('twice', 'viewer')
    await strict.indexer.ask('/v1/users/twice', { headers: await strict.operator(), method: 'DELETE' })
    await strict.person('twice', 'admin')
    expect(await first.status('/v1/session')).toBe(401)
  })

  it('ends everywhere with a change of the password, except where it was changed', async () => {
    const [here, there] = [await strict.person('paul', 'viewer'), new Person(strict.indexer)]
    await there.signIn('paul')
    const before = here.cookie
    const next = 'another sentence altogether'
    expect((await here.step('/v1/session/password', { password: next })).status).toBe(403)
    expect((await here.step('/v1/session/password', { current: PASSWORD, password: next })).status).toBe(200)
    expect(here.cookie).not.toBe(before)
    expect(await here.status('/v1/session')).toBe(200)
    expect(await there.status('/v1/session')).toBe(401)
    here.cookie = before
    expect(await here.status('/v1/session')).toBe(401)
    nextMinute()
    for (const [weak, why] of [
      ['short', 'at least 12'],
      ['aaaaaaaaaaaaaaaa', 'repeats'],
      ['paul has a password', "the user's name"],
      [next, 'the old one'],
    ] as const) {
      await here.signIn('paul', next)
      const refused = await here.step('/v1/session/password', { current: next, password: weak })
      expect([refused.status, refused.text.includes(why)], weak).toEqual([400, true])
    }
  })
})

describe('a page of another site', () => {
  const FOREIGN: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]

  it('can not change anything by the cookie, nor read', async () => {
    const cora = new Person(strict.indexer)
    await cora.signIn('cora')
    for (const headers of FOREIGN) {
      expect(await cora.status('/v1/session', { headers }), JSON.stringify(headers)).toBe(403)
      expect(await cora.status('/v1/session', { method: 'DELETE', headers })).toBe(403)
      const signIn = await cora.ask('/v1/session', { headers, json: { name: 'cora', password: PASSWORD } })
      expect(signIn.status).toBe(403)
    }
    const origin = new URL(strict.indexer.url).origin
    expect(await cora.status('/v1/session', { headers: { origin, 'sec-fetch-site': 'same-origin' } })).toBe(
      200,
    )
  })

  it('can not bring along what only a page of ours can know', async () => {
    const cora = new Person(strict.indexer)
    await cora.signIn('cora')
    const good = cora.csrf
    const other = new Person(strict.indexer)
    await other.signIn('cora')
    for (const csrf of ['', 'x', good.slice(1), other.csrf]) {
      cora.csrf = csrf
      expect(await cora.status('/v1/session', { method: 'DELETE' })).toBe(403)
      expect(await cora.status('/v1/tokens', { json: { name: 'x', scopes: ['search'] } })).toBe(403)
    }
    cora.csrf = good
    expect(await cora.status('/v1/session', { method: 'DELETE' })).toBe(204)
  })

  it('is told to load nothing, frame nothing and guess nothing, whatever the answer', async () => {
    for (const path of ['/healthz', '/v1/search', '/v1/nowhere', '/v1/session', '/..%2f..%2fetc/passwd']) {
      const { headers } = await strict.indexer.ask(path)
      expect(headers['content-security-policy'], path).toContain("default-src 'none'; script-src 'self'")
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(headers['content-security-policy']).not.toMatch(/unsafe|\*/)
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['referrer-policy']).toBe('no-referrer')
      expect(headers['cache-control']).toBe('no-store')
    }
  })
})

it('no path leads to a file', async () => {
  for (const path of [
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2f..%2fetc%2fpasswd',
    '/v1/events/..%2f..%2findexer-key.pem',
    '/v1/users/..%2f..%2flocal-token',
    '//etc/passwd',
    '/local-token',
    '/first-sign-in',
  ]) {
    const headers = await strict.operator()
    const { status, text } = await askAt(strict.indexer.url, path, { headers })
    // If the console is built, its page answers paths that may be screens, and nothing else is served.
    if (status === 200) expect(text, path).toContain('<div id="root">')
    else expect([404, 400], path).toContain(status)
    expect(text).not.toMatch(/root:|wbl_|PRIVATE KEY/)
  }
})

describe('who guesses', () => {
  it('is told the same of a wrong password, a name that is none, a locked user and a spent password', async () => {
    const headers = await strict.operator()
    await strict.person('locked', 'viewer')
    await strict.indexer.ask('/v1/users/locked/lock', { headers, json: {} })
    const made = await strict.indexer.ask('/v1/users', { headers, json: { name: 'late', role: 'viewer' } })
    strict.pass(8 * 24 * HOUR)
    const answers: unknown[] = []
    for (const [name, password] of [
      ['cora', 'wrong'],
      ['nobody-of-this-name', PASSWORD],
      ['__proto__', PASSWORD],
      ['locked', PASSWORD],
      ['late', String(made.json.password)],
    ] as const) {
      nextMinute()
      const { status, text, headers } = await new Person(strict.indexer).signIn(name, password)
      answers.push([status, text, headers['set-cookie'], headers['content-length']])
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(String(answers[0])).toMatch(/^401,.*Name or password is wrong/)
  })

  it('from one address is told to wait, whatever the names', async () => {
    nextMinute()
    const statuses: number[] = []
    for (let i = 0; i < 12; i++)
      statuses.push((await new Person(strict.indexer).signIn(`name-${i}`, 'x')).status)
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401))
    expect(statuses.slice(10)).toEqual([429, 429])
    nextMinute()
  })

  it('stands in the trail, without what was typed where a name belongs', async () => {
    nextMinute()
    await new Person(strict.indexer).signIn('hunter2-typed-as-a-name', 'x')
    const [last] = (await strict.trail('event.action: sign-in and event.outcome: failure')).slice(-1)
    expect(last).toMatchObject({ user: { name: 'unknown' }, source: { ip: '127.0.0.1' } })
    expect(JSON.stringify(last)).not.toContain('hunter2')
  })
})

describe('a second factor', () => {
  async function withFactor(name: string): Promise<{ person: Person; secret: Buffer; recovery: string[] }> {
    const person = await strict.person(name, 'viewer')
    expect((await person.step('/v1/session/second-factor/offer', { password: 'wrong' })).status).toBe(403)
    const { json } = await person.step('/v1/session/second-factor/offer', { password: PASSWORD })
    expect(json.uri).toMatch(new RegExp(`^otpauth://totp/Waybill:${name}\\?secret=[A-Z2-7]{32}&`))
    const secret = fromBase32(String(json.secret))
    expect((await person.step('/v1/session/second-factor/confirm', { code: '000000' })).status).toBe(400)
    const confirmed = await person.step('/v1/session/second-factor/confirm', { code: codeNow(secret) })
    return { person, secret, recovery: confirmed.json.recoveryCodes as string[] }
  }
  const codeNow = (secret: Buffer): string => codeAt(secret, Math.floor(strict.now / STEP_MS))

  it('is asked for at sign-in; without it the session is good for nothing', async () => {
    const { secret } = await withFactor('ivan')
    nextMinute()
    const ivan = new Person(strict.indexer)
    expect((await ivan.signIn('ivan')).json).toMatchObject({ wants: 'second-factor', permissions: [] })
    const half = ivan.cookie
    for (const path of ['/v1/search', '/v1/sessions', '/v1/tokens'])
      expect(await ivan.status(path), path).toBe(403)
    const password = { password: 'quite another sentence' }
    expect((await ivan.step('/v1/session/password', password)).status).toBe(403)
    expect((await ivan.step('/v1/session/second-factor', { code: '123456' })).status).toBe(401)
    expect((await ivan.step('/v1/session/second-factor', { code: codeNow(secret) })).json.wants).toBeNull()
    expect(ivan.cookie).not.toBe(half)
    expect(await ivan.status('/v1/search')).toBe(200)
    ivan.cookie = half
    expect(await ivan.status('/v1/session')).toBe(401)
  })

  it('takes each code once, and codes of recovery once each', async () => {
    const { secret, recovery } = await withFactor('judy')
    expect(recovery).toHaveLength(10)
    // 24 letters of 32: 120 bits.
    for (const code of recovery) expect(code).toMatch(/^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$/)
    nextMinute()
    const enter = async (code: string): Promise<number> => {
      const judy = new Person(strict.indexer)
      await judy.signIn('judy')
      return (await judy.step('/v1/session/second-factor', { code })).status
    }
    const code = codeNow(secret)
    expect(await Promise.all([enter(code), enter(code)]).then((all) => all.toSorted())).toEqual([200, 401])
    expect(await enter(code)).toBe(401)
    nextMinute()
    const [one = '', two = ''] = recovery
    expect(await enter(one.toUpperCase())).toBe(200)
    expect(await enter(one)).toBe(401)
    expect(await enter(two)).toBe(200)
  })

  it('is taken off with the password, or by an admin for whom has lost it', async () => {
    const { person } = await withFactor('lena')
    expect((await person.step('/v1/session/second-factor/remove', { password: PASSWORD })).status).toBe(204)
    expect((await new Person(strict.indexer).signIn('lena')).json.wants).toBeNull()
    await withFactor('mona')
    const reset = await strict.indexer.ask('/v1/users/mona/reset', {
      headers: await strict.operator(),
      json: { secondFactor: 'remove' },
    })
    nextMinute()
    const mona = new Person(strict.indexer)
    expect((await mona.signIn('mona', String(reset.json.password))).json.wants).toBe('new-password')
  })
})

it('the token of this machine is new at each start, for its owner, and for nobody who comes from elsewhere', async () => {
  const indexer = await TestIndexer.start({ read: 'token', manage: 'token' })
  try {
    const file = `${indexer.folder}/store/local-token`
    const read = async () => JSON.parse(await readFile(file, 'utf8')) as { url: string; token: string }
    const first = await read()
    expect(first.url).toBe(indexer.url)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const headers = { authorization: `Bearer ${first.token}` }
    expect((await indexer.ask('/v1/users', { headers })).status).toBe(200)
    for (const foreign of [
      { host: 'evil.example' },
      { origin: 'https://evil.example' },
      { via: '1.1 proxy' },
    ])
      expect((await indexer.ask('/v1/users', { headers: { ...headers, ...foreign } })).status).toBe(401)
    await indexer.stop()
    await expect(access(file)).rejects.toThrow()
    await indexer.run({ read: 'token', manage: 'token' })
    expect((await indexer.ask('/v1/users', { headers })).status).toBe(401)
    expect((await read()).token).not.toBe(first.token)
  } finally {
    await indexer.end()
  }
})
