import type { StructuredData } from './structured-data.ts'

/** The content of a syslog header; null for missing parts. */
export interface Header {
  readonly version: string | null
  /** Milliseconds since 1970; NaN if the time is invalid. */
  readonly time: number | null
  readonly hostname: string | null
  readonly appname: string | null
  readonly procid: string | null
  readonly msgid: string | null
  readonly data: StructuredData | null
  /** The message itself. */
  readonly body: string
  readonly flags: number
}

/** Tags that contain more than the name of a program. */
const TAGGED = /^(?:(?<name>[^(]+)\(pam_\w+\)|\((?<child>[^)]+)\)|(?<torn>[^\]]+)\]|(?<title>-- .+))$/

/**
 * The program that a tag names. Older PAM modules append their name (`sshd(pam_unix)`), systemd puts a child in parentheses before it
 * becomes another program (`(systemd)`), gdm omits an opening bracket (`gdm-password]`), and an older login shows the owner of the session
 * (`-- root`).
 */
export function programOf(appname: string): string {
  const last = appname.charCodeAt(appname.length - 1)
  if (last !== CLOSE_PARENTHESIS && last !== CLOSE_BRACKET && !appname.startsWith('-- ')) return appname
  const found = TAGGED.exec(appname)?.groups
  if (found === undefined) return appname
  return found.name ?? found.child ?? found.torn ?? 'login'
}

const CLOSE_PARENTHESIS = 0x29
const CLOSE_BRACKET = 0x5d

/** The number at the beginning of a syslog message (RFC 5424, 6.2.1). */
export interface Priority {
  readonly priority: number
  readonly facility: number
  readonly severity: number
}

/** The priority of a message without one: user.notice (RFC 3164, 4.3.3). */
export const PRIORITY_MISSING = 13
const HIGHEST = 191

export const FACILITIES: readonly string[] = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'security',
  'console',
  'solaris-cron',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
]

export const SEVERITIES: readonly string[] = [
  'emergency',
  'alert',
  'critical',
  'error',
  'warning',
  'notice',
  'informational',
  'debug',
]

const WRITTEN = /^<(\d{1,3})>/

/** The priority at the beginning of a text, and the place where the text continues; null if there is no valid one. */
export function priorityOf(text: string): { readonly value: Priority; readonly end: number } | null {
  const found = WRITTEN.exec(text)
  if (found === null) return null
  const digits = found[1]!
  // RFC 5424 forbids leading zeros, but devices write them (<013>), and the meaning is clear.
  const number = Number(digits)
  return number > HIGHEST ? null : { value: prioritised(number), end: digits.length + 2 }
}

export const prioritised = (priority: number): Priority => ({
  priority,
  facility: priority >> 3,
  severity: priority & 7,
})
