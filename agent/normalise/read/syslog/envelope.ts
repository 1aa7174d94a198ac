import { cutAt, LIMITS } from '../../../../schema/index.ts'
import type { Delivery, ReceivedMessage } from '../../../inputs/journal/record.ts'
import { FLAG } from '../../integration/flags.ts'
import { leafOf } from '../../integration/layout.ts'
import { isoOf, isPlausible, timeFlags } from '../../integration/time.ts'
import { FACILITIES, programOf, SEVERITIES } from './header.ts'
import { readMessage, type SyslogMessage } from './message.ts'
import type { TimeContext } from './timestamp.ts'

/** A value for a leaf of the event. */
export type Fill = readonly [leaf: number, value: unknown]

/** The envelope of a record: the fields that it supplies, and the text for the integration. */
export interface Envelope {
  readonly body: string
  /** ISO 8601; null if the envelope has no valid time. */
  readonly time: string | null
  /** The reason why it has none, for events that would have got this time. */
  readonly timeFlags: number
  /** The time when the record was made or received: times are compared with it. */
  readonly now: number
  /** Used for fields that the integration leaves empty, before its lookups, so that these may use them. */
  readonly fields: readonly Fill[]
  /** Used last, for fields that are still empty. */
  readonly rest: readonly Fill[]
  /** Used if the integration gives no address: then the sender's address is the source. */
  readonly sender: readonly Fill[]
  readonly flags: number
  readonly truncated: { readonly bytes: number; readonly sha256: string } | null
  /** Whether it came by the network: it is in no file that anybody would look for, and was not written on the agent's host. */
  readonly received: boolean
  /** What the sender identifies the record by, if its content does not; empty if it names nothing. */
  readonly key: readonly string[]
}

/** Reads the envelope of a record from its text. */
export type EnvelopeReader = (text: string) => Envelope | null

const VERSION = leafOf('log.syslog.version')
const PRIORITY = leafOf('log.syslog.priority')
const FACILITY_CODE = leafOf('log.syslog.facility.code')
const FACILITY_NAME = leafOf('log.syslog.facility.name')
const SEVERITY_CODE = leafOf('log.syslog.severity.code')
const SEVERITY_NAME = leafOf('log.syslog.severity.name')
const HOSTNAME = leafOf('log.syslog.hostname')
const APPNAME = leafOf('log.syslog.appname')
const PROCID = leafOf('log.syslog.procid')
const MSGID = leafOf('log.syslog.msgid')
const DATA = leafOf('log.syslog.structured_data')
const SENDER = leafOf('log.source.address')
const TRANSPORT = leafOf('network.transport')
const SUBJECT = leafOf('tls.client.subject')
const PROCESS_NAME = leafOf('process.name')
const PROCESS_ID = leafOf('process.pid')
const EVENT_SEVERITY = leafOf('event.severity')
const MESSAGE = leafOf('message')
const RECEIVED = leafOf('audit.seal.received')
const SOURCE_IP = leafOf('source.ip')
const SOURCE_PORT = leafOf('source.port')

/** The envelope of a line in a file: the header may lack its priority, and there is no sender. */
export function envelopeOfLine(text: string, context: TimeContext): Envelope {
  return envelopeOf(readMessage(text, context), context.received, null)
}

export function envelopeOfMessage(message: SyslogMessage, about: ReceivedMessage): Envelope {
  return envelopeOf(message, about.received, about)
}

function envelopeOf(message: SyslogMessage, now: number, about: ReceivedMessage | null): Envelope {
  const fields: Fill[] = []
  const give = (leaf: number, value: unknown): void => {
    if (value !== null) fields.push([leaf, value])
  }
  const { time } = message
  const { facility, severity, priority } = message.priority
  // A line in a file usually has no priority; a message that was sent without one has the RFC's default.
  const isRated = about !== null || message.hasPriority
  if (isRated) {
    give(PRIORITY, priority)
    give(FACILITY_CODE, facility)
    give(FACILITY_NAME, FACILITIES[facility] ?? null)
    give(SEVERITY_CODE, severity)
    give(SEVERITY_NAME, SEVERITIES[severity] ?? null)
  }
  give(VERSION, message.version)
  give(HOSTNAME, message.hostname)
  give(APPNAME, message.appname)
  // The first word of a CEF or LEEF record: it selects a program but is none itself.
  if (message.appname !== null && message.appname !== 'CEF' && message.appname !== 'LEEF')
    give(PROCESS_NAME, programOf(message.appname))
  give(PROCID, message.procid)
  if (message.procid !== null && /^\d{1,9}$/.test(message.procid)) give(PROCESS_ID, Number(message.procid))
  give(MSGID, message.msgid)
  give(DATA, message.data)
  const body = withoutLineEnd(message.body)
  const rest: Fill[] = []
  if (isRated) rest.push([EVENT_SEVERITY, severity])
  let flags = message.flags
  if (body.length > LIMITS.keywordLength) flags |= FLAG.value_cut
  if (body !== '') rest.push([MESSAGE, cutAt(body, LIMITS.keywordLength)])
  const sender: Fill[] = []
  if (about !== null) {
    const { address, port, transport, subject } = about.from
    give(SENDER, address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)
    give(TRANSPORT, transport === 'udp' ? 'udp' : 'tcp')
    give(SUBJECT, subject)
    give(RECEIVED, true)
    if (!address.includes('%')) sender.push([SOURCE_IP, address], [SOURCE_PORT, port])
    if (about.incomplete) flags |= FLAG.message_incomplete
  }
  return {
    body,
    time: time === null || !isPlausible(time, now) ? null : isoOf(time),
    timeFlags: timeFlags(time, now),
    now,
    fields,
    rest,
    sender,
    flags,
    truncated: about?.truncated ?? null,
    received: about !== null,
    key: [],
  }
}

/** The envelope of a record that came whole, without a header. Its sender passes it on, so the sender's address is not its source. */
export function envelopeOfDelivery(body: string, { from, subject, ...about }: Delivery): Envelope {
  const fields: Fill[] = [
    [RECEIVED, true],
    [SENDER, from],
  ]
  if (subject !== null) fields.push([SUBJECT, subject])
  const { received, truncated, key } = about
  return {
    ...{ body, time: null, timeFlags: timeFlags(null, received), now: received },
    ...{ fields, rest: [], sender: [], flags: 0, truncated, received: true, key },
  }
}

/** Some senders count the newline that ends a message as part of it. */
function withoutLineEnd(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r' || text[end - 1] === '\0')) end--
  return end === text.length ? text : text.slice(0, end)
}
