import { afterAll } from 'vitest'
import { TestIndexer } from '../ingest/testing.ts'
import { TestCluster } from '../store/elasticsearch/testing/engine.ts'
import { reportsAgree } from './testing/agreement.ts'

const cluster = new TestCluster()
let indexer: TestIndexer | null = null
afterAll(async () => {
  await indexer?.end()
  await cluster.remove()
})

reportsAgree(async () => {
  const store = await cluster.open(await cluster.make())
  indexer = await TestIndexer.start({}, { clock: () => Date.UTC(2027, 0, 5), store })
  return { indexer, settled: () => cluster.settled() }
})
