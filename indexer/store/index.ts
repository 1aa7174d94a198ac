export { hostMatcher } from './authorship.ts'
export { CursorError } from './cursor.ts'
export {
  type ClusterSetup,
  differenceText,
  type ElasticsearchStoreOptions,
  openElasticsearchStore,
  openSetup,
  type SetupPlan,
  type SetupStep,
  whyNoWatcher,
} from './elasticsearch/index.ts'
export { type EmbeddedStoreOptions, openEmbeddedStore } from './embedded/index.ts'
export { isCountable } from './field-values.ts'
export * from './port.ts'
export { SharedRecords } from './shared-records.ts'
export { type SortedRequest, sortedPage } from './sorted.ts'
