import { join } from 'node:path'
import type { Client, estypes } from '@elastic/elasticsearch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ParsedRule, readRules } from '../../indexer/alerts/index.ts'
import { ALERT_MAPPING, justWhat } from '../../indexer/store/elasticsearch/index.ts'
import { TestCluster } from '../../indexer/store/elasticsearch/testing/engine.ts'
import { alertDeliverySchema } from '../../schema/api/index.ts'
import type { Example } from '../../schema/rule.ts'
import { alertIndex, type WatchOptions, watchesFor } from './index.ts'

/** Needs Watcher and Painless, which the engine from Maven Central does not have: a container, or a cluster named by WAYBILL_TEST_ES. */
const { rules } = readRules(join(import.meta.dirname, '../../config/rules'))
const queryOf = ({ query }: ParsedRule) => justWhat(query)
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
    watchesFor(rules, queryOf, { namespace: 'none', zone: 'UTC' }).watches.map(({ rule }) => rule),
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
    await forget()
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
    await forget()
    expect(await alertsOf(rule)).toHaveLength(1)
  })

  it('names each person whom a rule of single events concerns, and counts all of their events', async () => {
    await clear()
    const granted = rules.find(({ id }) => id === 'permission-escalation')!
    const [given] = granted.examples[0]!.events
    const { target: _, ...by } = given!.user as Record<string, unknown>
    const one = { ...given, user: by }
    // Within one second; bob twice, and an event that names nobody.
    const events = ['bob', 'carol', 'bob', 'dave', undefined].map((name) => ({
      ...one,
      user: { ...(one?.user as object), ...(name === undefined ? {} : { target: { name } }) },
      related: { user: ['admin', ...(name === undefined ? [] : [name])], ip: ['192.0.2.7'] },
    }))
    await store({ ...granted.examples[0]!, events }, ARRIVED)
    const alerts = await alertsOf(granted)
    const found = alerts.map(({ alert, related }) => [alert.group, alert.count, related])
    expect(found).toHaveLength(4)
    for (const [name, count] of [
      ['bob', 2],
      ['carol', 1],
      ['dave', 1],
    ] as const)
      expect(found).toContainEqual([
        { 'user.target.name': name },
        count,
        { user: ['admin', name], ip: ['192.0.2.7'] },
      ])
    expect(found).toContainEqual([{ 'event.id': `e${ARRIVED}-4` }, 1, { user: ['admin'], ip: ['192.0.2.7'] }])
  })

  it('resumes where its last run ended, however long ago that was', async () => {
    await clear()
    const granted = rules.find(({ id }) => id === 'permission-escalation')!
    const event = granted.examples[0]!.events[0]!
    const later = (days: number): string => new Date(Date.parse(RUN) + days * 86_400_000).toISOString()
    expect(await alertsOf(granted)).toEqual([])
    // Three days without a run, as in a cluster that rests.
    await store({ ...granted.examples[0]!, events: [event] }, ARRIVED + 86_400_000)
    expect(await alertsOf(granted, 100, later(3))).toHaveLength(1)
    // And not again.
    await client.deleteByQuery({ index: alertIndex(namespace), query: { match_all: {} }, refresh: true })
    expect(await alertsOf(granted, 100, later(4))).toEqual([])
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
          '250 more events than the 1000 that one run looks at match "Mass data export", and',
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
    for (const { id, watch } of watchesFor(rules, queryOf, { namespace, zone: 'Europe/Berlin' }).watches) {
      await client.watcher.putWatch({ id, active: false, ...watch })
      await client.watcher.deleteWatch({ id })
    }
  })
})

interface AlertFound {
  readonly message: string
  readonly alert: Readonly<Record<string, unknown>>
  readonly related?: unknown
}

/** Deletes the record of the last run, so that its events are judged again. */
const forget = async (): Promise<void> => {
  const index = `waybill-records-${namespace}`
  await client.deleteByQuery({ index, query: { match_all: {} }, refresh: true, conflicts: 'proceed' })
}

const clear = async (): Promise<void> => {
  const indices = [`waybill-security-${namespace}`, alertIndex(namespace), `waybill-records-${namespace}`]
  for (const index of indices)
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

async function alertsOf(rule: ParsedRule, most = 100, at = RUN): Promise<AlertFound[]> {
  const { result } = await run(rule, {}, { _all: 'execute' }, at)
  // A chain is a success whatever becomes of its searches.
  expect(JSON.stringify(result)).not.toContain('"status":"failure"')
  await client.indices.refresh({ index: [alertIndex(namespace), `waybill-records-${namespace}`] })
  const { hits } = await client.search<AlertFound>({ index: alertIndex(namespace), size: most })
  return hits.hits.flatMap(({ _source }) => (_source === undefined ? [] : [_source]))
}

async function run(
  rule: ParsedRule,
  more: Pick<WatchOptions, 'webhook'> = {},
  modes: Record<string, estypes.WatcherActionExecutionMode> = { _all: 'execute' },
  at = RUN,
) {
  const [made] = watchesFor([rule], queryOf, { namespace, zone: 'UTC', ...more }).watches
  const { watch_record: record } = await client.watcher.executeWatch({
    watch: made!.watch,
    trigger_data: { scheduled_time: at, triggered_time: at },
    action_modes: modes,
  })
  return record
}
