/** Syslog as an input: received messages are written to a journal, which is then read like files. */
export { takeJournalKey } from './key.ts'
export type { Listen, ListenerStatus, StreamLimits, SyslogListening, TlsOptions } from './options.ts'
export { listenText } from './options.ts'
export { Reception, type ReceptionStatus } from './reception.ts'
export { tryListening } from './trial.ts'
