import type { StructuredData } from './structured-data.ts'

/** What a syslog header says; null where it says nothing. */
export interface Header {
  readonly version: string | null
  /** Milliseconds since 1970; NaN where it says one that can't be. */
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

/** Tags that name a program otherwise than by its name alone. */
const TAGGED = /^(?:(?<name>[^(]+)\(pam_\w+\)|\((?<child>[^)]+)\)|(?<torn>[^\]]+)\]|(?<title>-- .+))$/

/**
 * The program that a tag names. Older PAM modules write themselves behind it (`sshd(pam_unix)`), systemd puts a child in parentheses before
 * it is another program (`(systemd)`), gdm leaves a bracket open (`gdm-password]`), and an older login shows whose session it is (`-- root`).
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
