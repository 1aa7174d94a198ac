import { afterEach, describe } from 'vitest'
import { TestCluster } from '../store/elasticsearch/testing/engine.ts'
import { keepsMasks, SOME } from './testing/masked.ts'

const cluster = new TestCluster()
afterEach(() => cluster.remove())

describe('in Elasticsearch', () => keepsMasks(cluster, SOME))
