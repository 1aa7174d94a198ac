/**
 * The store of events, behind one port (`port.ts`): the embedded store, or Elasticsearch.
 * In: verified batches, queries, aggregates, times of expiry.
 * Out: the outcome of each batch, pages of events, counts.
 */
export { hostMatcher } from './authorship.ts'
export { CursorError } from './cursor.ts'
export {
  type ClusterSetup,
  differenceText,
  type ElasticsearchStoreOptions,
  justWhat,
  openElasticsearchStore,
  openSetup,
  type RememberedOptions,
  removeNamespace,
  type SetupPlan,
  type SetupStep,
  type Withheld,
  whyNoWatcher,
} from './elasticsearch/index.ts'
export { type EmbeddedStoreOptions, openEmbeddedSource, openEmbeddedStore } from './embedded/index.ts'
export { isCountable } from './field-values.ts'
export * from './port.ts'
export { renamedId, renamingOf } from './renamed.ts'
export { SharedRecords } from './shared-records.ts'
export { shownEvent } from './shown-event.ts'
export { type SortedRequest, sortedPage } from './sorted.ts'
