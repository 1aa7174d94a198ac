/** Inputs that fetch: APIs that are asked for their records, with a cursor that survives every crash. */
export { ask } from './ask.ts'
export { clockifySource } from './clockify.ts'
export { type Cursors, doorOf, Fetcher, type FetcherStatus } from './fetcher.ts'
export { githubSource } from './github.ts'
export { oktaSource } from './okta.ts'
export { cloudTrailSource } from './s3.ts'
export type { Cursor, Source } from './source.ts'
