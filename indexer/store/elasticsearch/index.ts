export { type ElasticsearchStoreOptions, openElasticsearchStore } from './store.ts'
