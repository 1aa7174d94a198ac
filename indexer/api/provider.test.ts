import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { indexerConfigSchema } from '../config.ts'
import { askAt } from '../ingest/testing.ts'
import { PASSWORD, Person, StrictIndexer } from './testing/people.ts'
import { type Account, Browser, CLIENT, ID_TOKEN_MS, type Page, TestProvider } from './testing/provider.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const START = '/v1/sign-in/openid'
const CALLBACK = '/v1/sign-in/openid/callback'

let strict: StrictIndexer
let provider: TestProvider
let url: string

const openid = (members: object = {}) => ({
  issuer: provider.issuer,
  'client-id': CLIENT.id,
  'client-secret': CLIENT.secret,
  'public-url': url,
  scopes: ['openid', 'profile', 'groups'],
  roles: [
    { group: 'audit-admins', role: 'admin' },
    { group: 'accountants', role: 'viewer', entities: ['Invoice'] },
    { group: 'auditors', role: 'auditor' },
  ],
  button: 'Sign in with Example',
  ...members,
})

const settings = (members: object = {}): object => ({
  read: 'token',
  manage: 'token',
  listen: url,
  'sign-in': { openid: openid(members) },
})
const reload = (members: object = {}) =>
  strict.indexer.running.reload(strict.indexer.config(settings(members)))

beforeAll(async () => {
  strict = await StrictIndexer.start()
  url = strict.indexer.url
  provider = await TestProvider.start(() => url)
  await reload()
})
afterAll(async () => {
  await provider.close()
  await strict.end()
})
beforeEach(() => {
  provider.away = false
  provider.tamper = null
  // The limit for an address is of another test.
  strict.pass(MINUTE + 1)
})

let made = 0
const account = (preferred_username: string, groups: readonly string[], name = 'Jane Doe'): Account => {
  const one = { sub: `sub-${made++}`, preferred_username, name, groups }
  provider.account(one)
  return one
}

/** Signs in through the provider's pages. */
const signIn = (browser: Browser, path = START): Promise<Page> =>
  browser.follow(url + path, (next) => new URL(next).origin === url && !next.includes(CALLBACK))

const isCallback = (next: string): boolean => next.startsWith(url + CALLBACK)

/** Signs in up to the redirect back, which the browser does not follow. */
const upToCallback = async (browser: Browser, start = url + START): Promise<string> =>
  (await browser.follow(start, isCallback)).location ?? ''

const ask = async (browser: Browser, path: string, asked: Parameters<typeof askAt>[2] = {}) => {
  const answer = await askAt(url, path, {
    ...asked,
    headers: { cookie: browser.cookie(url), ...asked.headers },
  })
  browser.keep(url, answer.headers['set-cookie'])
  return answer
}

const session = async (browser: Browser) => ask(browser, '/v1/session')
const problem = async (browser: Browser) => (await ask(browser, '/v1/sign-in')).json.problem
interface SignInEvent {
  readonly event: { readonly outcome: string; readonly reason?: string; readonly sequence: number }
  readonly user: { readonly name: string }
}

/** The last sign-in in the order of writing: the clock of these tests goes back, too. */
const lastSignIn = async (): Promise<SignInEvent> => {
  const events = (await strict.trail('event.action: sign-in')) as unknown as SignInEvent[]
  const [last] = events.toSorted((a, b) => b.event.sequence - a.event.sequence)
  if (last === undefined) throw new Error('nobody signed in yet')
  return last
}

