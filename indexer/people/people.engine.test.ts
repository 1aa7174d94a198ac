import { afterEach, describe } from 'vitest'
import { TestCluster } from '../store/elasticsearch/testing/engine.ts'
import { knowsPeople } from './testing/promises.ts'

const cluster = new TestCluster()
afterEach(() => cluster.remove())

describe('in Elasticsearch', () => {
  knowsPeople(cluster)
})
