import { afterEach, expect, inject, test } from 'vitest'
import { searchableOf, USUAL_TABLE } from '../../lifecycle/table.ts'
import { batchOf, eventAt, INGESTED, idAt } from '../testing/batches.ts'
import { connect } from './client.ts'
import { openElasticsearchStore } from './index.ts'
import { namesFor } from './names.ts'
import { applyAll, planSecurity, planSetup, type SetupPlan, whyNoWatcher } from './setup/index.ts'
import { type NamedWatch, watchSteps } from './setup/watches.ts'
import { TestCluster } from './testing/engine.ts'

/** What `waybill setup` does to a real cluster. */
const cluster = new TestCluster()
afterEach(() => cluster.remove())

const plan = (namespace: string, table = USUAL_TABLE): Promise<SetupPlan> =>
  planSetup(cluster.client, { names: namesFor(namespace), table })
const apply = ({ steps }: Pick<SetupPlan, 'steps'>): Promise<void> => applyAll(steps)
const named = ({ steps }: SetupPlan): string[] =>
  steps.map(({ change, kind, name }) => `${change} ${kind} ${name}`)

test('what is planned is done once: after it there is nothing to do', async () => {
  const namespace = await cluster.make()
  const first = await plan(namespace)
  expect(named(first)).toEqual(
    expect.arrayContaining([
      `create index template waybill-change-${namespace}`,
      `create index waybill-change-${namespace}-000001`,
      `create index waybill-waybills-${namespace}`,
    ]),
  )
  // A plan changes nothing.
  expect(named(await plan(namespace))).toEqual(named(first))
  await apply(first)
  expect((await plan(namespace)).steps).toEqual([])
})

test('what was changed by hand is told value by value, and put right', async () => {
  const namespace = await cluster.make()
  await apply(await plan(namespace))
  await cluster.client.indices.putIndexTemplate({
    name: `waybill-change-${namespace}`,
    index_patterns: [`waybill-change-${namespace}-*`],
    composed_of: ['waybill-events'],
    priority: 7,
  })
  const { steps } = await plan(namespace)
  expect(steps).toMatchObject([
    { kind: 'index template', name: `waybill-change-${namespace}`, change: 'update' },
  ])
  expect(steps[0]?.differences).toContainEqual({ path: 'priority', is: '7', shouldBe: '500' })
  await apply({ ...(await plan(namespace)) })
  expect((await plan(namespace)).steps).toEqual([])
})

test('templates of a newer Waybill are left alone', async () => {
  const namespace = await cluster.make()
  await apply(await plan(namespace))
  const name = `waybill-api-${namespace}`
  await cluster.client.indices.putIndexTemplate({
    name,
    index_patterns: [`${name}-*`],
    composed_of: ['waybill-events'],
    priority: 500,
    version: 99,
  })
  await expect(plan(namespace)).rejects.toThrow(`${name} in the cluster is of version 99`)
})

test('an index of an older version gains the fields that are new, and is rolled over where a field is of another type now', async () => {
  const namespace = await cluster.make()
  const names = namesFor(namespace)
  const { client } = cluster
  await apply(await plan(namespace))
  const old = names.first('change')
  // As an older version would have made it: one field of another type, all others not there yet.
  await client.indices.delete({ index: old })
  await client.indices.delete({ index: names.first('view') })
  await client.indices.deleteIndexTemplate({ name: names.alias('change') })
  await client.indices.deleteIndexTemplate({ name: names.alias('view') })
  await client.indices.create({
    index: old,
    mappings: { dynamic: false, properties: { message: { type: 'long' } } },
    aliases: { [names.alias('change')]: { is_write_index: true } },
  })
  await client.indices.create({
    index: names.first('view'),
    mappings: { dynamic: false, properties: { '@timestamp': { type: 'date' } } },
    aliases: { [names.alias('view')]: { is_write_index: true } },
  })
  await client.indices.delete({ index: names.deadLetters })
  await client.indices.deleteIndexTemplate({ name: names.template('dead-letters') })
  await client.indices.create({
    index: names.deadLetters,
    mappings: { dynamic: 'strict', properties: { id: { type: 'keyword' } } },
  })
  const migration = await plan(namespace)
  expect(migration.steps.find(({ kind, name }) => kind === 'mapping' && name === old)?.note).toMatch(
    'message.type has changed',
  )
  await apply(migration)
  const next = `${names.alias('change')}-000002`
  const mappings = await client.indices.getMapping({
    index: [next, names.first('view'), old, names.deadLetters],
  })
  expect(mappings[names.deadLetters]?.mappings.properties).toHaveProperty('whole')
  expect(mappings[names.first('view')]?.mappings.properties).toHaveProperty('user')
  expect(mappings[next]?.mappings.properties?.message).not.toEqual({ type: 'long' })
  expect(mappings[old]?.mappings.properties).toEqual({ message: { type: 'long' } })
  const { [next]: written } = await client.indices.getAlias({ name: names.alias('change') })
  expect(written?.aliases[names.alias('change')]?.is_write_index).toBe(true)
  // What can't follow does not come up again with each setup.
  expect((await plan(namespace)).steps).toEqual([])
})

