/** The wire: what agents and the indexer say to each other. A door of its own, so that workers that only make events don't load it. */
export * from './messages.ts'
export * from './notices.ts'
export * from './settings.ts'
export * from './waybill.ts'
