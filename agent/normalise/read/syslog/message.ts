import type { Header } from './header.ts'
import { PRIORITY_MISSING, type Priority, prioritised, priorityOf } from './priority.ts'
import { readRfc3164 } from './rfc3164.ts'
import { readRfc5424 } from './rfc5424.ts'
import type { TimeContext } from './timestamp.ts'

/** A message taken apart: header and priority. A message without priority has the one that RFC 3164 gives it. */
export interface SyslogMessage extends Header {
  readonly priority: Priority
  /** The message itself named its priority. */
  readonly hasPriority: boolean
}

/** Never fails: what can't be understood is a message without header, and tagged. */
export function readMessage(text: string, context: TimeContext): SyslogMessage {
  const written = priorityOf(text)
  const from = written?.end ?? 0
  // Some put a blank behind the priority.
  const start = text[from] === ' ' && written !== null ? from + 1 : from
  const header =
    (written === null ? null : readRfc5424(text, start, context)) ?? readRfc3164(text, start, context)
  return {
    ...header,
    priority: written?.value ?? prioritised(PRIORITY_MISSING),
    hasPriority: written !== null,
  }
}

/** A message that is not looked into. */
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
