import { readFile } from 'node:fs/promises'
import { afterEach, expect, inject, test } from 'vitest'
import { TestCluster } from '../store/elasticsearch/testing/engine.ts'
import { holdsEachOnce, movesWhileShipping, Places } from './testing/scenario.ts'

const cluster = new TestCluster()
const places: Places[] = []
afterEach(async () => {
  for (const one of places.splice(0)) await one.remove()
  await cluster.remove()
})

async function clusterSettings(place: Places): Promise<string> {
  const { url, username, password } = inject('engine')
  const namespace = await cluster.make()
  const elasticsearch = { nodes: [url], username, password, path: `${place.folder}/beside-cluster` }
  return place.settings('cluster', { elasticsearch }, { namespace })
}

test('the embedded store is moved into a cluster, and a cluster into an embedded store, both while an agent ships and killed at several moments', async () => {
  const place = await Places.make()
  places.push(place)
  const clustered = await clusterSettings(place)
  const { namespace } = JSON.parse(await readFile(clustered, 'utf8')) as { namespace: string }
  const old = await place.embedded('old', { namespace })
  const there = await movesWhileShipping({ from: old, to: clustered, batches: 8, kills: [20, 700, 1500] })
  expect(there.statement).toContain('moved and verified')
  await there.indexer.close()
  // A cluster shows what was written a moment later.
  await cluster.settled()
  await holdsEachOnce(clustered, there.agent)

  const back = await place.embedded('back', { namespace })
  const again = await movesWhileShipping({
    from: clustered,
    to: back,
    batches: 2,
    kills: [20, 300],
    known: there.agent,
  })
  await again.indexer.close()
  // What came before the first move went along.
  await holdsEachOnce(back, again.agent)
}, 900_000)