/** The server of the tests has not all modules: without this one its index for roles and keys can't be made. */
async function hasModule(name: string): Promise<boolean> {
  const { nodes } = await cluster.client.nodes.info({ metric: ['plugins'] })
  return Object.values(nodes).every(({ modules }) => modules?.some((one) => one.name === name) ?? false)
}

test('the key that setup makes is enough for an indexer, and not for changing what is stored', async ({
  skip,
}) => {
  skip(!(await hasModule('analysis-common')), 'needs a server that can keep roles and keys')
  const namespace = await cluster.make()
  const names = namesFor(namespace)
  const first = await plan(namespace)
  skip(!first.cluster.security, 'needs a cluster with security')
  await apply(first)
  const security = async (renewKey: boolean) => {
    const planned = await planSecurity(cluster.client, first.cluster, { names, renewKey })
    if (planned === null) throw new Error('the cluster has lost its security')
    return planned
  }
  const { steps, key } = await security(false)
  await applyAll(steps)
  const secret = await key.apply()
  expect(secret).toMatch(/^[\w+/=]{20,}$/)
  // Nobody can read it again; it stays.
  const again = await security(false)
  expect(again.steps).toEqual([])
  expect(again.key.change).toBe('none')
  const renewed = await security(true)
  expect(renewed.key).toMatchObject({ change: 'create', note: expect.stringContaining('stay valid') })
  await useKey(namespace, secret ?? '')
})

test('watches are put once, again when their rule is another, and removed with it', async ({ skip }) => {
  const namespace = await cluster.make()
  const { client } = cluster
  const first = await plan(namespace)
  const why = whyNoWatcher(first.cluster)
  skip(why !== null, `needs Watcher: ${why}`)
  const index = `waybill-alerts-${namespace}`
  const mapping = { dynamic: false, properties: { '@timestamp': { type: 'date' } } } as const
  const steps = async (...every: string[]): Promise<string[]> => {
    const watches = every.map((interval, i) => ({
      id: `waybill-${namespace}-${i}`,
      watch: watchEach(interval),
    }))
    const found = await watchSteps(client, namespace, { index, mapping, watches })
    await applyAll(found)
    return found.map(({ change, name }) => `${change} ${name}`)
  }
  expect(await steps('1h', '2h')).toEqual([
    `create ${index}`,
    `create waybill-${namespace}-0`,
    `create waybill-${namespace}-1`,
  ])
  expect(await steps('1h', '2h')).toEqual([])
  expect(await steps('1h', '3h')).toEqual([`update waybill-${namespace}-1`])
  expect(await steps()).toEqual([`remove waybill-${namespace}-0`, `remove waybill-${namespace}-1`])
})

const watchEach = (interval: string): NamedWatch['watch'] => ({
  trigger: { schedule: { interval } },
  input: { simple: { a: 1 } },
  condition: { never: {} },
  transform: { script: { source: 'return ctx.payload' } },
  actions: { log: { logging: { text: 'never' } } },
  throttle_period: '1s',
  metadata: {},
})

async function useKey(namespace: string, apiKey: string): Promise<void> {
  const names = namesFor(namespace)
  const nodes = [inject('engine').url]
  const store = await openElasticsearchStore({ nodes, apiKey, namespace, setup: 'none' })
  const client = connect({ nodes, apiKey })
  try {
    expect(await store.write(batchOf(1, [eventAt(0), eventAt(10)]))).toMatchObject({ kind: 'stored' })
    await cluster.settled()
    expect((await store.search({ query: { kind: 'all' }, order: 'newest', limit: 10 })).events).toHaveLength(
      2,
    )
    expect((await store.chains('agent-1'))[0]).toMatchObject({ waybills: 1 })
    expect(await store.records.put('kind', 'key', { a: 1 }, null)).toBe(true)
    expect(await store.records.put('kind', 'key', { a: 2 }, 1)).toBe(true)
    await store.records.remove('kind', 'key')
    expect((await store.status()).problem).toBeNull()
    expect((await store.storage()).partitions.find(({ events }) => events === 2)).toMatchObject({
      category: 'change',
      open: true,
    })
    const index = names.first('change')
    const refused: Readonly<Record<string, () => Promise<unknown>>> = {
      overwriting: () => client.index({ index, id: idAt(0), document: { message: 'other' } }),
      updating: () => client.update({ index, id: idAt(0), doc: { message: 'other' } }),
      deleting: () => client.delete({ index, id: idAt(0) }),
      'making an index': () => client.indices.create({ index: `${names.alias('change')}-000009` }),
      'closing an index': () => client.indices.close({ index }),
      'reading secrets': () => client.search({ index: '.security*', allow_no_indices: false }),
      'making a key': () => client.security.createApiKey({ name: 'another' }),
      'making a role': () => client.security.putRole({ name: 'another', cluster: ['all'] }),
    }
    for (const [what, attempt] of Object.entries(refused))
      await expect(attempt(), what).rejects.toThrow(/security_exception|index_not_found/)
    expect((await store.get(idAt(0)))?.message).toBe('number 0')
    await store.keepFor(searchableOf(USUAL_TABLE))
    await cluster.rollOver(namespace, 'change')
    expect(await store.expire(index, INGESTED + 1)).toBe(true)
  } finally {
    await client.close()
    await store.close()
  }
}
