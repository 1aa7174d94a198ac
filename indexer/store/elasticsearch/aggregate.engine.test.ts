import { afterEach, describe } from 'vitest'
import { countsWhatIsAsked } from '../testing/aggregates.ts'
import { TestCluster } from './testing/engine.ts'

const FULL = process.env.WAYBILL_FULL !== undefined
const cluster = new TestCluster()
afterEach(() => cluster.remove())

describe('in Elasticsearch', () => {
  countsWhatIsAsked(cluster, FULL ? { events: 500, questions: 3000 } : { events: 250, questions: 100 })
})
