import { FLAG } from '../../integration/flags.ts'
import type { Header } from './header.ts'
import { PRIORITY_MISSING, type Priority, prioritised, priorityOf } from './header.ts'
import { readRfc3164 } from './rfc3164.ts'
import { structuredData } from './structured-data.ts'
import { headerTime, type TimeContext } from './timestamp.ts'

/** A parsed message: header and priority. A message without priority has the one that RFC 3164 defines. */
export interface SyslogMessage extends Header {
  readonly priority: Priority
  /** Whether the message itself contains its priority. */
  readonly hasPriority: boolean
}

/** Reads a message. It never fails: an unreadable text becomes a message without header, with a tag. */
export function readMessage(text: string, context: TimeContext): SyslogMessage {
  const written = priorityOf(text)
  const from = written?.end ?? 0
  // Some senders put a blank after the priority.
  const start = text[from] === ' ' && written !== null ? from + 1 : from
  const header =
    (written === null ? null : readRfc5424(text, start, context)) ?? readRfc3164(text, start, context)
  return {
    ...header,
    priority: written?.value ?? prioritised(PRIORITY_MISSING),
    hasPriority: written !== null,
  }
}

/** A message that is shipped without being read. */
export function unreadMessage(text: string): SyslogMessage {
  return {
    version: null,
    time: null,
    hostname: null,
    appname: null,
    procid: null,
    msgid: null,
    data: null,
    body: text,
    flags: 0,
    priority: prioritised(PRIORITY_MISSING),
    hasPriority: false,
  }
}

const VERSIONED = /^([1-9]\d{0,2}) (\S+) (\S+) (\S+) (\S+) (\S+)(?: |$)/
const LENGTHS = { host: 255, app: 128, process: 128, message: 32 } as const
const BYTE_ORDER_MARK = '\ufeff'

/**
 * Reads the text after the priority by RFC 5424; null if it does not conform. Malformed structured data remains in the message, with a
 * remark.
 */
function readRfc5424(text: string, from: number, context: TimeContext): Header | null {
  const first = text.charCodeAt(from)
  if (!(first >= 0x31 && first <= 0x39)) return null
  const rest = text.slice(from)
  const found = VERSIONED.exec(rest)
  if (found === null) return null
  const [whole, version, stamp = '-', hostname = '-', appname = '-', procid = '-', msgid = '-'] = found
  const time = stamp === '-' ? null : headerTime(stamp, context)
  // A number at the beginning of other text is no version: a time would follow a version.
  if (stamp !== '-' && time?.end !== stamp.length) return null
  const before = whole.length
  const data = structuredData(rest, before)
  let flags = 0
  let body: string
  if (data === null) {
    flags |= FLAG.syslog_unparsed
    body = rest.slice(before)
  } else {
    flags |= data.flags
    // A blank, or the end, follows structured data.
    body = rest.slice(rest[data.end] === ' ' ? data.end + 1 : data.end)
  }
  if (body.startsWith(BYTE_ORDER_MARK)) body = body.slice(1)
  return {
    version: version!,
    time: time?.time ?? null,
    hostname: saidIn(hostname, LENGTHS.host),
    appname: saidIn(appname, LENGTHS.app),
    procid: saidIn(procid, LENGTHS.process),
    msgid: saidIn(msgid, LENGTHS.message),
    data: data?.data ?? null,
    body,
    flags,
  }
}

const saidIn = (text: string, longest: number): string | null =>
  text === '-' ? null : text.length > longest * 4 ? text.slice(0, longest * 4) : text
