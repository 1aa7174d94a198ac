import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, expect, test } from 'vitest'
import { canonical, textAt } from '../../../schema/index.ts'
import { TestCluster } from '../../store/elasticsearch/testing/engine.ts'
import { removeNamespace } from '../../store/index.ts'
import { INGESTED, temporaryFolders } from '../../store/testing/batches.ts'
import { fill } from '../../store/testing/consignments.ts'
import { everything } from '../../store/testing/reference.ts'
import { Holds } from '../holds.ts'
import { openLifecycle } from '../lifecycle.ts'
import { Archive } from './archive.ts'
import { Folder } from './destination.ts'
import { type RestorePlace, Restores } from './restore.ts'
import { actsOnly, DAY, ring, TABLE } from './testing/ground.ts'

const ALL = { kind: 'all' } as const
const cluster = new TestCluster()
const folders = temporaryFolders()
afterEach(() => folders.remove())
afterAll(() => cluster.remove())

test('an index is archived, deleted only then, and restored into indices of its own', async () => {
  const namespace = await cluster.make()
  let now = INGESTED
  const store = await cluster.open(namespace, { table: TABLE, now: () => now })
  const { trail, acts } = actsOnly()
  const log = pino({ level: 'silent' })
  const clock = (): number => now
  const holds = new Holds({ store, trail, clock, random: randomBytes })
  const archive = new Archive({
    store,
    trail,
    agents: { get: () => undefined },
    destination: new Folder(join(folders.make(), 'archive')),
    keys: ring(),
    holds,
    deletesAfter: true,
    capacity: null,
    exports: [],
    namespace,
    logFolder: null,
    table: () => TABLE,
    log,
    clock,
    random: randomBytes,
  })
  try {
    await fill(store)
    await cluster.settled()
    const stored = (await everything(store, { query: ALL, order: 'oldest', limit: 1000 })).filter(
      (event) => textAt(event, 'audit.category') !== 'view',
    )
    const index = (await store.storage()).partitions.find(
      ({ category, events }) => category === 'change' && events > 0,
    )!
    // Nothing is archived that is still written to, and nothing is deleted that is not archived.
    now = INGESTED + 90 * DAY
    expect(await archive.round()).toEqual([])
    for (const category of ['change', 'security']) await cluster.rollOver(namespace, category)
    await cluster.settled()
    expect((await archive.round()).sort()).toEqual(
      [index.name, index.name.replace('waybill-change', 'waybill-security')].sort(),
    )
    const partition = (await store.storage()).partitions.find(({ name }) => name === index.name)!
    expect(await archive.holds(partition)).toBe(true)
    for (const { name } of await archive.catalogue.objects()) await archive.verify(name)

    const lifecycle = await openLifecycle({ store, trail, table: TABLE, archive, holds, log, clock })
    await lifecycle.round()
    await lifecycle.close()
    await cluster.settled()
    const left = (await store.storage()).partitions.filter(({ category }) => category !== 'view')
    expect(left.reduce((sum, { events }) => sum + events, 0)).toBe(0)
    expect(acts.filter(({ action }) => action === 'retention-expire').length).toBeGreaterThanOrEqual(2)

    const namespaces: string[] = []
    const place: RestorePlace = {
      open(id) {
        namespaces.push(`${namespace}.restored.${id}`)
        return cluster.open(`${namespace}.restored.${id}`, { table: TABLE, now: clock })
      },
      remove: (id) => removeNamespace({ ...cluster.connection, namespace: `${namespace}.restored.${id}` }),
    }
    const restores = new Restores({
      records: store.records,
      archive,
      place,
      trail,
      clock,
      random: randomBytes,
      log,
    })
    const { id } = await restores.begin(
      { from: 0, to: now, categories: null, until: now + DAY },
      { name: 'anna' },
    )
    await restores.settled()
    expect(await restores.get(id)).toMatchObject({ state: 'ready', events: stored.length })
    await cluster.settled()
    const restored = await everything(await restores.store(id), { query: ALL, order: 'oldest', limit: 1000 })
    expect(restored.map(canonical)).toEqual(stored.map(canonical))
    // Searches of the indexer do not find them.
    expect(
      (
        await everything(store, {
          query: { kind: 'equals', field: 'audit.category', value: 'change' },
          order: 'oldest',
          limit: 10,
        })
      ).length,
    ).toBe(0)
    now += DAY
    await restores.round()
    expect(await restores.list()).toEqual([])
    const indices = await cluster.client.indices.get({
      index: `waybill-*-${namespaces[0]}*`,
      expand_wildcards: 'all',
    })
    expect(Object.keys(indices)).toEqual([])
    await restores.close()
  } finally {
    await archive.close()
    await store.close()
  }
})
