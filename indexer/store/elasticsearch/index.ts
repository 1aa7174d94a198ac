export { differenceText, type SetupPlan, type Step as SetupStep, whyNoWatcher } from './setup/index.ts'
export { type ClusterSetup, openSetup } from './setup/open.ts'
export { type ElasticsearchStoreOptions, openElasticsearchStore } from './store.ts'
export { justWhat } from './translate.ts'
