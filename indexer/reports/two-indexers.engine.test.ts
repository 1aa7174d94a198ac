import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JobShape } from '../../schema/api/index.ts'
import { TestAgent, TestIndexer, until } from '../ingest/testing.ts'
import { TestCluster } from '../store/elasticsearch/testing/engine.ts'

/** Two indexers on one cluster share the jobs and the schedules; the files of a job are on the one that made it. */
const cluster = new TestCluster()
let both: [TestIndexer, TestIndexer]
const EVENTS = 3000
beforeAll(async () => {
  const namespace = await cluster.make()
  await (await cluster.open(namespace)).close()
  const start = async (): Promise<TestIndexer> =>
    TestIndexer.start({}, { store: await cluster.open(namespace, { setup: 'none' }), clock: Date.now })
  both = await Promise.all([start(), start()])
  const agent = await TestAgent.enrolled(both[0].url)
  const answer = await agent.send(both[0].url, agent.seal(agent.events(EVENTS)))
  expect(answer.status, answer.text).toBe(200)
})
afterAll(async () => {
  await Promise.all(both.map((one) => one.end()))
  await cluster.remove()
})

const jobAt = async (indexer: TestIndexer, id: string): Promise<JobShape> =>
  (await indexer.ask(`/v1/jobs/${id}`)).json as unknown as JobShape

test('each job is made by one of them, both show it, and the other one names where its files are', async () => {
  const asked = await Promise.all(
    Array.from({ length: 6 }, async (_, i) => {
      const json = { makes: 'export', export: { q: 'action: login' }, formats: ['ndjson'] }
      const { status, text, json: made } = await both[i % 2]!.ask('/v1/jobs', { json })
      expect(status, text).toBe(201)
      return String(made.id)
    }),
  )
  for (const id of asked) {
    const [here, there] = await until(
      async () => [await jobAt(both[0], id), await jobAt(both[1], id)] as const,
      ([one, other]) => one.state === 'done' && other.state === 'done',
    )
    expect(here.files).toEqual(there.files)
    expect([here.here, there.here].toSorted()).toEqual([false, true])
    const [holder, other] = here.here ? both : both.toReversed()
    const { name, rows } = here.files[0]!
    expect(rows).toBe(EVENTS)
    const file = await holder!.ask(`/v1/jobs/${id}/files/${name}`)
    expect([file.status, file.text.trim().split('\n').length]).toEqual([200, EVENTS])
    const refused = await other!.ask(`/v1/jobs/${id}/files/${name}`)
    expect([refused.status, refused.json.error, refused.json.detail]).toEqual([
      409,
      'WB-REPORT-ELSEWHERE',
      expect.stringContaining(`on the indexer ${here.holder}`),
    ])
  }
})

test('a schedule that is due at both makes one report', async () => {
  const every = {
    title: 'Each minute',
    report: 'admin-activity',
    covers: 'day',
    cron: '* * * * *',
    formats: ['csv'],
  }
  const put = await both[0].ask('/v1/report-schedules/each', { method: 'PUT', json: { schedule: every } })
  expect(put.status, put.text).toBe(200)
  const runs = async (indexer: TestIndexer): Promise<JobShape[]> =>
    ((await indexer.ask('/v1/jobs')).json.jobs as JobShape[]).filter(({ schedule }) => schedule === 'each')
  const done = await until(
    () => runs(both[1]),
    (all) => all.length > 0 && all.every(({ state }) => state === 'done'),
    // A minute until it is due, and the time of an engine that is busy.
    180_000,
  )
  const minutes = done.map(({ created }) => Math.floor(created / 60_000))
  expect(new Set(minutes).size).toBe(minutes.length)
})
