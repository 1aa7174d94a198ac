import { journald } from './formats/journald.ts'

/** The programs that pass on records of the audit system: auditd's plugins, the kernel if no auditd runs, and the journal. */
const AUDIT_PROGRAM = /^(?:audit|auditd|audispd|audisp-[\w-]+|kernel)$/
const AUDIT_RECORD = /^(?:node=\S+ )?type=\S+ msg=audit\(\d+(?:\.\d+)?:\d+\):/

export const isAuditRecord = (program: string | null, body: string): boolean =>
  program !== null && AUDIT_PROGRAM.test(program) && AUDIT_RECORD.test(body)

/** A record of the Linux audit system inside an entry of the journal, in the form of auditd's own log. */
export interface AuditWithin {
  readonly line: string
  readonly host: string | null
  /** The permanent name that journald gives the entry. */
  readonly cursor: string | null
}

const SIGNS = ['"_TRANSPORT":"audit"', '_TRANSPORT=audit', 'audit(']
const SIGNS_IN_BYTES = SIGNS.map((sign) => Buffer.from(sign))

/** Whether there may be one, in one entry or in many: on most hosts auditd handles these records. */
export const mayHoldAudit = (bytes: Buffer): boolean => SIGNS_IN_BYTES.some((sign) => bytes.includes(sign))

const OF_KERNEL = /^audit: type=(\d+) (?:msg=)?(audit\(\d+(?:\.\d+)?:\d+\): [^\n]*)$/

/** The kernel writes a type as its number if no auditd listens (linux/audit.h). */
const TYPES: Readonly<Record<string, string>> = {
  1006: 'LOGIN',
  1100: 'USER_AUTH',
  1101: 'USER_ACCT',
  1103: 'CRED_ACQ',
  1104: 'CRED_DISP',
  1105: 'USER_START',
  1106: 'USER_END',
  1107: 'USER_AVC',
  1108: 'USER_CHAUTHTOK',
  1109: 'USER_ERR',
  1110: 'CRED_REFR',
  1112: 'USER_LOGIN',
  1113: 'USER_LOGOUT',
  1114: 'ADD_USER',
  1115: 'DEL_USER',
  1116: 'ADD_GROUP',
  1117: 'DEL_GROUP',
  1123: 'USER_CMD',
  1127: 'SYSTEM_BOOT',
  1128: 'SYSTEM_SHUTDOWN',
  1129: 'SYSTEM_RUNLEVEL',
  1130: 'SERVICE_START',
  1131: 'SERVICE_STOP',
  1300: 'SYSCALL',
  1302: 'PATH',
  1305: 'CONFIG_CHANGE',
  1306: 'SOCKADDR',
  1307: 'CWD',
  1309: 'EXECVE',
  1325: 'NETFILTER_CFG',
  1326: 'SECCOMP',
  1327: 'PROCTITLE',
  1330: 'KERN_MODULE',
  1334: 'BPF',
  1400: 'AVC',
  1403: 'MAC_POLICY_LOAD',
  1404: 'MAC_STATUS',
  1405: 'MAC_CONFIG_CHANGE',
  1700: 'ANOM_PROMISCUOUS',
  1701: 'ANOM_ABEND',
}

/** Returns the audit record in an entry; null if there is none. Only fields of journald itself are trusted. */
export function auditWithin(entry: string): AuditWithin | null {
  if (!SIGNS.some((sign) => entry.includes(sign))) return null
  const understood = journald.read(entry)
  if (understood === null || understood.problem !== undefined) return null
  const said = (name: string): string | null => {
    const value = understood.members[name]
    return typeof value === 'string' ? value : null
  }
  const message = said('MESSAGE')
  const line = message === null || message.includes('\n') ? null : lineOf(message, said)
  return line === null ? null : { line, host: said('_HOSTNAME'), cursor: said('__CURSOR') }
}

function lineOf(message: string, said: (name: string) => string | null): string | null {
  switch (said('_TRANSPORT')) {
    case 'audit': {
      // journald splits the head, and puts the name of the type before the rest.
      const type = said('_AUDIT_TYPE_NAME')
      const id = said('_AUDIT_ID')
      const time = secondsOf(said('_SOURCE_REALTIME_TIMESTAMP') ?? said('__REALTIME_TIMESTAMP'))
      if (type === null || id === null || time === null || !message.startsWith(`${type} `)) return null
      return `type=${type} msg=audit(${time}:${id}): ${message.slice(type.length + 1)}`
    }
    case 'kernel': {
      const found = OF_KERNEL.exec(message)
      if (found === null) return null
      return `type=${TYPES[found[1]!] ?? `UNKNOWN[${found[1]}]`} msg=${found[2]}`
    }
    default:
      return isAuditRecord(said('_COMM'), message) ? message : null
  }
}

/** Microseconds in auditd's form: seconds and milliseconds. */
function secondsOf(micros: string | null): string | null {
  if (micros === null || !/^\d{7,17}$/.test(micros)) return null
  return `${micros.slice(0, -6)}.${micros.slice(-6, -3)}`
}