describe('somebody of the organisation', () => {
  it('signs in by the button, with role and limits of their group, and is a user from then on', async () => {
    const jane = account('jane', ['everybody', 'accountants', 'audit-none'])
    const browser = new Browser()
    expect((await ask(browser, '/v1/sign-in')).json).toEqual({
      openid: { button: 'Sign in with Example' },
      problem: null,
    })
    const page = await signIn(browser, `${START}?to=${encodeURIComponent('/events?q=action%3Alogin')}`)
    expect([page.status, page.location]).toEqual([303, `${url}/events?q=action%3Alogin`])
    const { json } = await session(browser)
    expect(json).toMatchObject({
      name: 'jane',
      fullName: 'Jane Doe',
      role: 'viewer',
      limits: { entities: ['Invoice'], namespaces: null },
      provider: provider.issuer,
      wants: null,
    })
    expect(browser.cookies(url).has('waybill-sign-in')).toBe(false)
    const events = (await strict.trail('user.name: jane')) as { event: { action: string }; message: string }[]
    expect(events.map(({ event }) => event.action)).toEqual(['user-create', 'sign-in'])
    expect(events.at(-1)?.message).toBe(`User jane signed in at ${provider.issuer}.`)
    expect(JSON.stringify(strict.indexer.log)).not.toContain(jane.sub)
  })

  it('keeps the name of the first sign-in, whatever the provider calls them later', async () => {
    const one = account('maria', ['auditors'])
    await signIn(new Browser())
    provider.account({ ...one, preferred_username: 'maria.married', name: 'Maria Married' })
    const browser = new Browser()
    await signIn(browser)
    expect((await session(browser)).json).toMatchObject({ name: 'maria', fullName: 'Maria Married' })
  })

  it('goes on to a page of ours only', async () => {
    account('nora', ['auditors'])
    for (const to of ['//evil.example/', 'https://evil.example/', '/\\evil.example', '/a\\b', 'x', '/a\r\nb'])
      expect((await signIn(new Browser(), `${START}?to=${encodeURIComponent(to)}`)).location, to).toBe(
        `${url}/`,
      )
  })

  it('has a cookie as strict as others have, and the one of the way lives ten minutes and is Lax', async () => {
    account('olga', ['auditors'])
    const started = await askAt(url, START)
    expect(started.headers['set-cookie']).toMatch(
      /^waybill-sign-in=[0-9a-f]{64}\.\d+\.[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/,
    )
    const secure = await askAt(url, START, { headers: { 'x-forwarded-proto': 'https' } })
    expect(secure.headers['set-cookie']).toMatch(
      /^__Host-waybill-sign-in=.*; SameSite=Lax; Secure; Max-Age=600$/,
    )
    const browser = new Browser()
    const back = await upToCallback(browser)
    const { headers } = await ask(browser, back.slice(url.length))
    expect(headers['set-cookie']).toEqual([
      'waybill-sign-in=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0',
      expect.stringMatching(/^waybill=wbs_[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict$/),
    ])
  })

  it('sends PKCE, state and nonce, of which none gives away what the browser keeps', async () => {
    const browser = new Browser()
    const { location } = await browser.open(url + START)
    const asked = new URL(location ?? '').searchParams
    expect(asked.get('code_challenge_method')).toBe('S256')
    expect(asked.get('redirect_uri')).toBe(url + CALLBACK)
    const flow = browser.cookies(url).get('waybill-sign-in') ?? ''
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(asked.get(name), name).toMatch(/^[\w-]{43}$/)
      expect(flow).not.toContain(asked.get(name))
    }
  })
})

describe('who may not', () => {
  it('without a group that counts is refused in one sentence, and the trail says why', async () => {
    account('pete', ['canteen'])
    const browser = new Browser()
    const page = await signIn(browser)
    expect(page.location).toBe(`${url}/`)
    expect((await session(browser)).status).toBe(401)
    expect(await problem(browser)).toMatch(/You are in no group that may use Waybill/)
    expect(await problem(browser)).toBeNull()
    expect(await lastSignIn()).toMatchObject({
      event: {
        outcome: 'failure',
        reason: expect.stringMatching(/^no-group: subject "sub-\d+" is in no group/),
      },
      user: { name: 'unknown' },
    })
    const users = await strict.indexer.ask('/v1/users/pete', { headers: await strict.operator() })
    expect(users.status).toBe(404)
  })

  it('who has lost the group is out everywhere, tokens too, until they are in one again', async () => {
    const quinn = account('quinn', ['auditors'])
    const browser = new Browser()
    await signIn(browser)
    const { json } = await session(browser)
    const token = await ask(browser, '/v1/tokens', {
      headers: { 'x-waybill-csrf': String(json.csrf) },
      json: { name: 'report', scopes: ['search'] },
    })
    const bearer = { authorization: `Bearer ${token.json.token}` }
    expect((await askAt(url, '/v1/search', { headers: bearer })).status).toBe(200)
    provider.account({ ...quinn, groups: [] })
    await signIn(new Browser())
    expect((await session(browser)).status).toBe(401)
    expect((await askAt(url, '/v1/search', { headers: bearer })).status).toBe(401)
    expect(await lastSignIn()).toMatchObject({ user: { name: 'quinn' }, event: { outcome: 'failure' } })
    strict.pass(MINUTE + 1)
    provider.account(quinn)
    await signIn(browser)
    expect((await session(browser)).status).toBe(200)
    expect((await askAt(url, '/v1/search', { headers: bearer })).status).toBe(200)
  })

  it('who has another group gets its role at the next sign-in, and other sessions end', async () => {
    const ruth = account('ruth', ['auditors'])
    const [before, after] = [new Browser(), new Browser()]
    await signIn(before)
    provider.account({ ...ruth, groups: ['audit-admins'] })
    await signIn(after)
    expect((await session(after)).json).toMatchObject({ role: 'admin' })
    expect((await session(before)).status).toBe(401)
    const [event] = await strict.trail('event.action: user-role and user.name: ruth')
    expect(event).toMatchObject({ audit: { changes: [{ field: 'role', old: 'auditor', new: 'admin' }] } })
  })

  it('a second one of the same name is somebody else, and is not let in as the first, nor as a local user', async () => {
    account('tina', ['auditors'])
    await signIn(new Browser())
    await strict.person('ulla', 'admin')
    for (const [name, groups] of [
      ['tina', ['audit-admins']],
      ['ULLA', ['auditors']],
      ['admin', ['audit-admins']],
    ] as const) {
      account(name, groups)
      const browser = new Browser()
      await signIn(browser)
      expect((await session(browser)).status, name).toBe(401)
      expect(await problem(browser), name).toMatch(/^Another user here already has your name/)
      expect((await lastSignIn()).event.reason).toMatch(/name-taken: .*sign-in\.openid\.name/)
    }
    const users = await strict.indexer.ask('/v1/users/tina', { headers: await strict.operator() })
    expect(users.json).toMatchObject({ role: 'auditor', provider: provider.issuer })
    expect((await new Person(strict.indexer).signIn('ulla')).status).toBe(200)
  })

  it('of a name that can not be one here is refused with the remedy', async () => {
    for (const name of ['Jane Doe', '', 'waybill', '-x', '__proto__']) {
      account(name, ['auditors'])
      const browser = new Browser()
      await signIn(browser)
      expect(await problem(browser), name).toMatch(/gives a name that can’t be used/)
    }
    expect((await lastSignIn()).event.reason).toMatch(/sign-in\.openid\.name chooses another claim/)
  })

  it('locked by an admin is out, whatever the provider says', async () => {
    account('vera', ['auditors'])
    await signIn(new Browser())
    const headers = await strict.operator()
    await strict.indexer.ask('/v1/users/vera/lock', { headers, json: {} })
    const browser = new Browser()
    await signIn(browser)
    expect(await problem(browser)).toMatch(/^You are locked here/)
    await strict.indexer.ask('/v1/users/vera/unlock', { headers, json: {} })
    await signIn(browser)
    expect((await session(browser)).status).toBe(200)
  })

  it('cancelled at the provider is told so', async () => {
    const browser = new Browser()
    const { location } = await browser.open(url + START)
    const state = new URL(location ?? '').searchParams.get('state')
    await browser.open(`${url}${CALLBACK}?error=access_denied&state=${state}&iss=${provider.issuer}`)
    expect(await problem(browser)).toMatch(/refused you, or the sign-in was cancelled/)
  })
})

describe('an attack', () => {
  it('with a state of another sign-in leads to nothing', async () => {
    account('walter', ['auditors'])
    const browser = new Browser()
    const back = await upToCallback(browser)
    const other = new Browser()
    await other.open(url + START)
    // A flow that somebody else began, in the browser of a victim; and a redirect back without any beginning.
    for (const victim of [other, new Browser()]) {
      await victim.open(back)
      expect((await session(victim)).status).toBe(401)
      expect(await problem(victim)).toMatch(/^This sign-in expired, began in another browser/)
    }
    const changed = back.replace(/state=[\w-]+/, 'state=AAAA')
    await browser.open(changed)
    expect((await session(browser)).status).toBe(401)
    expect((await lastSignIn()).event.reason).toBe(
      'stale: the state is not that of the sign-in that this browser began',
    )
  })

  it('by a page of others, which sends the browser to the provider, begins no sign-in', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const { status, headers } = await askAt(url, START, { headers: { 'sec-fetch-site': site } })
      expect([status, headers.location, headers['set-cookie']], site).toEqual([303, '/', undefined])
    }
    for (const site of ['same-origin', 'none']) {
      const { headers } = await askAt(url, START, { headers: { 'sec-fetch-site': site } })
      expect(headers.location, site).toContain(provider.issuer)
    }
  })

  it('with a token of another nonce leads to nothing', async () => {
    account('xaver', ['auditors'])
    const browser = new Browser()
    const { location } = await browser.open(url + START)
    const other = (location ?? '').replace(/nonce=[\w-]+/, 'nonce=another-one')
    await browser.open(await upToCallback(browser, other))
    expect((await session(browser)).status).toBe(401)
    expect((await lastSignIn()).event.reason).toMatch(/^invalid: .*nonce/)
  })

  it('with a code that was used leads to nothing, in the same browser and in another', async () => {
    account('yuri', ['auditors'])
    const browser = new Browser()
    const flow = async () => {
      const back = await upToCallback(browser)
      return { back, cookie: browser.cookies(url).get('waybill-sign-in') ?? '' }
    }
    const { back, cookie } = await flow()
    await browser.open(back)
    expect((await session(browser)).status).toBe(200)
    const thief = new Browser()
    thief.cookies(url).set('waybill-sign-in', cookie)
    await thief.open(back)
    expect((await session(thief)).status).toBe(401)
    expect(await lastSignIn()).toMatchObject({
      event: { reason: expect.stringMatching(/^stale: .*invalid_grant/) },
    })
    await thief.open(back)
    expect((await lastSignIn()).event.reason).toMatch(/^stale: this browser did not begin/)
  })

  it('with a sign-in that lay around for ten minutes leads to nothing', async () => {
    account('zora', ['auditors'])
    const browser = new Browser()
    const back = await upToCallback(browser)
    strict.pass(10 * MINUTE)
    await browser.open(back)
    expect(await problem(browser)).toMatch(/^This sign-in expired/)
  })

  it('with a token that was changed on its way leads to nothing', async () => {
    account('amos', ['canteen'])
    const forged: Record<string, (token: string) => string> = {
      'other claims': (token) => {
        const [head = '', body = '', signature = ''] = token.split('.')
        const claims = {
          ...JSON.parse(Buffer.from(body, 'base64url').toString()),
          sub: 'sub-0',
          groups: ['audit-admins'],
        }
        return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
      },
      'no signature': (token) => {
        const head = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
        return [head, token.split('.')[1], ''].join('.')
      },
      'a bit of the signature': (token) =>
        token.slice(0, -8) + (token.at(-8) === 'A' ? 'B' : 'A') + token.slice(-7),
    }
    for (const [what, forge] of Object.entries(forged)) {
      strict.pass(MINUTE + 1)
      provider.tamper = (answer) => {
        const json = JSON.parse(answer) as { id_token: string }
        return JSON.stringify({ ...json, id_token: forge(json.id_token) })
      }
      const browser = new Browser()
      await signIn(browser)
      expect((await session(browser)).status, what).toBe(401)
      expect(await problem(browser), what).toMatch(/could not be verified/)
      expect((await lastSignIn()).event.reason, what).toMatch(/^invalid:/)
    }
  })

  it('by many tries is stopped, as others are', async () => {
    const browser = new Browser()
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push((await browser.open(`${url}${CALLBACK}?code=${i}`)).status)
    expect(statuses).toEqual([...Array(10).fill(303), 429, 429])
  })

  it('puts no words onto the sign-in page', async () => {
    for (const value of ['refused.Call 555', 'refused.__proto__', 'refused.toString']) {
      const { json } = await askAt(url, '/v1/sign-in', { headers: { cookie: `waybill-sign-in=${value}` } })
      expect(json.problem, value).toBeNull()
    }
  })
})

