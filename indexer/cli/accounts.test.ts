import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../../test/system/system.ts'
import { TestIndexer, until } from '../ingest/testing.ts'
import { type Ran, start, waybill } from './testing/command.ts'

const PASSWORD = 'correct horse battery staple'
const STRICT = { read: 'token', manage: 'token' }

let indexer: TestIndexer
let home: string
beforeAll(async () => {
  indexer = await TestIndexer.start(STRICT)
})
afterAll(() => indexer.end())
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'waybill-home-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const store = (): string => join(indexer.folder, 'store')
/** Runs the command as a person at their own machine. */
const person = (args: readonly string[], input?: string): Promise<Ran> =>
  waybill(args, { WAYBILL_URL: indexer.url, XDG_CONFIG_HOME: home }, input)
/** Runs the command as the user that runs the indexer. */
const operator = (...args: string[]): Promise<Ran> =>
  waybill(args, { WAYBILL_URL: indexer.url, WAYBILL_STORE: store() })

async function asOperator(path: string, json: object): Promise<Record<string, unknown>> {
  const { token } = JSON.parse(await readFile(join(store(), 'local-token'), 'utf8')) as { token: string }
  return (await indexer.ask(path, { headers: { authorization: `Bearer ${token}` }, json })).json
}
/** Makes a user; what comes back is good for one sign-in. */
const newAdmin = async (name: string): Promise<string> =>
  String((await asOperator('/v1/users', { name, role: 'admin' })).password)

describe('the user that runs the indexer', () => {
  test('needs no token, by any name of loopback', async () => {
    const { code, err } = await operator('users')
    expect([code, err]).toEqual([0, ''])
    const url = indexer.url.replace('127.0.0.1', 'localhost')
    expect((await waybill(['search'], { WAYBILL_URL: url, WAYBILL_STORE: store() })).code).toBe(0)
  })

  test('is not known by the token of another indexer, nor by one that others can read', async () => {
    const other = await TestIndexer.start(STRICT)
    try {
      const there = { WAYBILL_URL: other.url, WAYBILL_STORE: store() }
      expect((await waybill(['users'], there)).err).toContain('sign in (waybill login)')
    } finally {
      await other.end()
    }
    await chmod(join(store(), 'local-token'), 0o644)
    const { code, err } = await operator('users')
    await chmod(join(store(), 'local-token'), 0o600)
    expect(code).toBe(1)
    expect(err).toContain('local-token holds a token, and other users can read it; run chmod 600')
  })

  test('goes on to follow when the indexer was started again', async () => {
    const listen = `http://127.0.0.1:${await freePort()}`
    await indexer.stop()
    await indexer.run({ ...STRICT, listen })
    const following = start(['search', '--follow', '-f', 'json', 'action: enrol-token-create'], {
      WAYBILL_URL: indexer.url,
      WAYBILL_STORE: store(),
    })
    try {
      await operator('agents', 'token')
      await until(following.out, (out) => out.includes('enrol-token-create'))
      await indexer.stop()
      await indexer.run({ ...STRICT, listen })
      // The command runs in a process of its own: this one may hold connections to the stopped indexer.
      const again = await start(['agents', 'token'], { WAYBILL_URL: indexer.url, WAYBILL_STORE: store() })
        .ended
      expect(again.code).toBe(0)
      await until(following.out, (out) => out.trim().split('\n').length === 2)
    } finally {
      following.child.kill('SIGINT')
      await following.ended
    }
  })
})

describe('login', () => {
  test('keeps what it gets where only its user can read it, and logout takes it away', async () => {
    const given = `${await newAdmin('anna')}\n${PASSWORD}\n${PASSWORD}\n`
    const { code, out, err } = await person(['login', '--user', 'anna'], given)
    expect([code, out]).toEqual([0, ''])
    expect(err).toMatch(/Choose your own[\s\S]*You are anna \(admin\) at http:/)
    const file = join(home, 'waybill', 'logins.json')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(home, 'waybill'))).mode & 0o777).toBe(0o700)
    expect(err + out).not.toMatch(/wbs_|correct horse/)

    expect((await person(['users', '--json'])).code).toBe(0)
    const kept = JSON.parse(await readFile(file, 'utf8'))
    expect((await person(['logout'])).err).toContain('anna is signed out')
    const ended = await indexer.ask('/v1/session', {
      headers: { authorization: `Bearer ${kept[indexer.url].token}` },
    })
    expect(ended.status).toBe(401)
    expect((await person(['users'])).err).toContain('sign in (waybill login)')
    expect((await person(['logout'])).err).toContain('You are not signed in')
  })

  test('says what the indexer says, and keeps nothing, where the password is wrong', async () => {
    const once = await newAdmin('bert')
    const { code, err } = await person(['login'], 'bert\nwrong\n')
    expect(code).toBe(1)
    expect(err).toContain('Name or password is wrong')
    expect((await person(['login', '--user', 'bert'], '')).code).toBe(2)
    const twice = `${once}\n${PASSWORD}\nand another one\n`
    expect((await person(['login', '--user', 'bert'], twice)).err).toContain('The two passwords differ')
    await expect(stat(join(home, 'waybill'))).rejects.toThrow()
  })

  test('that has ended is told so', async () => {
    await person(['login', '--user', 'carl'], `${await newAdmin('carl')}\n${PASSWORD}\n${PASSWORD}\n`)
    await asOperator('/v1/users/carl/reset', {})
    expect((await person(['users'])).err).toContain('your sign-in has ended; sign in again (waybill login)')
    await writeFile(join(home, 'waybill', 'logins.json'), '[]', { mode: 0o600 })
    expect((await person(['users'])).err).toContain('is damaged; remove it')
  })
})

