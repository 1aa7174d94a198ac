import { afterEach, describe, expect, inject, test } from 'vitest'
import { CATEGORIES } from '../../../schema/index.ts'
import { Mask, queryOfLimits } from '../../accounts/index.ts'
import { byCategory, type RetentionTable, searchableOf, USUAL_TABLE } from '../../lifecycle/table.ts'
import { batchOf, eventAt, INGESTED, idAt } from '../testing/batches.ts'
import { connect } from './client.ts'
import { openElasticsearchStore } from './index.ts'
import { namesFor } from './names.ts'
import { keptBy } from './setup/definitions.ts'
import {
  applyAll,
  planSecurity,
  planSetup,
  type SetupPlan,
  type Withheld,
  whyNoWatcher,
} from './setup/index.ts'
import { type NamedWatch, watchSteps } from './setup/open.ts'
import { TestCluster } from './testing/engine.ts'
import { justWhat } from './translate.ts'

/** The effects of `waybill setup` on a real cluster. */
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
    composed_of: [`waybill-events-${namespace}`],
    priority: 7,
  })
  const { steps } = await plan(namespace)
  expect(steps).toMatchObject([
    { kind: 'index template', name: `waybill-change-${namespace}`, change: 'update' },
  ])
  expect(steps[0]?.differences).toContainEqual({ path: 'priority', is: '7', shouldBe: '510' })
  await apply({ ...(await plan(namespace)) })
  expect((await plan(namespace)).steps).toEqual([])
})

/** Sets up as a version before 3 did: with policies, templates and a component that all namespaces shared. */
async function setUpAsBefore(namespace: string, kept: string): Promise<void> {
  const { client } = cluster
  const names = namesFor(namespace)
  const component = 'waybill-events'
  await client.cluster.putComponentTemplate({ name: component, version: 2, template: {} })
  for (const category of CATEGORIES) {
    const policy = {
      phases: {
        hot: { min_age: '0ms', actions: { rollover: { max_age: '1d' } } },
        delete: { min_age: kept, actions: { delete: {} } },
      },
    }
    await client.ilm.putLifecycle({ name: `waybill-${category}`, policy })
    await client.indices.putIndexTemplate({
      name: names.alias(category),
      index_patterns: [names.family(category)],
      composed_of: [component],
      priority: 500,
      version: 2,
      template: {
        settings: {
          index: { lifecycle: { name: `waybill-${category}`, rollover_alias: names.alias(category) } },
        },
      },
    })
    await client.indices.create({
      index: names.first(category),
      aliases: { [names.alias(category)]: { is_write_index: true } },
    })
  }
  for (const of of ['waybills', 'dead-letters', 'records']) {
    await client.indices.putIndexTemplate({
      name: `waybill-${of}`,
      index_patterns: [`waybill-${of}-*`],
      priority: 500,
      version: 2,
      template: {},
    })
    await client.indices.create({ index: `waybill-${of}-${namespace}` })
  }
}

/** A table that keeps everything for this many days, and archives nothing: policies of such a table delete. */
const tableOf = (days: number): RetentionTable =>
  byCategory(() => ({ searchable: days * 86_400_000, archive: null, warm: null, cold: null }))

