import { randomBytes } from 'node:crypto'
import type { Client } from '@elastic/elasticsearch'
import { inject } from 'vitest'
import type { EngineAddress } from '../../../../test/engines/elasticsearch.ts'
import type { Store } from '../../port.ts'
import type { TestPlaces } from '../../testing/places.ts'
import { connect } from '../client.ts'
import { type ElasticsearchStoreOptions, openElasticsearchStore } from '../store.ts'

/** Stores in the engine of this run, each in a namespace of its own. */
export class TestCluster implements TestPlaces {
  readonly client: Client
  readonly #address: EngineAddress
  readonly #made: string[] = []

  constructor(address: EngineAddress = inject('engine')) {
    this.#address = address
    this.client = connect(this.connection)
  }

  get connection(): Pick<ElasticsearchStoreOptions, 'nodes' | 'username' | 'password'> {
    const { url, username, password } = this.#address
    return { nodes: [url], username, password }
  }

  async make(): Promise<string> {
    const namespace = `t${randomBytes(6).toString('hex')}`
    this.#made.push(namespace)
    return namespace
  }

  /** Opens a store as in production, but refuses unnamed fields in documents. */
  open(namespace: string, options: Partial<ElasticsearchStoreOptions> = {}): Promise<Store> {
    return openElasticsearchStore({
      ...this.connection,
      namespace,
      strict: true,
      ...options,
    })
  }

  async settled(): Promise<void> {
    await this.client.indices.refresh({ index: 'waybill-*', ignore_unavailable: true })
  }

  /** Rolls a category's alias over; the name of the new index. */
  async rollOver(namespace: string, category: string): Promise<string> {
    const { new_index: index } = await this.client.indices.rollover({
      alias: `waybill-${category}-${namespace}`,
    })
    return index
  }

  /** Takes away all that the tests of a file made. */
  async remove(): Promise<void> {
    for (const namespace of this.#made.splice(0)) {
      const index = `waybill-*-${namespace}*`
      await this.client.indices.putSettings(
        {
          index,
          settings: { index: { blocks: { write: false, read_only: false, read_only_allow_delete: false } } },
        },
        { ignore: [404] },
      )
      await this.client.indices.delete({ index, expand_wildcards: 'all' }, { ignore: [404] })
    }
  }
}
