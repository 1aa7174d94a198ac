import { afterEach, expect, test } from 'vitest'
import { USUAL_TABLE } from '../../lifecycle/table.ts'
import { batchOf, eventAt, INGESTED } from '../testing/batches.ts'
import { consignmentsOf } from '../testing/consignments.ts'
import { namesFor } from './names.ts'
import { openSetup } from './setup/open.ts'
import { TestCluster } from './testing/engine.ts'

/** Events of another store lie in indices of their own. */
const cluster = new TestCluster()
afterEach(() => cluster.remove())

const DAY = 86_400_000

test('an index of moved events has no policy until the move is complete, then the age of its window; setup leaves it as it is', async ({
  skip,
}) => {
  const [old, young] = [await cluster.make(), await cluster.make()]
  const [source, target] = [await cluster.open(old), await cluster.open(young, { strict: false })]
  const setup = openSetup(cluster.connection, { namespace: young, table: async () => USUAL_TABLE })
  try {
    const { ilm } = (await setup.plan()).cluster
    const view = { audit: { category: 'view' } }
    await source.write(batchOf(1, [eventAt(1, view)]))
    await source.write(batchOf(2, [eventAt(2, view)], { ingested: INGESTED + 7 * DAY }))
    await target.consignments.put(await consignmentsOf(source))
    const indices = `${namesFor(young).alias('view')}-000000-*`
    const lifecycles = async () =>
      Object.entries(await cluster.client.indices.getSettings({ index: indices, name: 'index.lifecycle.*' }))
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([index, { settings }]) => [index, settings?.index?.lifecycle])
    skip(!ilm, 'needs a cluster with lifecycle management')
    expect(await lifecycles()).toEqual([])
    await target.consignments.complete()
    const width = 3 * DAY
    const ends = [INGESTED, INGESTED + 7 * DAY].map((at) => (Math.floor(at / width) + 1) * width)
    expect((await lifecycles()).map(([, lifecycle]) => lifecycle)).toEqual(
      ends.map((end) => ({
        name: namesFor(young).policy('view'),
        rollover_alias: namesFor(young).alias('view'),
        indexing_complete: 'true',
        origination_date: String(end),
      })),
    )
    expect((await setup.plan()).steps).toEqual([])
    const explained = await cluster.client.ilm.explainLifecycle({ index: indices })
    for (const one of Object.values(explained.indices))
      expect(one).toMatchObject({ managed: true, policy: namesFor(young).policy('view') })
  } finally {
    await setup.close()
    await source.close()
    await target.close()
  }
})
