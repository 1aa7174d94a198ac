import { join } from 'node:path'
import type { Client, estypes } from '@elastic/elasticsearch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { alertDeliverySchema, type Example, type Rule, readRules } from '../../indexer/alerts/index.ts'
import { TestCluster } from '../../indexer/store/elasticsearch/testing/engine.ts'
import { ALERT_MAPPING, alertIndex, type WatchOptions, watchesFor } from './index.ts'

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

  it('says in an alert how many events of a burst it did not judge', async () => {
    await clear()
    const export_ = rules.find(({ id }) => id === 'mass-export')!
    const [one] = export_.examples[0]!.events
    const burst = Array.from({ length: 1_250 }, (_, i) => ({ ...one, user: { name: `user-${i}` } }))
    await store({ ...export_.examples[0]!, events: burst }, ARRIVED)
    const alerts = await alertsOf(export_, 2_000)
    expect(alerts).toHaveLength(1_001)
    expect(alerts.filter(({ alert }) => 'more' in alert)).toMatchObject([
      {
        message: expect.stringContaining(
          '250 more events than the 1000 that one run looks at are what "Mass data export" watches for',
        ),
        rule: { id: 'mass-export', name: 'Mass data export' },
        alert: { more: 250, count: 250, priority: 'high', channels: ['admin'] },
      },
    ])
  })

  it('tells the indexer of a burst no more than it takes, and how many there were beyond', async () => {
    await clear()
    const export_ = rules.find(({ id }) => id === 'mass-export')!
    const [one] = export_.examples[0]!.events
    const burst = Array.from({ length: 1_250 }, (_, i) => ({
      ...one,
      user: { name: `user-${i}`.repeat(200) },
    }))
    await store({ ...export_.examples[0]!, events: burst }, ARRIVED)
    const webhook = { url: 'http://127.0.0.1:9/v1/alerts', token: 'a-token-of-watches' }
    const record = await run(export_, { webhook }, { keep: 'execute', tell: 'force_simulate' })
    expect(JSON.stringify(record)).not.toContain(webhook.token)
    const tell = record.result?.actions.find(({ id }) => id === 'tell')
    const delivery = alertDeliverySchema.parse(JSON.parse(tell?.webhook?.request.body ?? ''))
    expect([delivery.alerts.length, delivery.more]).toEqual([50, 951])
    expect(delivery.alerts[0]?.message).toContain('250 more events than the 1000')
  })

  it('is taken by the cluster as it is', async () => {
    for (const { id, watch } of watchesFor(rules, { namespace, zone: 'Europe/Berlin' }).watches) {
      await client.watcher.putWatch({ id, active: false, ...watch })
      await client.watcher.deleteWatch({ id })
    }
  })
})

interface AlertFound {
  readonly message: string
  readonly alert: Readonly<Record<string, unknown>>
}

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

async function alertsOf(rule: Rule, most = 100): Promise<AlertFound[]> {
  const { result } = await run(rule)
  // A chain is a success whatever becomes of its searches.
  expect(JSON.stringify(result)).not.toContain('"status":"failure"')
  await client.indices.refresh({ index: alertIndex(namespace) })
  const { hits } = await client.search<AlertFound>({ index: alertIndex(namespace), size: most })
  return hits.hits.flatMap(({ _source }) => (_source === undefined ? [] : [_source]))
}

async function run(
  rule: Rule,
  more: Pick<WatchOptions, 'webhook'> = {},
  modes: Record<string, estypes.WatcherActionExecutionMode> = { _all: 'execute' },
) {
  const [made] = watchesFor([rule], { namespace, zone: 'UTC', ...more }).watches
  const { watch_record: record } = await client.watcher.executeWatch({
    watch: made!.watch,
    trigger_data: { scheduled_time: RUN, triggered_time: RUN },
    action_modes: modes,
  })
  return record
}
