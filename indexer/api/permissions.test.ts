import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { PERMISSION_NAMES, type Permission, permissionsOf, ROLES, type Role } from '../../schema/api/index.ts'
import type { Answer } from '../ingest/testing.ts'
import { PASSWORD, Person, StrictIndexer } from './testing/people.ts'

let strict: StrictIndexer
const people = new Map<Role, Person>()
beforeAll(async () => {
  strict = await StrictIndexer.start()
  for (const role of ROLES) people.set(role, await strict.person(`the-${role}`, role))
})
afterAll(() => strict.end())

interface Listed {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly needs: string
}

/** The routes that the indexer publishes, so that none is left out. */
async function routes(): Promise<Listed[]> {
  const document = z.object({
    paths: z.record(z.string(), z.record(z.string(), z.object({ 'x-needs': z.string() }))),
  })
  const { paths } = document.parse((await strict.indexer.ask('/v1/openapi.json')).json)
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, one]) => ({
      method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).parse(method.toUpperCase()),
      path: path.replace(/\{\w+\}/g, 'none'),
      needs: one['x-needs'],
    })),
  )
}

const isRefused = ({ status, text }: Answer): boolean => status === 403 && text.includes('may not do this')

describe('each route', () => {
  it('is open without a permission only if it stands here', async () => {
    const open = (await routes()).filter(({ needs }) => !PERMISSION_NAMES.includes(needs as Permission))
    expect(open.map(({ needs, method, path }) => `${needs}: ${method} ${path}`).toSorted()).toEqual([
      'agent: GET /v1/agent/settings',
      'agent: POST /v1/heartbeat',
      'agent: POST /v1/waybills',
      'anybody: GET /healthz',
      'anybody: GET /readyz',
      'anybody: GET /v1/openapi.json',
      'anybody: GET /v1/sign-in',
      'anybody: GET /v1/sign-in/openid',
      'anybody: GET /v1/sign-in/openid/callback',
      'anybody: POST /v1/session',
      'half-known: GET /v1/session',
      'half-session: DELETE /v1/session',
      'half-session: POST /v1/session/password',
      'half-session: POST /v1/session/second-factor',
      'half-session: POST /v1/session/sign-out',
      'known: DELETE /v1/jobs/none',
      'known: DELETE /v1/tokens/none',
      'known: GET /v1/jobs',
      'known: GET /v1/jobs/none',
      'known: GET /v1/jobs/none/files/none',
      'known: GET /v1/tokens',
      'known: POST /v1/jobs',
      'known: POST /v1/jobs/none/cancel',
      'known: POST /v1/tokens',
      'new-agent: GET /v1/agent/certificate',
      'new-agent: POST /v1/enroll',
      'session: DELETE /v1/sessions/none',
      'session: GET /v1/sessions',
      'session: POST /v1/session/second-factor/confirm',
      'session: POST /v1/session/second-factor/offer',
      'session: POST /v1/session/second-factor/remove',
    ])
  })

  it('answers nobody who is not known', async () => {
    for (const { method, path, needs } of await routes()) {
      if (needs === 'anybody' || needs.endsWith('agent')) continue
      expect((await strict.indexer.ask(path, { method })).status, `${method} ${path}`).toBe(401)
    }
  })

  it('refuses the roles that lack its permission, and no other', async () => {
    for (const role of ROLES) {
      const person = people.get(role)!
      for (const { method, path, needs } of await routes()) {
        if (!PERMISSION_NAMES.includes(needs as Permission)) continue
        const may = permissionsOf(role).has(needs as Permission)
        const answer = await person.ask(path, { method })
        expect(isRefused(answer), `${role}: ${method} ${path}: ${answer.text.slice(0, 100)}`).toBe(!may)
        expect(answer.status, `${role}: ${method} ${path}`).not.toBe(500)
      }
    }
  })
})