describe('a user of the provider', () => {
  it('has no password here: none can be guessed, set, or used', async () => {
    account('bella', ['auditors'])
    const browser = new Browser()
    await signIn(browser)
    const { json } = await session(browser)
    const csrf = { 'x-waybill-csrf': String(json.csrf) }
    for (const [path, body] of [
      ['/v1/session/password', { current: '', password: PASSWORD }],
      ['/v1/session/second-factor/offer', { password: 'x' }],
    ] as const) {
      const refused = await ask(browser, path, {
        headers: csrf,
        json: path.endsWith('offer') ? body : { password: PASSWORD },
      })
      expect([refused.status, refused.text.includes('signs in at')], path).toEqual([409, true])
    }
    const headers = await strict.operator()
    for (const [what, body] of [
      ['role', { role: 'admin' }],
      ['limits', {}],
      ['reset', {}],
    ] as const) {
      const refused = await strict.indexer.ask(`/v1/users/bella/${what}`, { headers, json: body })
      expect([refused.status, refused.text.includes('sign-in.openid.roles')], what).toEqual([409, true])
    }
    expect((await new Person(strict.indexer).signIn('bella', '')).status).toBe(400)
    expect((await new Person(strict.indexer).signIn('bella', PASSWORD)).status).toBe(401)
  })

  it('as an admin is not the last one who may manage users: a local one stays', async () => {
    account('cleo', ['audit-admins'])
    const browser = new Browser()
    await signIn(browser)
    const csrf = { 'x-waybill-csrf': String((await session(browser)).json.csrf) }
    expect((await ask(browser, '/v1/users/ulla/lock', { headers: csrf, json: {} })).status).toBe(200)
    const last = await ask(browser, '/v1/users/admin', { headers: csrf, method: 'DELETE' })
    expect([last.status, last.text.includes('only local admin')]).toEqual([409, true])
    await ask(browser, '/v1/users/ulla/unlock', { headers: csrf, json: {} })
  })

  it('signs out here, and at the provider', async () => {
    account('dina', ['auditors'])
    const browser = new Browser()
    await signIn(browser)
    const csrf = { 'x-waybill-csrf': String((await session(browser)).json.csrf) }
    const out = await ask(browser, '/v1/session/sign-out', { headers: csrf, json: {} })
    expect(out.status).toBe(200)
    const next = new URL(String(out.json.next))
    expect(next.searchParams.get('post_logout_redirect_uri')).toBe(`${url}/`)
    expect(next.searchParams.get('id_token_hint')).toMatch(/^ey/)
    expect((await session(browser)).status).toBe(401)
    const page = await browser.open(next.href)
    const [, action = ''] = /action="([^"]+)"/.exec(page.text) ?? []
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page.text) ?? []
    const done = await browser.open(action, { xsrf, logout: 'yes' })
    expect(done.location).toBe(`${url}/`)
    // The provider knows nobody any more: it asks again who it is.
    account('egon', ['auditors'])
    await signIn(browser)
    expect((await session(browser)).json.name).toBe('egon')
    const [event] = await strict.trail('event.action: sign-out and user.name: dina')
    expect(event).toMatchObject({ event: { outcome: 'success' } })
  })

  it('signs out here alone where it is only asked to, as local users do', async () => {
    account('fred', ['auditors'])
    const browser = new Browser()
    await signIn(browser)
    const csrf = { 'x-waybill-csrf': String((await session(browser)).json.csrf) }
    expect((await ask(browser, '/v1/session', { method: 'DELETE', headers: csrf })).status).toBe(204)
    expect((await session(browser)).status).toBe(401)
    const local = await strict.person('gina', 'viewer')
    expect((await local.step('/v1/session/sign-out', {})).json).toEqual({ next: null })
    expect(await local.status('/v1/session')).toBe(401)
  })

  it('is out when the provider is taken out of the settings, or is another one', async () => {
    account('hugo', ['auditors'])
    const browser = new Browser()
    await signIn(browser)
    await strict.indexer.running.reload(
      strict.indexer.config({ read: 'token', manage: 'token', listen: url }),
    )
    expect((await session(browser)).status).toBe(401)
    expect((await ask(browser, '/v1/sign-in')).json.openid).toBeNull()
    await reload()
    expect((await session(browser)).status).toBe(200)
  })
})