describe('namespaces', () => {
  const policyOf = async (name: string) => (await cluster.client.ilm.getLifecycle({ name }))[name]?.policy
  const lifecycleOf = async (index: string) =>
    (await cluster.client.indices.getSettings({ index }))[index]?.settings?.index?.lifecycle

  test('have policies of their own: a short retention of one leaves the events of the others', async ({
    skip,
  }) => {
    const [one, other] = [await cluster.make(), await cluster.make()]
    const first = await plan(one, tableOf(365))
    skip(!first.cluster.ilm, 'needs a cluster with lifecycle management')
    await apply(first)
    await apply(await plan(other, tableOf(1)))
    expect(keptBy((await policyOf(`waybill-activity-${one}`))!)).toBe(365 * 86_400_000 * 1.1 - 12 * 3_600_000)
    expect((await lifecycleOf(`waybill-activity-${one}-000001`))?.name).toBe(`waybill-activity-${one}`)
    expect((await plan(one, tableOf(365))).steps).toEqual([])
  })

  test('what would shorten the life of stored events is named, and an indexer leaves it at its start', async ({
    skip,
  }) => {
    const namespace = await cluster.make()
    const first = await plan(namespace, tableOf(365))
    skip(!first.cluster.ilm, 'needs a cluster with lifecycle management')
    await apply(first)
    const { steps } = await plan(namespace, tableOf(30))
    expect(steps.map(({ kind, name, shortens }) => [kind, name, shortens])).toEqual(
      CATEGORIES.map((category) => [
        'lifecycle policy',
        `waybill-${category}-${namespace}`,
        'keeps indices 401d now, and would delete them 33d after their rollover',
      ]),
    )
    // Any end shortens an unlimited life.
    expect((await plan(namespace, USUAL_TABLE)).steps.map(({ shortens }) => shortens)).not.toContain(null)
    const said: string[] = []
    const log = (sentence: string): void => void said.push(sentence)
    await (await cluster.open(namespace, { table: tableOf(30), log, strict: false })).close()
    expect(said).toHaveLength(CATEGORIES.length)
    expect(said[0]).toContain('run `waybill setup --shorten` if you mean it')
    expect((await plan(namespace, tableOf(365))).steps).toEqual([])
    // The indexer's table is longer than the policies that somebody else made.
    const store = await cluster.open(namespace, { table: tableOf(730), setup: 'none' })
    const found = await store.keepFor(searchableOf(tableOf(730)))
    expect(found).toHaveLength(CATEGORIES.length)
    expect(found[0]).toBe(
      `The lifecycle policy waybill-activity-${namespace} deletes events 401d after their index was rolled over, and the retention table keeps them 2y: run \`waybill setup\`.`,
    )
    expect(await store.keepFor(searchableOf(tableOf(365)))).toEqual([])
    await store.close()
    // Longer is never in question.
    const longer = await plan(namespace, tableOf(730))
    expect(longer.steps.filter(({ shortens }) => shortens !== undefined)).toEqual([])
  })

  test('set up by an earlier version go over to policies, templates and roles of their own', async ({
    skip,
  }) => {
    const [one, other] = [await cluster.make(), await cluster.make()]
    const { client } = cluster
    skip(!(await plan(one)).cluster.ilm, 'needs a cluster with lifecycle management')
    await setUpAsBefore(one, '400d')
    // Another one of the same version: what they share stays until it is set up, too.
    await client.indices.create({ index: `waybill-waybills-${other}` })
    await client.indices.create({
      index: `waybill-view-${other}-000001`,
      settings: { index: { lifecycle: { name: 'waybill-view', rollover_alias: `waybill-view-${other}` } } },
    })
    const shorter = await plan(one, tableOf(30))
    expect(
      shorter.steps
        .filter(({ shortens }) => shortens !== undefined)
        .map(({ kind, name }) => `${kind} ${name}`),
    ).toEqual(CATEGORIES.map((category) => `lifecycle waybill-${category}-${one}-000001`))
    await apply(await plan(one, tableOf(365)))
    expect(await lifecycleOf(`waybill-activity-${one}-000001`)).toMatchObject({
      name: `waybill-activity-${one}`,
      rollover_alias: `waybill-activity-${one}`,
    })
    const left = await client.ilm.getLifecycle({})
    expect(Object.keys(left).filter((name) => /^waybill-[a-z]+$/.test(name))).toEqual(['waybill-view'])
    const { index_templates: templates } = await client.indices.getIndexTemplate({ name: 'waybill-*' })
    expect(templates.map(({ name }) => name).filter((name) => !name.includes(one))).toEqual(
      expect.arrayContaining(['waybill-waybills']),
    )
    expect(templates.map(({ name }) => name)).not.toContain('waybill-records')
    await client.indices.delete({ index: [`waybill-waybills-${other}`, `waybill-view-${other}-000001`] })
    await apply(await plan(one, tableOf(365)))
    const { steps } = await plan(one, tableOf(365))
    expect(steps).toEqual([])
    expect(await client.indices.existsIndexTemplate({ name: 'waybill-waybills' })).toBe(false)
    expect(Object.keys(await client.ilm.getLifecycle({}))).not.toContain('waybill-view')
    // And it continues as before.
    const store = await cluster.open(one, { table: tableOf(365), strict: false })
    expect(await store.write(batchOf(1, [eventAt(0)]))).toMatchObject({ kind: 'stored' })
    await store.close()
  })
})

