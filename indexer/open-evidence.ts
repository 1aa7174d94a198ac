import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { OperatorError } from '../schema/index.ts'
import { folderOf, type IndexerConfig } from './config.ts'
import { logFolder } from './log/index.ts'
import { type EvidenceSource, storeEvidence } from './log/verify/index.ts'
import { openEmbeddedSource, type Store, type StoreSource } from './store/index.ts'

export interface EvidencePlace {
  /** The folder of an embedded store. */
  readonly store: string
  /** The folder of its transparency log, if it does not lie in the store's. */
  readonly log?: string | undefined
  /** Threads that read. */
  readonly threads?: number
}

/** Opens an embedded store for a verification; an indexer may be writing to it. */
export async function openEvidence({ store, log, threads }: EvidencePlace): Promise<EvidenceSource> {
  const folder = resolve(log ?? join(store, 'log'))
  if (log !== undefined && !existsSync(folder))
    throw new OperatorError(
      'WB-FILE-MISSING',
      `There is no folder ${log}: give the folder of the transparency log`,
      {
        exitCode: 2,
      },
    )
  return storeEvidence(
    await openEmbeddedSource(store, { isEvidence: true, ...(threads !== undefined && { threads }) }),
    {
      kind: 'store',
      place: `the store in ${store}`,
      // An indexer that has kept a log has its state: without its folder the log is missing, not absent.
      logs:
        existsSync(folder) || existsSync(join(store, 'log-state.json'))
          ? [{ place: folder, read: logFolder(folder) }]
          : [],
    },
  )
}

/** A cluster as evidence, with the transparency log in the folder of this indexer. */
export function clusterEvidence(
  store: StoreSource,
  config: IndexerConfig,
  log?: string | undefined,
): EvidenceSource {
  const folder = resolve(log ?? join(folderOf(config), 'log'))
  return storeEvidence(store, {
    kind: 'cluster',
    place: `namespace ${config.namespace} of the cluster at ${config.store.elasticsearch?.nodes.join(', ')}`,
    logs: existsSync(folder) ? [{ place: folder, read: logFolder(folder) }] : [],
  })
}

/** Opens the store of a running indexer, to be verified beside its work. */
export async function openEvidenceOf(config: IndexerConfig, store: Store): Promise<EvidenceSource> {
  const { embedded } = config.store
  if (embedded !== undefined) return openEvidence({ store: embedded.path, threads: 1 })
  // The store is the indexer's own, which closes it.
  return clusterEvidence({ ...ownParts(store), close: async () => {} }, config)
}

const ownParts = (store: Store): Omit<StoreSource, 'close'> => ({
  consignments: store.consignments,
  deadLetters: store.deadLetters,
  records: store.records,
  chains: (agent) => store.chains(agent),
  search: (request, gone) => store.search(request, gone),
  status: () => store.status(),
  storage: () => store.storage(),
})
