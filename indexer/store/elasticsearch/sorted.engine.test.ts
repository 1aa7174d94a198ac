import { afterEach, describe } from 'vitest'
import { sortsByValues } from '../testing/sorted.ts'
import { TestCluster } from './testing/engine.ts'

const FULL = process.env.WAYBILL_FULL !== undefined
const cluster = new TestCluster()
afterEach(() => cluster.remove())

describe('in Elasticsearch', () => {
  sortsByValues(cluster, FULL ? { events: 500, questions: 400 } : { events: 250, questions: 20 })
})
