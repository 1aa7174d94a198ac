import { afterEach, describe } from 'vitest'
import { keepsAuthorsApart } from '../testing/authors.ts'
import { holdsConsignments } from '../testing/consignments.ts'
import { holdsStorePromises } from '../testing/promises.ts'
import { keepsRevisions } from '../testing/revisions.ts'
import { TestCluster } from './testing/engine.ts'

const cluster = new TestCluster()
afterEach(() => cluster.remove())

describe('in Elasticsearch', () => {
  holdsStorePromises(cluster)
  keepsRevisions(cluster)
  keepsAuthorsApart(cluster)
  holdsConsignments(cluster)
})
