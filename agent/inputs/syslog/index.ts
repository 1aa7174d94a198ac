/** Syslog as an input: what is received is written to a journal, which is then read as files are. */
export { takeJournalKey } from './key.ts'
export type { Listen, ListenerStatus, StreamLimits, SyslogListening, TlsOptions } from './options.ts'
export { listenText } from './options.ts'
export { Reception, type ReceptionStatus } from './reception.ts'
export { tryListening } from './trial.ts'
