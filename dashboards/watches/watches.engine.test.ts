import { join } from 'node:path'
import type { Client } from '@elastic/elasticsearch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Example, type Rule, readRules } from '../../indexer/alerts/index.ts'
import { TestCluster } from '../../indexer/store/elasticsearch/testing/engine.ts'
import { ALERT_MAPPING, alertIndex, watchesFor } from './index.ts'

/** Needs Watcher and Painless, which the engine from Maven Central does not have: a container, or a cluster named by WAYBILL_TEST_ES. */
const rules = readRules(join(import.meta.dirname, '../../config/rules'))
const ARRIVED = Date.parse('2026-02-01T12:00:00Z')
const RUN = new Date(ARRIVED + 60_000).toISOString()

const cluster = new TestCluster()
const { client } = cluster
const hasWatcher = await watcherOf(client)
let namespace: string

async function watcherOf(client: Client): Promise<boolean> {
  const answer = await client.transport.request<{ features?: { watcher?: { available?: boolean } } }>(
    { method: 'GET', path: '/_xpack' },
    { ignore: [400, 404, 500] },
  )
  return answer.features?.watcher?.available === true
}

beforeAll(async () => {
  if (!hasWatcher) return
  namespace = await cluster.make()
  await (await cluster.open(namespace)).close()
  await client.indices.create({ index: alertIndex(namespace), mappings: ALERT_MAPPING })
})
afterAll(() => cluster.remove())

describe.runIf(hasWatcher)('each watch says of its rule’s examples what the built-in engine says', () => {
  const compiled = new Set(
    watchesFor(rules, { namespace: 'none', zone: 'UTC' }).watches.map(({ rule }) => rule),
  )
  const examples = rules
    .filter(({ id }) => compiled.has(id))
    .flatMap((rule) => rule.examples.map((example) => [rule.id, example.is, rule, example] as const))

  it.each(examples)('%s: %s', async (_id, _is, rule, example) => {
    await clear()
    await store(example, ARRIVED)
    expect(await alertsOf(rule)).toHaveLength(example.fires)
  })
})

describe.runIf(hasWatcher)('a watch', () => {
  const rule = rules.find(({ id }) => id === 'failed-logins-user')!
  const [fires] = rule.examples

  it('is silent about what an earlier run has seen', async () => {
    await clear()
    await store(fires!, ARRIVED - 3_600_000)
    expect(await alertsOf(rule)).toEqual([])
  })

  it('counts an event that arrived late with those that came before it', async () => {
    await clear()
    await store({ ...fires!, events: fires!.events.slice(0, 4) }, ARRIVED - 3_600_000)
    expect(await alertsOf(rule)).toEqual([])
    await store({ ...fires!, events: fires!.events.slice(4) }, ARRIVED)
    const [alert] = await alertsOf(rule)
    expect(alert).toMatchObject({
      '@timestamp': '2026-01-22T10:08:00Z',
      message: 'mike.wilson failed to sign in 5 times within 10 minutes, last from 45.67.89.123',
      rule: { id: 'failed-logins-user' },
      alert: { priority: 'high', count: 5, group: { 'user.name': 'mike.wilson' } },
      user: { name: 'mike.wilson' },
      source: { ip: '45.67.89.123' },
    })
  })

  it('brings an alert up to date instead of telling it twice', async () => {
    expect(await alertsOf(rule)).toHaveLength(1)
    expect(await alertsOf(rule)).toHaveLength(1)
  })

  it('is taken by the cluster as it is', async () => {
    for (const { id, watch } of watchesFor(rules, { namespace, zone: 'Europe/Berlin' }).watches) {
      await client.watcher.putWatch({ id, active: false, ...watch })
      await client.watcher.deleteWatch({ id })
    }
  })
})

const clear = async (): Promise<void> => {
  for (const index of [`waybill-security-${namespace}`, alertIndex(namespace)])
    await client.deleteByQuery({ index, query: { match_all: {} }, refresh: true, conflicts: 'proceed' })
}

async function store(example: Example, arrived: number): Promise<void> {
  const ingested = new Date(arrived).toISOString()
  const operations = example.events.flatMap((event, index) => [
    { create: {} },
    {
      ...event,
      event: { ...(event.event as object), id: `e${arrived}-${index}`, sequence: index, ingested },
      agent: { id: 'a-1' },
    },
  ])
  if (operations.length === 0) return
  const { errors } = await client.bulk({
    index: `waybill-security-${namespace}`,
    operations,
    refresh: true,
  })
  expect(errors).toBe(false)
}

async function alertsOf(rule: Rule): Promise<unknown[]> {
  const [made] = watchesFor([rule], { namespace, zone: 'UTC' }).watches
  const { watch_record: record } = await client.watcher.executeWatch({
    watch: made!.watch,
    trigger_data: { scheduled_time: RUN, triggered_time: RUN },
    action_modes: { _all: 'execute' },
  })
  // A chain is a success whatever becomes of its searches.
  expect(JSON.stringify(record.result)).not.toContain('"status":"failure"')
  await client.indices.refresh({ index: alertIndex(namespace) })
  const { hits } = await client.search({ index: alertIndex(namespace), size: 100 })
  return hits.hits.map(({ _source }) => _source)
}
