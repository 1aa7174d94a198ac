import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { readRule, SUPPLIED_RULES } from '../../indexer/alerts/index.ts'
import { TestIndexer } from '../../indexer/ingest/testing.ts'
import { ALERT_MAPPING, justWhat } from '../../indexer/store/elasticsearch/index.ts'
import { TestCluster } from '../../indexer/store/elasticsearch/testing/engine.ts'
import { alertIndex, watchesFor } from './index.ts'

/** Needs Watcher, on a cluster that reaches the loopback of this machine. */
const ARRIVED = Date.parse('2026-02-01T12:00:00Z')
const RUN = new Date(ARRIVED + 60_000).toISOString()
const TOKEN = 'a-token-for-watches-1'

const cluster = new TestCluster()
const { client } = cluster
let indexer: TestIndexer
let namespace: string

beforeAll(async () => {
  namespace = await cluster.make()
  indexer = await TestIndexer.start({
    tokens: [{ name: 'watcher', token: TOKEN, scopes: ['alerts'] }],
  })
})
afterAll(async () => {
  await indexer.end()
  await cluster.remove()
})

test('a watch tells the indexer its alert, which stands in the audit trail once', async ({ skip }) => {
  const answer = await client.transport.request<{ features?: { watcher?: { available?: boolean } } }>(
    { method: 'GET', path: '/_xpack' },
    { ignore: [400, 404, 500] },
  )
  skip(answer.features?.watcher?.available !== true, 'needs Watcher')
  skip(!/^https?:\/\/(127\.|localhost)/.test(inject('engine').url), 'needs a cluster on this machine')
  await (await cluster.open(namespace)).close()
  await client.indices.create({ index: alertIndex(namespace), mappings: ALERT_MAPPING })
  await client.index({
    index: `waybill-activity-${namespace}`,
    op_type: 'create',
    document: {
      '@timestamp': '2026-01-22T10:00:00Z',
      event: { id: 'e1', action: 'Export', sequence: 0, ingested: new Date(ARRIVED).toISOString() },
      agent: { id: 'a-1' },
      user: { name: 'sarah "the <boss>" jones' },
      audit: { record_count: 5000, entity: { type: 'Customer' } },
    },
    refresh: true,
  })
  const rule = readRule(SUPPLIED_RULES, 'mass-export')
  const webhook = { url: `${indexer.url}/v1/alerts`, token: TOKEN }
  const [made] = watchesFor(rule === null ? [] : [rule], ({ query }) => justWhat(query), {
    namespace,
    zone: 'UTC',
    webhook,
  }).watches
  await client.watcher.putWatch({ id: made!.id, ...made!.watch, active: false })
  onTestFinished(async () => void (await client.watcher.deleteWatch({ id: made!.id })))

  const deliver = async () => {
    const { watch_record: record } = await client.watcher.executeWatch({
      id: made!.id,
      trigger_data: { scheduled_time: RUN, triggered_time: RUN },
      action_modes: { _all: 'force_execute' },
      record_execution: true,
    })
    skip(JSON.stringify(record).includes('Connection refused'), 'the cluster does not reach this loopback')
    return record
  }
  const record = await deliver()
  expect(record.result?.actions).toMatchObject([
    { id: 'keep', status: 'success' },
    { id: 'tell', status: 'success', webhook: { response: { status: 200, body: '{"taken":1,"known":0}' } } },
    { id: 'seen', status: 'success' },
  ])
  // Another run of the watch, which knows no earlier one, reports the same alert.
  await client.deleteByQuery({
    index: `waybill-records-${namespace}`,
    query: { term: { kind: 'watch' } },
    refresh: true,
  })
  expect((await deliver()).result?.actions[1]).toMatchObject({
    webhook: { response: { status: 200, body: '{"taken":0,"known":1}' } },
  })
  const { events } = (await indexer.ask(`/v1/search?q=${encodeURIComponent('event.kind: alert')}`)).json
  expect(events).toMatchObject([
    {
      message: expect.stringContaining('sarah "the <boss>" jones exported 5000 Customer records'),
      rule: { id: 'mass-export', name: 'Mass data export' },
      related: { user: ['sarah "the <boss>" jones'] },
      audit: { category: 'security', risk: 'high', record_count: 1, payload: { events: 'e1' } },
    },
  ])
  const shown = await client.watcher.getWatch({ id: made!.id })
  await client.indices.refresh({ index: '.watcher-history-*' })
  const runs = { index: '.watcher-history-*', query: { term: { watch_id: made!.id } } }
  const { hits: history } = await client.search(runs)
  expect(history.hits).toHaveLength(2)
  for (const one of [record, shown, history]) expect(JSON.stringify(one)).not.toContain(TOKEN)
})