test('templates of a newer Waybill are left alone', async () => {
  const namespace = await cluster.make()
  await apply(await plan(namespace))
  const name = `waybill-api-${namespace}`
  await cluster.client.indices.putIndexTemplate({
    name,
    index_patterns: [`${name}-*`],
    composed_of: [`waybill-events-${namespace}`],
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
  // The index is as an older version would have made it: one field has another type, and all others are missing.
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
  // An index that can't follow does not appear again in each setup.
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
    const planned = await planSecurity(cluster.client, first.cluster, {
      names,
      renewKey,
      space: null,
      withheld: {},
    })
    if (planned === null) throw new Error('the cluster has lost its security')
    return planned
  }
  const { steps, key } = await security(false)
  await applyAll(steps)
  const secret = await key.apply()
  expect(secret).toMatch(/^[\w+/=]{20,}$/)
  // Nobody can read its secret again; the key stays.
  const again = await security(false)
  expect(again.steps).toEqual([])
  expect(again.key.change).toBe('none')
  const renewed = await security(true)
  expect(renewed.key).toMatchObject({ change: 'create', note: expect.stringContaining('stay valid') })
  await useKey(namespace, secret ?? '', first.cluster.ilm)
})

test.for(['viewer', 'manager'])(
  'a %s in Kibana reads events, waybills, dead letters and agents of one namespace, and no records',
  async (of, { skip }) => {
    skip(!(await hasModule('analysis-common')), 'needs a server that can keep roles and users')
    const [namespace, other] = [await cluster.make(), await cluster.make()]
    const names = namesFor(namespace)
    const first = await plan(namespace)
    skip(!first.cluster.security, 'needs a cluster with security')
    await apply(first)
    await apply(await plan(other))
    // The role is as an earlier version made it.
    await cluster.client.security.putRole({
      name: `waybill_${of}`,
      indices: [{ names: ['waybill-*'], privileges: ['read'] }],
    })
    const planned = await planSecurity(cluster.client, first.cluster, {
      names,
      renewKey: false,
      space: null,
      withheld: {},
    })
    expect(planned?.steps.find(({ name }) => name === `waybill_${of}`)?.note).toContain(names.role(of))
    await applyAll(planned?.steps ?? [])
    const password = 'a-password-of-a-test'
    for (const [username, role] of [
      [`${namespace}-now`, names.role(of)],
      [`${namespace}-before`, `waybill_${of}`],
    ] as const) {
      await cluster.client.security.putUser({ username, password, roles: [role], refresh: 'wait_for' })
      const client = connect({ nodes: [inject('engine').url], username, password })
      const reads = async (index: string): Promise<boolean> => {
        try {
          await client.search({ index, allow_no_indices: false })
          return true
        } catch (thrown) {
          if (/security_exception/.test(String(thrown))) return false
          throw thrown
        }
      }
      try {
        for (const index of [
          names.alias('change'),
          names.first('change'),
          names.waybills,
          names.deadLetters,
          names.agents,
        ])
          expect(await reads(index), index).toBe(true)
        expect(await reads(names.records)).toBe(false)
        expect(await reads(namesFor(other).alias('change'))).toBe(role === `waybill_${of}`)
        await expect(client.index({ index: names.alias('change'), document: {} })).rejects.toThrow(
          'security_exception',
        )
      } finally {
        await client.close()
        await cluster.client.security.deleteUser({ username })
      }
    }
    await cluster.client.security.deleteRole({ name: `waybill_${of}` })
  },
)

test('what masks and limits hide in the console is withheld in Kibana', async ({ skip }) => {
  skip(!(await hasModule('analysis-common')), 'needs a server that can keep roles and users')
  const namespace = await cluster.make()
  const names = namesFor(namespace)
  const { cluster: facts, ...first } = await plan(namespace)
  skip(facts.license?.type !== 'trial', 'needs a licence with security at the level of fields')
  await apply(first)
  const store = await cluster.open(namespace, { strict: false })
  const of = (index: number, type: string) => ({
    ...eventAt(index),
    source: { ip: '192.0.2.1' },
    event: { ...(eventAt(index).event as object), original: 'a line with 192.0.2.1' },
    audit: { category: 'change', entity: { type, id: String(index) } },
  })
  await store.write(batchOf(1, [of(0, 'Invoice'), of(1, 'Customer')]))
  await store.close()
  await cluster.settled()
  const fields = new Mask(['source.ip']).withheld
  const only = queryOfLimits({ namespaces: null, entities: ['invoice'] }, namespace)
  const withheld: Record<string, Withheld> = {
    viewer: { of: 'viewer', fields, query: null },
    accountants: { of: 'viewer', fields: [], query: justWhat(only!) },
  }
  const options = { names, renewKey: false, space: null, withheld }
  const planned = await planSecurity(cluster.client, facts, options)
  await applyAll(planned?.steps ?? [])
  expect((await planSecurity(cluster.client, facts, options))?.steps).toEqual([])
  const seen = async (of: string) => {
    const [username, password] = [`${namespace}-${of}`, 'a-password-of-a-test']
    await cluster.client.security.putUser({
      username,
      password,
      roles: [names.role(of)],
      refresh: 'wait_for',
    })
    const client = connect({ nodes: [inject('engine').url], username, password })
    try {
      await expect(client.search({ index: names.waybills, allow_no_indices: false })).rejects.toThrow(
        'security_exception',
      )
      const { hits } = await client.search<Record<string, unknown>>({ index: names.alias('change') })
      return hits.hits.map(({ _source }) => _source ?? {})
    } finally {
      await client.close()
      await cluster.client.security.deleteUser({ username })
    }
  }
  const viewed = await seen('viewer')
  expect(viewed).toHaveLength(2)
  expect(JSON.stringify(viewed)).not.toContain('192.0.2.1')
  expect(await seen('accountants')).toMatchObject([{ audit: { entity: { type: 'Invoice' } } }])
  // Without such a licence there is no role that would show it.
  const basic = { ...facts, license: { type: 'basic', active: true } }
  const without = await planSecurity(cluster.client, basic, options)
  expect(without?.notices[0]).toContain(names.role('viewer'))
  expect(without?.steps.map(({ name }) => name)).not.toContain(names.role('viewer'))
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
  // An index of an earlier version gains the fields that it lacks.
  const more = { ...mapping, properties: { ...mapping.properties, message: { type: 'text' } } } as const
  const gained = await watchSteps(client, namespace, { index, mapping: more, watches: [] })
  expect(gained.map(({ change, kind }) => `${change} ${kind}`)).toEqual(['update mapping'])
  await applyAll(gained)
  expect(await watchSteps(client, namespace, { index, mapping: more, watches: [] })).toEqual([])
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

async function useKey(namespace: string, apiKey: string, ilm: boolean): Promise<void> {
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
    // The key may look at policies, too.
    expect(await store.keepFor(searchableOf(tableOf(99_999)))).toHaveLength(ilm ? 1 : 0)
    await cluster.rollOver(namespace, 'change')
    expect(await store.expire(index, INGESTED + 1)).toBe(true)
  } finally {
    await client.close()
    await store.close()
  }
}