describe('a user can not get more rights', () => {
  it('by what is put into a body beside what belongs there', async () => {
    const viewer = await strict.person('mallory', 'viewer')
    const more = { role: 'admin', permissions: ['users'], limits: { entities: null, namespaces: null } }
    for (const [path, json] of [
      ['/v1/session', { name: 'mallory', password: PASSWORD, ...more }],
      ['/v1/session/password', { current: PASSWORD, password: 'some other sentence', ...more }],
      ['/v1/tokens', { name: 'x', scopes: ['search'], owner: 'the-admin', ...more }],
    ] as const)
      expect(await viewer.status(path, { json }), path).toBe(400)
    expect((await viewer.ask('/v1/session')).json).toMatchObject({
      role: 'viewer',
      permissions: ['search', 'status'],
    })
  })

  it('by names that mean something to the language', async () => {
    const headers = await strict.operator()
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect((await strict.indexer.ask(`/v1/users/${name}`, { headers })).status).toBe(404)
      expect(
        (await strict.indexer.ask(`/v1/users/${name}/role`, { headers, json: { role: 'admin' } })).status,
      ).toBe(404)
      const role = await strict.indexer.ask('/v1/users', { headers, json: { name: 'fine', role: name } })
      expect(role.status).toBe(400)
    }
    for (const name of ['local', 'loopback', 'agent', 'Indexer', 'a b', 'a\n', '../x', '', 'x'.repeat(65)])
      expect(
        (await strict.indexer.ask('/v1/users', { headers, json: { name, role: 'viewer' } })).status,
        name,
      ).toBe(400)
  })

  it('by the name of another in other letters', async () => {
    const headers = await strict.operator()
    expect(
      (await strict.indexer.ask('/v1/users', { headers, json: { name: 'THE-ADMIN', role: 'viewer' } }))
        .status,
    ).toBe(409)
    expect(
      (await strict.indexer.ask('/v1/users', { headers, json: { name: 'ｔhe-admin', role: 'viewer' } }))
        .status,
    ).toBe(400)
  })
})

describe('the last admin', () => {
  it('can neither be removed nor locked nor made less, not even by two at once', async () => {
    const fresh = await StrictIndexer.start()
    try {
      const headers = await fresh.operator()
      const ask = (path: string, json?: object) =>
        fresh.indexer.ask(`/v1/users/admin${path}`, {
          headers,
          method: json === undefined ? 'DELETE' : 'POST',
          json,
        })
      for (const answer of [await ask(''), await ask('/lock', {}), await ask('/role', { role: 'viewer' })])
        expect([answer.status, answer.text.includes('only local admin who can sign in')]).toEqual([409, true])
      await fresh.person('second', 'admin')
      const both = await Promise.all([
        fresh.indexer.ask('/v1/users/second/role', { headers, json: { role: 'viewer' } }),
        ask('/role', { role: 'viewer' }),
      ])
      expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409])
    } finally {
      await fresh.end()
    }
  })
})

