import { cutAt } from '../../../../schema/index.ts'
import { FLAG } from '../../integration/flags.ts'
import { type Members, newMembers } from '../../integration/members.ts'
import { type AuditPair, auditCells, auditPairs } from './audit-pairs.ts'
import type { Cell, Format } from './format.ts'

const HEAD = /^(?:node=(\S+) )?type=(\S+) msg=audit\((\d+(?:\.\d+)?):(\d+)\): ?/

/** A value in hexadecimal digits with more characters than a number has. */
const CODED = /=((?:[0-9A-F]{2}){4,})(?=[ '\n\x1d]|$)/g

/** Records that accompany another one: an event is named after another of its records. */
export const ACCOMPANYING: ReadonlySet<string> = new Set(
  ['SYSCALL', 'PATH', 'CWD', 'EXECVE', 'PROCTITLE', 'SOCKADDR', 'SOCKETCALL', 'IPC', 'OBJ_PID', 'EOE'].concat(
    ['FD_PAIR', 'MMAP', 'BPRM_FCAPS', 'CAPSET', 'OPENAT2', 'URINGOP', 'TIME_INJOFFSET', 'TIME_ADJNTPVAL'],
  ),
)
const UNSET = '4294967295'

/**
 * Whether a value is one of the forms in which the kernel and auditd write an empty value. It looks at the first character first: of the
 * fifty values of an event few get further.
 */
function isNothing(value: string): boolean {
  switch (value.charCodeAt(0)) {
    case 0x3f: // ?
      return value === '?'
    case 0x28: // (
      return value === '(null)' || value === '(none)'
    case 0x2d: // -
      return value === '-1'
    case 0x34: // 4
      return value === UNSET
    case 0x75: // u
      return value === 'unset'
    default:
      return value === ''
  }
}

interface AuditRecord {
  readonly node: string | undefined
  readonly type: string
  readonly time: string
  readonly serial: string
  readonly pairs: readonly AuditPair[]
  readonly words: readonly string[]
}

/**
 * The log of the Linux audit system: the records of one event, one per line. Their fields become members; `type` is the record that names
 * the event, `records` lists all of them. Values in hexadecimal digits are decoded. The names that auditd looked up are under `enriched`.
 */
export const auditd: Format = {
  begin() {},
  looksLike: (text) => HEAD.test(text),
  hidden(text) {
    // Each text follows a line end, as the kernel writes them: an argument such as `-p...` begins there.
    let said = '\n'
    CODED.lastIndex = 0
    for (let found = CODED.exec(text); found !== null; found = CODED.exec(text)) {
      if (found[1] !== UNSET) said += `${Buffer.from(found[1]!, 'hex').toString('utf8')}\n`
    }
    return said.length === 1 ? '' : said
  },
  cells: (text) => linesOf(text).flatMap(({ from, to }) => cellsOf(text, from, to)),
  read(text) {
    const records: AuditRecord[] = []
    for (const { from, to } of linesOf(text)) {
      const record = recordAt(text, from, to)
      if (record === null) {
        const line = cutAt(text.slice(from, to), 40)
        return { problem: `Not an audit record: expected type=... msg=audit(time:serial):, found ${line}` }
      }
      records.push(record)
    }
    const members = eventOf(records)
    return { members, flags: text.includes('\ufffd') ? FLAG.encoding_repaired : 0 }
  },
}

function linesOf(text: string): { from: number; to: number }[] {
  const lines: { from: number; to: number }[] = []
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf('\n', from)
    const end = newline === -1 ? text.length : newline
    const to = text[end - 1] === '\r' ? end - 1 : end
    if (to > from) lines.push({ from, to })
    from = end + 1
  }
  return lines
}

function recordAt(text: string, from: number, to: number): AuditRecord | null {
  const found = HEAD.exec(text.slice(from, to))
  if (found === null) return null
  const [head, node, type, time, serial] = found
  const read = auditPairs(text, from + head.length, to, type === 'EXECVE')
  return { node, type: type!, time: time!, serial: serial!, ...read }
}

function cellsOf(text: string, from: number, to: number): Cell[] {
  const record = recordAt(text, from, to)
  return record === null ? [] : auditCells(record.pairs)
}

function eventOf(records: readonly AuditRecord[]): Members {
  const first = records[0]!
  const named =
    records.find(({ type }) => !ACCOMPANYING.has(type)) ??
    records.find(({ type }) => type === 'SYSCALL') ??
    first
  const members: Members = newMembers()
  members.time = first.time
  members.audit_id = `${first.time}:${first.serial}`
  if (first.node !== undefined) members.node = first.node
  members.type = named.type
  if (records.length > 1) members.records = records.map(({ type }) => type).join(' ')
  const paths: Members[] = []
  const enriched: Members = newMembers()
  for (const record of [named, ...records.filter((one) => one !== named)]) {
    switch (record.type) {
      case 'PATH':
        paths.push(asMembers(record.pairs))
        break
      case 'EXECVE':
        members.command ??= commandOf(record.pairs)
        break
      case 'SOCKADDR':
        takeSocket(record.pairs, members)
        break
      default:
        take(record, members, enriched)
    }
  }
  const changes = changesIn(named.pairs)
  if (changes.length > 0) members.changes = changes
  if (members.proctitle === members.command) delete members.proctitle
  if (Object.keys(enriched).length > 0) members.enriched = enriched
  takePaths(paths, members)
  return members
}

/** The first value of a field counts; a different later one is kept beside it. */
function take({ pairs, words }: AuditRecord, members: Members, enriched: Members): void {
  for (const { name, value, enriched: isEnriched } of pairs) {
    if (isNothing(value)) continue
    const target = isEnriched ? enriched : members
    const text = readable(name, value)
    if (target[name] === undefined) target[name] = text
    else if (target[name] !== text) target[`${name}_2`] ??= text
  }
  if (words.length > 0) members.text ??= words.join(' ')
}

/** Makes separators readable: NULs separate a title's arguments, 0x01 separates a rule's keys. */
const readable = (name: string, value: string): string => {
  if (name === 'key') return value.replaceAll('\x01', ', ')
  return value.includes('\0') ? value.replace(/\0+$/, '').replaceAll('\0', ' ') : value
}

/** `audit_enabled=0 old=1`, `enforcing=0 old_enforcing=1`, `old-level=N new-level=5`. */
function changesIn(pairs: readonly AuditPair[]): Members[] {
  const said = (name: string): string | undefined => pairs.find((pair) => pair.name === name)?.value
  const changes: Members[] = []
  pairs.forEach(({ name, value: old, enriched }, i) => {
    if (!name.startsWith('old') || enriched || isNothing(old)) return
    const before = pairs[i - 1]
    if (name === 'old' && before !== undefined) {
      changes.push({ field: before.name, old, new: before.value })
      return
    }
    const field = /^old[-_](.+)$/.exec(name)?.[1]
    if (field === undefined) return
    const now = said(field) ?? said(`new-${field}`) ?? said(`new_${field}`)
    if (now !== undefined) changes.push({ field, old, new: now })
  })
  return changes
}

function asMembers(pairs: readonly AuditPair[]): Members {
  const members: Members = newMembers()
  for (const { name, value, enriched } of pairs) {
    const key = enriched ? `${name.toLowerCase()}_name` : name
    // Almost no file has capabilities, and each path states this five times.
    if (isNothing(value) || (value === '0' && name.startsWith('cap_f'))) continue
    members[key] ??= readable(name, value)
  }
  return members
}

/** `a0="ls" a1="-l"`, and long arguments in pieces: `a2_len=9000 a2[0]=... a2[1]=...`. */
function commandOf(pairs: readonly AuditPair[]): string {
  const parts: string[] = []
  for (const { name, value } of pairs) {
    const found = /^a(\d+)(?:\[(\d+)\])?$/.exec(name)
    if (found === null) continue
    if (found[2] === undefined || found[2] === '0') parts.push(value)
    else parts.push((parts.pop() ?? '') + value)
  }
  return parts.map((part) => part.replaceAll('\0', ' ')).join(' ')
}

function takeSocket(pairs: readonly AuditPair[], members: Members): void {
  const saddr = pairs.find(({ name, enriched }) => name === 'saddr' && !enriched)
  if (saddr === undefined) return
  Object.assign(members, socketAddress(saddr.value) ?? { saddr: saddr.value })
}

/** Takes the object of the event: the first path that is not another path's folder. A relative path starts at the process's folder. */
function takePaths(paths: readonly Members[], members: Members): void {
  if (paths.length === 0) return
  const main = paths.find(({ nametype, name }) => nametype !== 'PARENT' && name !== undefined) ?? paths[0]!
  const { name, nametype } = main
  const { cwd } = members
  if (typeof name === 'string') {
    members.path = name.startsWith('/') || typeof cwd !== 'string' ? name : within(cwd, name)
  }
  if (nametype !== undefined) members.path_kind = nametype
  members.paths = paths
}

const within = (folder: string, name: string): string =>
  `${folder.endsWith('/') ? folder : `${folder}/`}${name.replace(/^\.\//, '')}`

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10

/** Reads a `saddr`: the bytes of the kernel's `struct sockaddr`, in hexadecimal digits. */
export function socketAddress(hex: string): Members | null {
  if (!/^(?:[0-9A-Fa-f]{2}){3,128}$/.test(hex)) return null
  const bytes = Buffer.from(hex, 'hex')
  // The family is in the host's byte order: little-endian on all relevant hosts; otherwise the first byte is 0.
  const family = bytes[0] === 0 ? bytes[1] : bytes[0]
  if (family === AF_INET && bytes.length >= 8) {
    return { socket_address: [...bytes.subarray(4, 8)].join('.'), socket_port: String(bytes.readUInt16BE(2)) }
  }
  if (family === AF_INET6 && bytes.length >= 24) {
    const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(8 + 2 * i).toString(16))
    return { socket_address: groups.join(':'), socket_port: String(bytes.readUInt16BE(2)) }
  }
  if (family === AF_UNIX) {
    // An abstract socket's name begins with a NUL; other names end at one.
    const name = bytes.subarray(2).toString('utf8')
    const path = name.startsWith('\0') ? `@${name.slice(1)}` : name
    const end = path.indexOf('\0')
    return { socket_path: end === -1 ? path : path.slice(0, end) }
  }
  return null
}