describe('a provider that', () => {
  it('is down keeps nobody out who is local, and says so in a sentence', async () => {
    await reload({ button: 'Sign in' })
    provider.away = true
    const browser = new Browser()
    expect((await browser.open(url + START)).location).toBe(`${url}/`)
    expect(await problem(browser)).toMatch(/is not answering.*local user/)
    expect((await lastSignIn()).event.reason).toMatch(/^unreachable: .* answers 503/)
    expect((await new Person(strict.indexer).signIn('gina')).status).toBe(200)
    provider.away = false
    account('ida', ['auditors'])
    const back = await upToCallback(browser)
    provider.away = true
    await browser.open(back)
    expect(await problem(browser)).toMatch(/is not answering/)
    provider.away = false
    await signIn(browser)
    expect((await session(browser)).status).toBe(200)
  })

  it('is nowhere is a sentence in the log, with the address', async () => {
    const gone = await TestProvider.start(() => url)
    const { issuer } = gone
    await gone.close()
    await reload({ issuer })
    const browser = new Browser()
    await browser.open(url + START)
    expect(await problem(browser)).toMatch(/is not answering/)
    expect(JSON.stringify(strict.indexer.log.at(-1))).toContain(
      `${issuer} can't be reached (connect ECONNREFUSED`,
    )
    await reload()
  })

  it('does not know us, or is none, is the administrator’s: place and remedy are in log and trail', async () => {
    for (const [members, why] of [
      [
        { 'client-secret': 'quite another secret' },
        /sign-in\.openid: .* rejects this client-id and client-secret/,
      ],
      [
        { issuer: `${provider.issuer}/nowhere` },
        /sign-in\.openid\.issuer: .*\/nowhere publishes no description.*check the address/,
      ],
    ] as const) {
      await reload(members)
      account('jack', ['auditors'])
      const browser = new Browser()
      await signIn(browser)
      expect(await problem(browser)).toMatch(/is not configured correctly/)
      expect((await lastSignIn()).event.reason).toMatch(why)
      expect(JSON.stringify(strict.indexer.log)).not.toContain('quite another secret')
    }
    await reload()
  })
})

