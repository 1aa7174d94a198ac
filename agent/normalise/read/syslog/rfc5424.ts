import { FLAG } from '../../integration/flags.ts'
import type { Header } from './header.ts'
import { structuredData } from './structured-data.ts'
import { headerTime, type TimeContext } from './timestamp.ts'

const VERSIONED = /^([1-9]\d{0,2}) (\S+) (\S+) (\S+) (\S+) (\S+)(?: |$)/
const LENGTHS = { host: 255, app: 128, process: 128, message: 32 } as const
const BYTE_ORDER_MARK = '\ufeff'

/**
 * What stands behind the priority, read by RFC 5424; null where it is none. Structured data that is not well formed is left in the
 * message, and the message says so.
 */
export function readRfc5424(text: string, from: number, context: TimeContext): Header | null {
  const first = text.charCodeAt(from)
  if (!(first >= 0x31 && first <= 0x39)) return null
  const rest = text.slice(from)
  const found = VERSIONED.exec(rest)
  if (found === null) return null
  const [whole, version, stamp = '-', hostname = '-', appname = '-', procid = '-', msgid = '-'] = found
  const time = stamp === '-' ? null : headerTime(stamp, context)
  // A number at the start of other text is no version: what follows would be a time.
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
    // Behind structured data comes a blank, or the end.
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
