import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestAgent, TestIndexer, until } from '../../indexer/ingest/testing.ts'
import { logFolder } from '../../indexer/log/index.ts'
import { storeEvidence, verify } from '../../indexer/log/verify/index.ts'
import { TestCluster } from '../../indexer/store/elasticsearch/testing/engine.ts'
import type { Finding } from '../../schema/api/index.ts'

/** Attacks on the evidence in a cluster, by somebody who may do everything there. */
const cluster = new TestCluster()
let namespace = ''
let indexer: TestIndexer
let agent: TestAgent
const WAYBILLS = 4
const EVENTS = 4
const MIDDLE = 2

beforeEach(async () => {
  namespace = await cluster.make()
  const store = await cluster.open(namespace)
  indexer = await TestIndexer.start({ namespace, 'transparency-log': { every: '100ms' } }, { store })
  agent = await TestAgent.enrolled(indexer.url)
  for (let i = 0; i < WAYBILLS; i++) await agent.send(indexer.url, agent.seal(agent.events(EVENTS)))
  // The indexer's own waybills are in the log, too: it must have all that is stored.
  await until(
    async () => {
      await cluster.settled()
      const { count } = await cluster.client.count({ index: waybills() })
      return { count, size: Number((await indexer.ask('/log/checkpoint')).text.split('\n')[1]) }
    },
    ({ count, size }) => count > WAYBILLS && size >= count,
  )
  await indexer.stop()
  await cluster.settled()
}, 180_000)
afterEach(async () => {
  await indexer.end()
  await cluster.remove()
})
afterAll(() => cluster.client.close())

async function found(): Promise<Finding[]> {
  await cluster.settled()
  const folder = join(indexer.folder, 'store', 'log')
  const source = storeEvidence(await cluster.open(namespace), {
    kind: 'cluster',
    place: 'the cluster',
    logs: [{ place: folder, read: logFolder(folder) }],
  })
  try {
    const report = await verify({ source, policy: null, now: Date.now })
    return report.findings.filter(({ weight }) => weight !== 'explained')
  } finally {
    await source.close()
  }
}

const events = (): string => `waybill-activity-${namespace}-000001`
const waybills = (): string => `waybill-waybills-${namespace}`
const sealedIn = (sequence: number) => ({ term: { 'audit.seal.sequence': sequence } })
const of = (): object => ({ term: { 'audit.seal.agent': agent.id } })

/** The documents of the waybill in the middle, in their order. */
async function documents(): Promise<{ id: string; source: Record<string, unknown> }[]> {
  const { hits } = await cluster.client.search<Record<string, unknown>>({
    index: events(),
    query: { bool: { filter: [sealedIn(MIDDLE), of()] } },
    sort: [{ 'audit.seal.position': 'asc' }],
  })
  return hits.hits.map(({ _id, _source }) => ({ id: String(_id), source: _source ?? {} }))
}

// The engine of the tests has neither _delete_by_query nor _reindex: what they do is done by hand.
const hitsOf = async (index: string, query: object) => {
  // What was stored a moment ago must be found, too.
  await cluster.client.indices.refresh({ index })
  const { hits } = await cluster.client.search<object>({ index, query, size: 1000 })
  return hits.hits.map(({ _id, _index, _source }) => ({ _id: String(_id), _index, source: _source ?? {} }))
}

async function remove(index: string, query: object): Promise<void> {
  const found = await hitsOf(index, query)
  expect(found.length).toBeGreaterThan(0)
  const operations = found.map(({ _id, _index }) => ({ delete: { _id, _index } }))
  const { errors } = await cluster.client.bulk({ operations, refresh: true })
  expect(errors).toBe(false)
}

async function copy(index: string, query: object, to: string): Promise<void> {
  const found = await hitsOf(index, query)
  const operations = found.flatMap(({ _id, source }) => [{ index: { _id, _index: to } }, source])
  const { errors } = await cluster.client.bulk({ operations, refresh: true })
  expect(errors).toBe(false)
}

describe('with all rights in the cluster', () => {
  test('nothing is found where nothing was done', async () => {
    expect(await found()).toEqual([])
  }, 180_000)

  test('a document that was edited is named', async () => {
    const all = await documents()
    const [, one] = all
    await cluster.client.index({
      index: events(),
      id: one!.id,
      document: { ...one!.source, message: 'another message' },
      refresh: true,
    })
    expect(await found()).toMatchObject([
      { kind: 'event-changed', at: { agent: agent.id, sequence: MIDDLE, position: 1, event: one!.id } },
    ])
  }, 180_000)

  test('an event that was deleted by a query is named', async () => {
    await remove(events(), {
      bool: { filter: [sealedIn(MIDDLE), of(), { term: { 'audit.seal.position': 2 } }] },
    })
    expect(await found()).toMatchObject([
      { kind: 'event-removed', at: { agent: agent.id, sequence: MIDDLE, position: 2 } },
    ])
  }, 180_000)

  test('an index that was made again without some of its events lacks these', async () => {
    const other = `waybill-activity-${namespace}-000002`
    const { [events()]: settings } = await cluster.client.indices.get({ index: events() })
    await cluster.client.indices.create({
      index: other,
      ...(settings?.mappings !== undefined && { mappings: settings.mappings }),
    })
    await copy(events(), { bool: { must_not: [sealedIn(MIDDLE)] } }, other)
    const alias = `waybill-activity-${namespace}`
    await cluster.client.indices.updateAliases({
      actions: [
        { remove_index: { index: events() } },
        { add: { index: other, alias, is_write_index: true } },
      ],
    })
    expect(await found()).toMatchObject(
      Array.from({ length: EVENTS }, (_, position) => ({
        kind: 'event-removed',
        at: { agent: agent.id, sequence: MIDDLE, position },
      })),
    )
  }, 180_000)

  test('a waybill that was deleted with its events is missing, as the log shows', async () => {
    await remove(events(), { bool: { filter: [sealedIn(MIDDLE), of()] } })
    await remove(waybills(), {
      bool: { filter: [{ term: { sequence: MIDDLE } }, { term: { agent: agent.id } }] },
    })
    expect((await found())[0]).toMatchObject({
      kind: 'waybills-missing',
      at: { agent: agent.id, sequence: MIDDLE },
      to: MIDDLE,
      namedBy: 'log',
    })
  }, 180_000)

  test('an old snapshot lacks what came after it, as the log shows', async () => {
    const later = (field: string): object => ({ range: { [field]: { gt: MIDDLE } } })
    await remove(events(), { bool: { filter: [later('audit.seal.sequence'), of()] } })
    await remove(waybills(), { bool: { filter: [later('sequence'), { term: { agent: agent.id } }] } })
    expect(await found()).toMatchObject([
      {
        kind: 'waybills-missing',
        at: { agent: agent.id, sequence: MIDDLE + 1 },
        to: WAYBILLS,
        namedBy: 'log',
      },
    ])
  }, 180_000)
})
