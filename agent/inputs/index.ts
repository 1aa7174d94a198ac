/** The inputs of the agent, and how records are distinguished. */
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
export type { Filled, Input, SourceStatus } from './input.ts'
export {
  type Listen,
  type ListenerStatus,
  listenText,
  Reception,
  type ReceptionStatus,
  type SyslogListening,
  takeJournalKey,
  tryListening,
} from './syslog/index.ts'