describe('users', () => {
  test('lose their tokens with a reset that asks for it', async () => {
    const given = `${await newAdmin('dina')}\n${PASSWORD}\n${PASSWORD}\n`
    await person(['login', '--user', 'dina'], given)
    expect((await person(['tokens', 'create', 'left-behind', '--scopes', 'search'])).code).toBe(0)
    const listed = async () => (await operator('tokens', '--json')).out.includes('left-behind')
    await operator('users', 'reset', 'dina')
    expect(await listed()).toBe(true)
    await operator('users', 'reset', 'dina', '--revoke-tokens')
    expect(await listed()).toBe(false)
    await operator('users', 'remove', 'dina')
  })

  test('are made, listed, limited, given roles, locked, unlocked, reset and removed', async () => {
    const made = await operator('users', 'add', 'jane', '--role', 'viewer', '--full-name', 'Jane Doe')
    expect(made.code).toBe(0)
    expect(made.out.trim()).toMatch(/^[a-z0-9]{5}(-[a-z0-9]{5}){3}$/)
    expect(made.err).toMatch(/^For jane, for one sign-in until /)
    const steps: [string[], RegExp][] = [
      [['limits', 'jane', '--entities', 'Invoice, Payment'], /sees Invoice, Payment/],
      [['role', 'jane', 'auditor'], /User jane: auditor/],
      [['email', 'jane', 'jane@acme.example'], /mail to jane@acme\.example/],
      [['lock', 'jane', '--reason', 'on leave'], /locked: on leave/],
      [['unlock', 'jane'], /sees Invoice, Payment, mail to jane@acme\.example, has not signed in yet/],
      [['reset', 'jane', '--remove-second-factor'], /^[a-z0-9-]{23}\n$/],
    ]
    for (const [args, said] of steps) {
      const { code, out } = await operator('users', ...args)
      expect(code).toBe(0)
      expect(out).toMatch(said)
    }
    const { out } = await operator('users')
    expect(out).toMatch(/^NAME +FULL NAME +ROLE +SECOND FACTOR +SEES +MAIL +STATE$/m)
    expect(out).toMatch(
      /^jane +Jane Doe +auditor +no +Invoice, Payment +jane@acme\.example +has not signed in yet$/m,
    )
    expect((await operator('users', 'remove', 'jane')).out).toContain('User jane is removed')
    expect((await operator('users')).out).not.toContain('jane')
  })

  test('that are not there are 4; the last admin is 1; a wrong role is 2', async () => {
    for (const name of ['anna', 'bert', 'carl']) await asOperator(`/v1/users/${name}/lock`, {})
    const none = await operator('users', 'lock', 'nobody-here')
    expect([none.code, none.err]).toEqual([
      4,
      'waybill: There is no user nobody-here; `waybill users` lists them (WB-NOT-FOUND)\n',
    ])
    const last = await operator('users', 'remove', 'admin')
    expect(last.code).toBe(1)
    expect(last.err).toContain('is the only local admin who can sign in: make another one first')
    const role = await operator('users', 'add', 'x', '--role', 'root')
    expect(role.code).toBe(2)
    expect(role.err).toContain('--role is "root", expected one of "viewer", "auditor", "manager", "admin"')
    expect((await operator('users', 'limits', 'admin', '--entities', ',')).code).toBe(2)
    expect((await operator('users', 'lok', 'admin')).err).toContain('did you mean lock?')
  })
})

describe('tokens', () => {
  test('are made, listed and revoked, and do what their scopes say', async () => {
    const made = await operator(
      'tokens',
      'create',
      'nightly',
      '--scopes',
      'search,status',
      '--expires',
      '30d',
    )
    expect(made.code).toBe(0)
    const token = made.out.trim()
    expect(token).toMatch(/^wbt_[0-9a-f]{16}_[0-9a-f]{64}$/)
    const use = (...args: string[]) => waybill(args, { WAYBILL_URL: indexer.url, WAYBILL_TOKEN: token })
    expect((await use('agents')).code).toBe(0)
    const refused = await use('users')
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('You may not do this (403)')
    const { out } = await operator('tokens')
    const id = token.split('_')[1] ?? ''
    expect(out).toMatch(new RegExp(`^${id} +nightly +the service +search, status +`, 'm'))
    expect((await operator('tokens', 'revoke', id)).code).toBe(0)
    expect((await use('agents')).err).toContain('wrong or has expired')
    expect((await operator('tokens', 'revoke', id)).code).toBe(4)
    expect((await operator('tokens', 'create', 'x', '--expires', 'soon')).code).toBe(2)
    expect((await operator('tokens', 'create', 'x', '--scopes', 'everything')).err).toContain('scopes')
  })
})
