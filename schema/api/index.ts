/**
 * The shapes of the HTTP API, once: the server checks requests by them and makes the OpenAPI document of them, the command line reads answers by
 * them, and the console's client is made from that document. A door of its own, so that workers don't load it.
 */
export * from './accounts.ts'
export * from './aggregates.ts'
export * from './events.ts'
export * from './permissions.ts'
