export { CursorError } from './embedded/cursor.ts'
export { type EmbeddedStoreOptions, openEmbeddedStore } from './embedded/store.ts'
export { isCountable } from './field-values.ts'
export * from './port.ts'