it.each([
  ['an issuer without TLS', { issuer: 'http://login.example' }, /issuer.*https address of the provider/],
  ['an issuer that is none', { issuer: 'login' }, /issuer.*https address of the provider/],
  ['a public URL without TLS', { 'public-url': 'http://audit.example' }, /public-url.*https address/],
  ['a public URL with a path', { 'public-url': 'https://audit.example/x' }, /public-url.*without a path/],
  ['no group', { roles: [] }, /roles.*at least one group/],
  ['a role that is none', { roles: [{ group: 'a', role: 'root' }] }, /roles.*role/],
  ['scopes without openid', { scopes: ['profile'] }, /scopes.*without it there is no ID token/],
  ['an unknown setting', { secret: 'x' }, /secret/],
])('%s is refused with the place', (_, members, why) => {
  const store = { embedded: { path: '/x' } }
  const read = indexerConfigSchema.safeParse({ ...settings(members), store })
  const said = read.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join(' ')
  expect(said).toMatch(why)
})

/** Last of all: the indexer's clock does not go back. */
describe('as time passes', () => {
  it('a provider whose clock is a little off is believed; one that is far off is a sentence', async () => {
    account('kara', ['auditors'])
    const signedIn = async () => {
      const browser = new Browser()
      await signIn(browser)
      return [(await session(browser)).status, await problem(browser)]
    }
    strict.pass(Date.now() + ID_TOKEN_MS + 20_000 - strict.now)
    expect(await signedIn()).toEqual([200, null])
    strict.pass(5 * MINUTE)
    expect(await signedIn()).toEqual([401, expect.stringMatching(/clocks .* too far apart/)])
  })

  it('who was removed at the provider has no session after twelve hours and no token after a week', async () => {
    provider.idTokenMs = 8 * DAY
    account('sam', ['auditors'])
    const browser = new Browser()
    await signIn(browser)
    const { json } = await session(browser)
    const token = await ask(browser, '/v1/tokens', {
      headers: { 'x-waybill-csrf': String(json.csrf) },
      json: { name: 'nightly', scopes: ['search'] },
    })
    const bearer = { authorization: `Bearer ${token.json.token}` }
    strict.pass(6 * DAY)
    expect((await session(browser)).status).toBe(401)
    expect((await askAt(url, '/v1/search', { headers: bearer })).status).toBe(200)
    strict.pass(DAY)
    expect((await askAt(url, '/v1/search', { headers: bearer })).status).toBe(401)
  })
})
