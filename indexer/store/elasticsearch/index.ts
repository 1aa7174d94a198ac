export { ALERT_MAPPING } from './alert-index.ts'
export { removeNamespace } from './remove.ts'
export {
  differenceText,
  type SetupPlan,
  type Step as SetupStep,
  type Withheld,
  whyNoWatcher,
} from './setup/index.ts'
export { type ClusterSetup, openSetup, type RememberedOptions } from './setup/open.ts'
export { type ElasticsearchStoreOptions, openElasticsearchStore } from './store.ts'
export { justWhat } from './translate.ts'
