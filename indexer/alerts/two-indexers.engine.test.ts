import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestAgent, TestIndexer, until } from '../ingest/testing.ts'
import { TestCluster } from '../store/elasticsearch/testing/engine.ts'

/** Two indexers on one cluster run the rules once, and one of them goes on when the other is gone. */
const cluster = new TestCluster()
let one: TestIndexer
let other: TestIndexer
beforeAll(async () => {
  const namespace = await cluster.make()
  await (await cluster.open(namespace)).close()
  const start = async (): Promise<TestIndexer> =>
    TestIndexer.start(
      {},
      { store: await cluster.open(namespace, { setup: 'none' }), runsRules: true, clock: Date.now },
    )
  ;[one, other] = await Promise.all([start(), start()])
})
afterAll(async () => {
  await Promise.all([one.end(), other.end()])
  await cluster.remove()
})

const failures = (agent: TestAgent, user: string) =>
  Array.from({ length: 5 }, (_, i) => {
    const event = agent.event() as Record<string, Record<string, unknown>>
    return {
      ...event,
      '@timestamp': new Date(Date.now() - 60_000 + i * 1000).toISOString(),
      event: {
        ...event.event,
        category: ['authentication'],
        type: ['start'],
        outcome: 'failure',
        action: 'Login',
      },
      user: { name: user },
      related: { user: [user] },
    }
  })

const alertsAt = async (indexer: TestIndexer): Promise<{ id: string; count: number; message: string }[]> =>
  ((await indexer.ask('/v1/alerts?state=any')).json.alerts ?? []) as never

const told = async (indexer: TestIndexer): Promise<string[]> => {
  const { json } = await indexer.ask('/v1/search?q=source%3A%20waybill%20and%20action%3A%20alert')
  return (json.events as { audit: { entity: { id: string } } }[]).map(({ audit }) => audit.entity.id)
}

test('each alert exists once, both show it, and after one stops the other raises the next', async () => {
  const agent = await TestAgent.enrolled(one.url)
  expect((await agent.send(one.url, agent.seal(failures(agent, 'mike')))).status).toBe(200)
  const raised = await until(
    () => alertsAt(one),
    (alerts) => alerts.length === 1 && alerts[0]!.count === 5,
  )
  expect(raised[0]?.message).toContain('mike failed to sign in 5 times')
  await until(
    () => alertsAt(other),
    (alerts) => alerts.length === 1,
  )
  await until(
    () => told(other),
    (ids) => ids.length === 1 && ids[0] === raised[0]!.id,
  )
  // Kibana's index has it, too.
  await until(
    async () => {
      await cluster.client.indices.refresh({ index: 'waybill-alerts-*' })
      const { hits } = await cluster.client.search<{ alert: { state: string; count: number } }>({
        index: 'waybill-alerts-*',
        query: { ids: { values: [raised[0]!.id] } },
      })
      return hits.hits.map(({ _source }) => [_source?.alert.state, _source?.alert.count])
    },
    (found) => JSON.stringify(found) === '[["open",5]]',
  )

  // Either of the two may have run the rules until now.
  await one.stop()
  const second = await until(
    async () => agent.send(other.url, agent.seal(failures(agent, 'anna'))),
    ({ status }) => status === 200,
  )
  expect(second.status).toBe(200)
  const both = await until(
    () => alertsAt(other),
    (alerts) => alerts.length === 2,
    120_000,
  )
  expect(new Set(both.map(({ id }) => id)).size).toBe(2)
  await until(
    () => told(other),
    (ids) => ids.length === 2 && new Set(ids).size === 2,
  )
}, 240_000)
