/** Syslog as an input: received messages are written to the journal. */
export { StreamListener } from './streams.ts'
export { DatagramListener } from './udp.ts'
