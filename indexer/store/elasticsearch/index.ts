export { type ElasticsearchStoreOptions, openElasticsearchStore } from './store.ts'
export { justWhat } from './translate.ts'
