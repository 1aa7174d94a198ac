import { randomBytes } from 'node:crypto'
import { afterEach, expect, inject, test } from 'vitest'
import { ACCOUNTS, type Privileges } from '../../../test/engines/elasticsearch.ts'
import type { Store } from '../port.ts'
import { AGENT, batchOf, batchOfLines, eventAt, INGESTED, idAt } from '../testing/batches.ts'
import { TestCluster } from './testing/engine.ts'

/** The indexer's privileges in docs/operations.md are enough, and not more than enough. */
const cluster = new TestCluster()
const stores: Store[] = []
const name = `waybill-test-${randomBytes(6).toString('hex')}`
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  await cluster.remove()
  if (!hasApi) return
  await cluster.client.security.deleteUser({ username: name }, { ignore: [404] })
  await cluster.client.security.deleteRole({ name }, { ignore: [404] })
})

type Account = keyof typeof ACCOUNTS
const engine = inject('engine')
/** The server from Maven Central has these accounts from the start, and takes no others. */
const hasApi = engine.kind !== 'maven'

const setRole = (privileges: Privileges) =>
  cluster.client.security.putRole({
    name,
    cluster: [...privileges.cluster],
    indices: [{ names: ['waybill-*'], privileges: [...privileges.index] }],
  })

/** A user with just these privileges. */
async function userAs(account: Account): Promise<{ username: string; password: string }> {
  if (!hasApi) return { username: account, password: engine.password }
  const password = randomBytes(12).toString('hex')
  await setRole(ACCOUNTS[account])
  await cluster.client.security.putUser({ username: name, password, roles: [name] })
  return { username: name, password }
}

async function open(namespace: string, options: object): Promise<Store> {
  const store = await cluster.open(namespace, options)
  stores.push(store)
  return store
}

async function expectEverythingToWork(store: Store): Promise<void> {
  const all = { kind: 'all' } as const
  const before = await store.arrivalsEnd()
  expect(await store.write(batchOf(1, [eventAt(0), eventAt(1)]))).toMatchObject({ result: { stored: 2 } })
  expect(await store.write(batchOfLines(2, ['no event']))).toMatchObject({ result: { dead: 1 } })
  await cluster.settled()
  expect((await store.search({ query: all, order: 'oldest', limit: 9 })).events).toHaveLength(2)
  const by = [{ kind: 'values', field: 'user.name', top: 9 }] as const
  expect(await store.aggregate({ query: all, by, latest: true, budget: 30_000 })).toMatchObject({
    count: 2,
    partial: null,
    split: { distinct: 2 },
  })
  expect((await store.arrivals({ query: all, after: before, limit: 9 })).events).toHaveLength(2)
  expect(await store.get(idAt(1))).not.toBeNull()
  const day = 86_400_000
  expect(await store.counts({ by: 'user', from: INGESTED - 2 * day, to: INGESTED })).toHaveLength(2)
  expect(await store.chains(AGENT)).toMatchObject([{ waybills: 2 }])
  const { letters } = await store.deadLetters.list({ limit: 9 })
  expect(letters).toHaveLength(1)
  expect(await store.deadLetters.replay(letters[0]!.id)).toMatchObject({ stored: false })
  expect(await store.deadLetters.discard(letters[0]!.id)).toBe(true)
  expect(await store.records.put('agent', 'a', { name: 'web' }, null)).toBe(true)
  await store.records.remove('agent', 'a')
  await store.showAgents?.([
    {
      id: AGENT,
      name: 'web-1',
      host: 'web-1.example',
      version: '1.0.0',
      enrolled: INGESTED,
      revoked: false,
      seen: null,
      silentAfter: 300_000,
      lagBytes: null,
      oldestPending: null,
      clockOffset: null,
      ledger: null,
      notices: [],
      breaks: 0,
    },
  ])
  expect(await store.status()).toMatchObject({ ready: true, problem: null, events: 2 })
}

test('a user who may only read and write Waybill’s indices does all that an indexer does, where setup was done before', async () => {
  const namespace = await cluster.make()
  await (await cluster.open(namespace)).close()
  await expectEverythingToWork(await open(namespace, { ...(await userAs('waybill-indexer')), setup: 'none' }))
})

test('a user who may manage templates and Waybill’s indices sets all up', async () => {
  const user = await userAs('waybill-setup')
  await expectEverythingToWork(await open(await cluster.make(), user))
})

test('a user who may not set up is told so at the start', async () => {
  const user = await userAs('waybill-indexer')
  await expect(open(await cluster.make(), user)).rejects.toThrow('Elasticsearch refuses the indexer')
})

test.skipIf(!hasApi)(
  'a user whose right to write is taken away is told so, and writes on when it is given back (needs roles that are set over the API)',
  async () => {
    const namespace = await cluster.make()
    await (await cluster.open(namespace)).close()
    const user = await userAs('waybill-indexer')
    const store = await open(namespace, { ...user, setup: 'none', patience: 0 })
    await setRole({ cluster: ['monitor'], index: ['read', 'monitor'] })
    await expect(store.write(batchOf(1, [eventAt(0)]))).rejects.toThrow('Check store.elasticsearch')
    await setRole(ACCOUNTS['waybill-indexer'])
    expect(await store.write(batchOf(1, [eventAt(0)]))).toMatchObject({ result: { stored: 1 } })
  },
)
