/** The inputs of the agent, and how records are distinguished. */

export {
  clockifySource,
  cloudTrailSource,
  doorOf,
  type FetcherStatus,
  githubSource,
  oktaSource,
  type Source,
} from './fetch/index.ts'
export {
  createFileInput,
  type FileConfig,
  type FileInputContext,
  type FileInputOptions,
  matchingFiles,
  type Policy,
  whyNothing,
} from './file/index.ts'
export {
  behindByteOrderMark,
  type Framing,
  forEachRecord,
  lastBoundary,
  type WholeRecords,
  wholeRecords,
} from './framing.ts'
export { BulkDoor, type Door, OtlpDoor, type SenderName, WebhookDoor } from './http/index.ts'
export type { Filled, Input, SourceStatus } from './input.ts'
export { takeJournalKey } from './journal/index.ts'
export { type Listen, type ListenerStatus, listenText, tryListening } from './listen/index.ts'
export { type Fetching, type Listening, type Places, Reception, type ReceptionStatus } from './reception.ts'
