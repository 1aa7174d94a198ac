/**
 * The only definition of the HTTP API's shapes: the server checks requests with them and generates the OpenAPI document from them. The
 * command line reads answers with them, and the console's client is generated from that document. They have their own door, so that
 * workers don't load them.
 */
export * from './accounts.ts'
export * from './aggregates.ts'
export * from './alerts.ts'
export * from './archive.ts'
export * from './attention.ts'
export * from './cases.ts'
export * from './events.ts'
export * from './evidence.ts'
export * from './log.ts'
export * from './notifications.ts'
export * from './people.ts'
export * from './permissions.ts'
export * from './reports.ts'
export * from './retention.ts'
