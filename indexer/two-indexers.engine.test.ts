import { afterAll, beforeAll, expect, test } from 'vitest'
import { operatorAt, PASSWORD, Person } from './api/testing/people.ts'
import { TestAgent, TestIndexer } from './ingest/testing.ts'
import { TestCluster } from './store/elasticsearch/testing/engine.ts'

/** Two indexers on one cluster: a change at one of them soon applies at the other. How soon is a promise of shared-records.test.ts. */
const cluster = new TestCluster()
let one: TestIndexer
let other: TestIndexer
beforeAll(async () => {
  const namespace = await cluster.make()
  await (await cluster.open(namespace)).close()
  const strict = { read: 'token', manage: 'token' }
  const start = async (): Promise<TestIndexer> =>
    TestIndexer.start(strict, { store: await cluster.open(namespace, { setup: 'none' }) })
  ;[one, other] = await Promise.all([start(), start()])
})
afterAll(async () => {
  await Promise.all([one.end(), other.end()])
  await cluster.remove()
})

const soon = <Result>(ask: () => Promise<Result>) => expect.poll(ask, { interval: 50 })

/** A user with a password of their own, made at one indexer. */
async function personAt(indexer: TestIndexer, name: string): Promise<Person> {
  const json = { name, role: 'auditor', limits: {} }
  const made = await indexer.ask('/v1/users', { headers: await operatorAt(indexer), json })
  const person = new Person(indexer)
  await person.signIn(name, String(made.json.password))
  await person.step('/v1/session/password', { password: PASSWORD })
  return person
}

/** The same browser, when what is before the indexers sends it to another one. */
function sentTo(indexer: TestIndexer, { cookie, csrf }: Person): Person {
  const person = new Person(indexer)
  person.cookie = cookie
  person.csrf = csrf
  return person
}

test('two that start at once on a new cluster make one admin, whose password one of them tells', async () => {
  const { json } = await one.ask('/v1/users', { headers: await operatorAt(one) })
  expect(json.users).toMatchObject([{ name: 'admin' }])
  expect([one, other].filter(({ running }) => running.firstSignIn !== null)).toHaveLength(1)
})

test('a token made at one opens the other at once, and when it is revoked there neither', async () => {
  const headers = await operatorAt(one)
  const json = { name: 'prometheus', scopes: ['status'], expiresSeconds: null }
  const made = await one.ask('/v1/tokens', { headers, json })
  const bearer = { authorization: `Bearer ${String(made.json.token)}` }
  const status = async (): Promise<number> => (await other.ask('/v1/agents', { headers: bearer })).status
  expect(await status()).toBe(200)
  await one.ask(`/v1/tokens/${String(made.json.id)}`, { method: 'DELETE', headers })
  await soon(status).toBe(401)
})

test('who signs in at one is signed in at the other; who is locked out at one is locked out at both', async () => {
  const anna = await personAt(one, 'anna')
  const there = sentTo(other, anna)
  expect(await there.status('/v1/session')).toBe(200)
  expect(await there.status('/v1/search')).toBe(200)
  await one.ask('/v1/users/anna/lock', { headers: await operatorAt(one), json: {} })
  await soon(() => there.status('/v1/search')).toBe(401)
})

test('who signs out at one is signed out at the other', async () => {
  const bert = await personAt(one, 'bert')
  const there = sentTo(other, bert)
  expect(await there.status('/v1/search')).toBe(200)
  expect(await bert.status('/v1/session', { method: 'DELETE' })).toBe(204)
  await soon(() => there.status('/v1/search')).toBe(401)
})

test('an agent enrolled at one may send to the other, and when it is revoked at neither', async () => {
  const agent = await TestAgent.enrolled(one.url)
  await soon(async () => (await agent.send(other.url, agent.seal(agent.events(2)))).status).toBe(200)
  const headers = await operatorAt(one)
  expect((await one.ask(`/v1/agents/${agent.id}/revoke`, { headers, json: {} })).status).toBeLessThan(300)
  await soon(async () => (await agent.send(other.url, agent.seal(agent.events(1)))).status).toBe(403)
})

test('agents get the same settings from both', async () => {
  const headers = { ...(await operatorAt(one)), 'if-match': '*' }
  const events = [{ event: 'erp.record.viewed', record: 'off' }]
  const { json } = await one.ask('/v1/settings/events', { method: 'PUT', headers, json: { events } })
  expect(json).toMatchObject({ events })
  const there = await operatorAt(other)
  await soon(async () => (await other.ask('/v1/settings/events', { headers: there })).json).toEqual(json)
})