describe('a token', () => {
  const DAY = 86_400
  const make = async (person: Person, json: object) => (await person.ask('/v1/tokens', { json })).json
  const bearer = (token: unknown) => ({ authorization: `Bearer ${token}` })
  const ask = (path: string, token: unknown, json?: object) =>
    strict.indexer.ask(path, { headers: bearer(token), ...(json === undefined ? {} : { json }) })

  it('does what its scopes say, is shown once, and stands in the store as a hash', async () => {
    const made = await make(people.get('manager')!, { name: 'nightly', scopes: ['status'] })
    expect(made).toMatchObject({ owner: 'the-manager', scopes: ['status'] })
    expect((await ask('/v1/agents', made.token)).status).toBe(200)
    expect((await ask('/v1/search', made.token)).status).toBe(403)
    const { text } = await people.get('manager')!.ask('/v1/tokens')
    expect(text).toContain('nightly')
    expect(text).not.toContain(String(made.token).slice(-64))
  })

  it('has never more than who made it, then or later', async () => {
    const { text } = await people.get('viewer')!.ask('/v1/tokens', { json: { name: 'x', scopes: ['users'] } })
    expect(text).toContain('You lack the permission to manage users and the tokens of others')
    const person = await strict.person('falling', 'admin')
    const { token } = await make(person, { name: 'all', scopes: ['search', 'users'] })
    expect((await ask('/v1/users', token)).status).toBe(200)
    await strict.indexer.ask('/v1/users/falling/role', {
      headers: await strict.operator(),
      json: { role: 'viewer' },
    })
    expect((await ask('/v1/users', token)).status).toBe(403)
    expect((await ask('/v1/search', token)).status).toBe(200)
  })

  it('ends with its time, when it is revoked, with a lock, and with its owner', async () => {
    const headers = await strict.operator()
    const person = await strict.person('leaving', 'viewer')
    const short = await make(person, { name: 'short', scopes: ['search'], expiresSeconds: 60 })
    const long = await make(person, { name: 'long', scopes: ['search'], expiresSeconds: 30 * DAY })
    const third = await make(person, { name: 'third', scopes: ['search'], expiresSeconds: null })
    strict.pass(61_000)
    expect((await ask('/v1/search', short.token)).status).toBe(401)
    expect((await ask('/v1/search', long.token)).status).toBe(200)
    expect(await person.status(`/v1/tokens/${long.id}`, { method: 'DELETE' })).toBe(204)
    expect((await ask('/v1/search', long.token)).status).toBe(401)
    await strict.indexer.ask('/v1/users/leaving/lock', { headers, json: {} })
    expect((await ask('/v1/search', third.token)).status).toBe(401)
    await strict.indexer.ask('/v1/users/leaving/unlock', { headers, json: {} })
    expect((await ask('/v1/search', third.token)).status).toBe(200)
    await strict.indexer.ask('/v1/users/leaving', { headers, method: 'DELETE' })
    await strict.person('leaving', 'admin')
    expect((await ask('/v1/search', third.token)).status).toBe(401)
    strict.pass(61_000)
  })

  it('makes no token, changes no password and is no session', async () => {
    const { token } = await make(people.get('admin')!, { name: 'root', scopes: [...PERMISSION_NAMES] })
    expect((await ask('/v1/tokens', token, { name: 'child', scopes: ['search'] })).text).toContain(
      'A token can’t make tokens',
    )
    expect((await ask('/v1/session/password', token, { password: 'some other sentence' })).status).toBe(403)
    expect((await ask('/v1/sessions', token)).status).toBe(403)
  })

  it('of another is neither seen nor revoked, except by an admin', async () => {
    const mine = await make(people.get('auditor')!, { name: 'mine', scopes: ['export'] })
    const viewer = people.get('viewer')!
    expect((await viewer.ask('/v1/tokens')).text).not.toContain(String(mine.id))
    expect(await viewer.status(`/v1/tokens/${mine.id}`, { method: 'DELETE' })).toBe(404)
    expect((await people.get('admin')!.ask('/v1/tokens')).text).toContain(String(mine.id))
    expect(await people.get('admin')!.status(`/v1/tokens/${mine.id}`, { method: 'DELETE' })).toBe(204)
  })
})

it('a viewer reads pages; more at once is an export, which an auditor may make', async () => {
  const stream = (person: Person, more = '') =>
    person.status(`/v1/search?q=action%3Asign-in${more}`, { headers: { accept: 'application/x-ndjson' } })
  expect(await stream(people.get('viewer')!)).toBe(403)
  expect(await stream(people.get('viewer')!, '&limit=1001')).toBe(403)
  expect(await stream(people.get('viewer')!, '&limit=1000')).toBe(200)
  expect(await stream(people.get('auditor')!)).toBe(200)
})

it('a removed user can sign in no more, and the trail still tells what they did', async () => {
  await strict.person('gone', 'viewer')
  await strict.indexer.ask('/v1/users/gone', { headers: await strict.operator(), method: 'DELETE' })
  expect((await new Person(strict.indexer).signIn('gone')).status).toBe(401)
  const acts = (await strict.trail('audit.entity.id: gone')) as { event: { action: string } }[]
  expect(acts.map(({ event }) => event.action)).toEqual([
    'user-create',
    'sign-in',
    'password-change',
    'user-remove',
  ])
})
