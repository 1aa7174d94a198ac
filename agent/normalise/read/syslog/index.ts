/** Reads received messages, and lines with a syslog header: their content, and the integration for the rest. */
export { type Envelope, type EnvelopeReader, envelopeOfLine } from './envelope.ts'
export { type Joined, Joining } from './joining.ts'
export { readMessage, type SyslogMessage } from './message.ts'
export { JournalReader, type Received } from './reader.ts'
