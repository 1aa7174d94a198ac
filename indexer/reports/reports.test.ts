import { afterAll } from 'vitest'
import { TestIndexer } from '../ingest/testing.ts'
import { reportsAgree } from './testing/agreement.ts'

let indexer: TestIndexer | null = null
afterAll(() => indexer?.end())

reportsAgree(async () => {
  indexer = await TestIndexer.start({}, { clock: () => Date.UTC(2027, 0, 5) })
  return { indexer, settled: async () => {} }
})
