import { randomBytes } from 'node:crypto'
import { openElasticsearchStore, type Store } from '../indexer/store/index.ts'
import { type Engine, startEngine } from '../test/engines/elasticsearch.ts'
import { usageOf } from './processes.ts'

/** A store in a real Elasticsearch: the one that WAYBILL_TEST_ES names, a container, or the server from Maven Central. */
export interface BenchEngine {
  readonly store: Store
  /** CPU seconds of the server so far; null where it is none of ours. */
  cpuSeconds(): number | null
  end(): Promise<void>
}

export async function openEngine(): Promise<BenchEngine> {
  const engine: Engine & { readonly pid?: number } = await startEngine()
  const { url, username, password } = engine.address
  const namespace = `bench${randomBytes(4).toString('hex')}`
  const store = await openElasticsearchStore({ nodes: [url], username, password, namespace, isTimed: true })
  return {
    store,
    cpuSeconds: () => (engine.pid === undefined ? null : (usageOf(engine.pid)?.cpuSeconds ?? null)),
    async end() {
      await store.close()
      await engine.stop()
    },
  }
}
