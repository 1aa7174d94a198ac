import { cutAt, LIMITS } from '../../../../schema/index.ts'
import type { ReceivedMessage } from '../../../inputs/syslog/record.ts'
import { FLAG } from '../../integration/flags.ts'
import { leafOf } from '../../integration/layout.ts'
import { isoOf, isPlausible, timeFlags } from '../../integration/time.ts'
import { programOf } from './header.ts'
import { readMessage, type SyslogMessage } from './message.ts'
import { FACILITIES, SEVERITIES } from './priority.ts'
import type { TimeContext } from './timestamp.ts'

/** A value for a leaf of the event. */
export type Fill = readonly [leaf: number, value: unknown]

/** What a record is wrapped in: fields that the wrapping gives, and the text that the integration is for. */
export interface Envelope {
  readonly body: string
  /** ISO 8601; null where the wrapping has none that can be. */
  readonly time: string | null
  /** Why it has none, for events that would have been placed by it. */
  readonly timeFlags: number
  /** When the record was made or came: what a time is held against. */
  readonly now: number
  /** Taken where the integration's own fields are empty, before its lookups, so that they may ask for them. */
  readonly fields: readonly Fill[]
  /** Taken last, for what nothing else gave. */
  readonly rest: readonly Fill[]
  /** The integration gave no address of its own: then the sender's is the source. */
  readonly sender: readonly Fill[]
  readonly flags: number
  readonly truncated: { readonly bytes: number; readonly sha256: string } | null
  /** It came by the network: it is in no file that anybody would look for, and was not written on the agent's host. */
  readonly received: boolean
}

/** What a record stands in, read from its text. */
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
const SOURCE_IP = leafOf('source.ip')
const SOURCE_PORT = leafOf('source.port')

/** Of a line in a file: the header may lack its priority, and nobody sent it. */
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
  // A line in a file has no priority more often than not; what was sent without one has that of the RFC.
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
  // The first word of a format: programs are chosen by it, but it is none.
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
  }
}

/** Some senders count the newline that ends a message as part of it. */
function withoutLineEnd(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r' || text[end - 1] === '\0')) end--
  return end === text.length ? text : text.slice(0, end)
}
