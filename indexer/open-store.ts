import { readFileSync } from 'node:fs'
import { OperatorError, reasonOf } from '../schema/index.ts'
import { folderOf, type IndexerConfig } from './config.ts'
import { type RestorePlace, restoresIn } from './lifecycle/archive/index.ts'
import { type RetentionTable, searchableOf } from './lifecycle/index.ts'
import {
  type ElasticsearchStoreOptions,
  openElasticsearchStore,
  openEmbeddedStore,
  removeNamespace,
  type Store,
} from './store/index.ts'

export interface OpenStoreOptions {
  readonly table: RetentionTable
  /** Receives sentences that an operator should know. */
  readonly log: (sentence: string) => void
  readonly now?: () => number
  /** Whether pages and counts end when their time is up. */
  readonly isTimed?: boolean
  /** For a cluster: credentials in place of those of the settings, and whether it is set up. */
  readonly cluster?: Pick<ElasticsearchStoreOptions, 'apiKey' | 'username' | 'password' | 'setup'>
}

/** Opens the store that the settings name. */
export async function openStore(config: IndexerConfig, options: OpenStoreOptions): Promise<Store> {
  const { embedded } = config.store
  const { table, cluster: _, ...others } = options
  if (embedded !== undefined) {
    const { path, 'min-free': minimumFree } = embedded
    return openEmbeddedStore({ path, minimumFree, searchable: searchableOf(table), ...others })
  }
  return openElasticsearchStore(clusterOptions(config, options))
}

/** Where restored events are put: in a store beside that of the indexer, of the same kind. */
export function restorePlace(config: IndexerConfig, options: OpenStoreOptions): RestorePlace {
  if (config.store.embedded !== undefined) return restoresIn(folderOf(config), options.now ?? Date.now)
  const of = (id: string): IndexerConfig => ({ ...config, namespace: `${config.namespace}.restored.${id}` })
  return {
    open: (id) => openElasticsearchStore(clusterOptions(of(id), options)),
    remove: (id) => removeNamespace(clusterOptions(of(id), options)),
  }
}

function clusterOptions(config: IndexerConfig, options: OpenStoreOptions): ElasticsearchStoreOptions {
  const { elasticsearch } = config.store
  const { table, cluster, ...others } = options
  if (elasticsearch === undefined) throw new Error('the settings were not checked: there is no store')
  const { nodes, 'api-key': apiKey, username, password, ca, setup } = elasticsearch
  const credentials = {
    ...(apiKey !== undefined && { apiKey: apiKey.reveal() }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: password.reveal() }),
  }
  const given = cluster?.apiKey ?? cluster?.username
  return {
    namespace: config.namespace,
    nodes,
    setup: cluster?.setup ?? setup,
    table,
    ...others,
    ...(given === undefined ? credentials : cluster),
    ...(ca !== undefined && { ca: readPem(ca) }),
  }
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw new OperatorError(
      'WB-CERTIFICATE-INVALID',
      `store.elasticsearch.ca: ${file} can't be read (${reasonOf(thrown)})`,
      { cause: thrown },
    )
  }
}
