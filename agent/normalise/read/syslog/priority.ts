/** What the number in front of a syslog message says (RFC 5424, 6.2.1). */
export interface Priority {
  readonly priority: number
  readonly facility: number
  readonly severity: number
}

/** A message without one counts as user.notice (RFC 3164, 4.3.3). */
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

/** The priority that a text begins with and where the text goes on; null where it begins with none that is valid. */
export function priorityOf(text: string): { readonly value: Priority; readonly end: number } | null {
  const found = WRITTEN.exec(text)
  if (found === null) return null
  const digits = found[1]!
  // RFC 5424 forbids leading zeros; devices write them (<013>), and what they mean is plain.
  const number = Number(digits)
  return number > HIGHEST ? null : { value: prioritised(number), end: digits.length + 2 }
}

export const prioritised = (priority: number): Priority => ({
  priority,
  facility: priority >> 3,
  severity: priority & 7,
})
