/**
 * The messages between agents and the indexer. Workers that only make events do not load it.
 * In: bodies of requests and answers, sealed batches.
 * Out: checked messages, and the bytes to send.
 */
export * from './messages.ts'
export * from './notices.ts'
export * from './settings.ts'
export * from './waybill.ts'
