import { crc32 } from 'node:zlib'
import { LIMITS } from '../../../schema/index.ts'

/**
 * What stands in the journal, one record behind the other:
 *
 *     00000159 89abcdef E 5f0c2a9b kZ3vJx0h7QpXbW2d 0000054 M 1763735522000 - - tcp 127.0.0.1:5514 10.0.0.7:40112 CN=web-1\n<34>1 2026-...\n
 *
 * a length and a CRC-32 of what it counts (each with the space behind it not counted), then the seal: which key, which nonce, and
 * where the encrypted part begins in the group that the nonce is for. That part is a line about the message, then the message's exact
 * bytes, newlines and NULs included, and ends before the record's last newline. The length tells where the next record begins; the
 * CRC, of the encrypted bytes, tells a record that was torn by a power cut from one that is whole: neither needs the key.
 *
 * In memory a record is open: `P` instead of `E`, and the part is readable. Versions before wrote no seal: the content began with `M`.
 */
export type JournalRecord =
  /** The first of each segment: random, so that no two segments look alike to the tailer. */
  | { readonly kind: 'segment' }
  /** So many messages were lost before they could be written. */
  | { readonly kind: 'dropped'; readonly count: number; readonly received: number }
  | {
      readonly kind: 'message'
      readonly message: ReceivedMessage
      readonly start: number
      readonly end: number
    }
  /** A message that is encrypted with another key. */
  | { readonly kind: 'sealed'; readonly head: string }
  /** Damaged: no such record was written. */
  | { readonly kind: 'damaged' }

export interface ReceivedMessage {
  /** When it came, ms since 1970. */
  readonly received: number
  readonly from: Origin
  /** Its connection ended within it. */
  readonly incomplete: boolean
  /** It was longer than a message may be: what it was as a whole. */
  readonly truncated: { readonly bytes: number; readonly sha256: string } | null
}

/** Where messages come from: the same for all of a connection. */
export interface Origin {
  readonly transport: 'udp' | 'tcp' | 'tls'
  /** By which of the settings' addresses it came in: `tcp 127.0.0.1:5514`. */
  readonly listen: string
  readonly address: string
  readonly port: number
  /** Subject of the client's certificate. */
  readonly subject: string | null
}

const LENGTH_DIGITS = 8
const CRC_DIGITS = 8
const PREFIX = LENGTH_DIGITS + 1 + CRC_DIGITS + 1
/** `E`, the key's name, the nonce and the offset, each with the space behind it. */
const KEY_DIGITS = 8
const NONCE_DIGITS = 16
const OFFSET_DIGITS = 7
const SEAL = 2 + KEY_DIGITS + 1 + NONCE_DIGITS + 1 + OFFSET_DIGITS + 1
const SEALED = 0x45
const OPEN = 0x50
const LF = 0x0a
const SPACE = 0x20
const ZERO = 0x30
const SUBJECT_LENGTH = 1024

/** Longest line about a message, with all that stands around. */
export const RECORD_OVERHEAD = 4096
export const LONGEST_RECORD: number = LIMITS.recordBytes + RECORD_OVERHEAD

/** The part of a record's line that is the same for all messages of a connection. */
export function originText(origin: Origin): string {
  const host = origin.address.includes(':') ? `[${origin.address}]` : origin.address
  const subject = (origin.subject ?? '').replace(/[\x00-\x1f\x7f]/g, ' ').slice(0, SUBJECT_LENGTH)
  return `${origin.listen} ${host}:${origin.port} ${subject}`
}

/** Writes an open record; behind its last byte. There must be room for the message and `RECORD_OVERHEAD`. */
export function writeMessage(
  into: Buffer,
  at: number,
  origin: string,
  message: Omit<ReceivedMessage, 'from'>,
  bytes: Uint8Array,
): number {
  const { truncated } = message
  const incomplete = message.incomplete ? 'I' : '-'
  const whole = truncated === null ? '-' : `${truncated.bytes}:${truncated.sha256}`
  const line = `M ${message.received} ${incomplete} ${whole} ${origin}\n`
  into[at + PREFIX] = OPEN
  let end = messageStart(at)
  end += into.write(line, end, 'utf8')
  into.set(bytes, end)
  end += bytes.length
  into[end] = LF
  end += 1
  writeLength(into, at, end)
  return end
}

/** Where the encrypted part of a record begins, and where it ends. */
export const messageStart = (at: number): number => at + PREFIX + SEAL
export const messageEnd = (end: number): number => end - 1

export const isOpen = (bytes: Uint8Array, at: number): boolean => bytes[at + PREFIX] === OPEN

export const isSealed = (bytes: Uint8Array, at: number, end: number): boolean =>
  recordEnd(bytes, at, end) === end && bytes[at + PREFIX] === SEALED && messageStart(at) <= messageEnd(end)

/** The record's message is encrypted now: `head` names key and nonce, `offset` its place in the group. */
export function markSealed(into: Buffer, at: number, end: number, head: Uint8Array, offset: number): void {
  const content = at + PREFIX
  into[content] = SEALED
  into[content + 1] = SPACE
  into.set(head, content + 2)
  into[content + SEAL - OFFSET_DIGITS - 2] = SPACE
  writeDigits(into, content + SEAL - OFFSET_DIGITS - 1, OFFSET_DIGITS, offset)
  into[content + SEAL - 1] = SPACE
  writeCrc(into, at, end)
}

/** The record's message is decrypted now. */
export function markOpen(into: Uint8Array, at: number): void {
  into[at + PREFIX] = OPEN
}

/** Key and nonce of a sealed record. */
export function sealOf(bytes: Buffer, at: number): { key: string; nonce: string } {
  const from = at + PREFIX + 2
  return {
    key: bytes.toString('latin1', from, from + KEY_DIGITS),
    nonce: bytes.toString('latin1', from + KEY_DIGITS + 1, from + KEY_DIGITS + 1 + NONCE_DIGITS),
  }
}

/** Where the first byte of the nonce's group would be, as a sealed record says. */
export function groupStart(bytes: Uint8Array, at: number): number {
  let offset = 0
  for (let i = messageStart(at) - 1 - OFFSET_DIGITS; i < messageStart(at) - 1; i++)
    // Of a byte that a disk damaged, too, the offset is none below zero.
    offset = offset * 10 + (bytes[i]! & 15)
  return messageStart(at) - offset
}

/** Whether two sealed records have key and nonce in common. Asked for each message: no text is made for it. */
export function haveSameSeal(bytes: Uint8Array, one: number, other: number): boolean {
  for (let i = PREFIX + 2; i < PREFIX + SEAL - OFFSET_DIGITS - 2; i++)
    if (bytes[one + i] !== bytes[other + i]) return false
  return true
}

export function segmentRecord(id: Uint8Array): Buffer {
  return lineRecord(`S ${Buffer.from(id).toString('hex')}`)
}

export function droppedRecord(count: number, received: number): Buffer {
  return lineRecord(`D ${received} ${count}`)
}

function lineRecord(line: string): Buffer {
  const record = Buffer.alloc(PREFIX + line.length + 1)
  record.write(`${line}\n`, PREFIX, 'latin1')
  writeLength(record, 0, record.length)
  writeCrc(record, 0, record.length)
  return record
}

function writeDigits(into: Uint8Array, at: number, digits: number, value: number): void {
  let rest = value
  for (let digit = digits - 1; digit >= 0; digit--) {
    into[at + digit] = ZERO + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}

function writeLength(into: Uint8Array, at: number, end: number): void {
  writeDigits(into, at, LENGTH_DIGITS, end - at - PREFIX)
  into[at + LENGTH_DIGITS] = SPACE
}

function writeCrc(into: Buffer, at: number, end: number): void {
  const content = at + PREFIX
  let crc = crc32(into.subarray(content, end))
  for (let digit = CRC_DIGITS - 1; digit >= 0; digit--) {
    const nibble = crc & 15
    into[at + LENGTH_DIGITS + 1 + digit] = nibble < 10 ? ZERO + nibble : 0x57 + nibble
    crc >>>= 4
  }
  into[content - 1] = SPACE
}

/** Behind the record that begins at `from`; -1 where it goes on behind `to`, -2 where none begins. */
export function recordEnd(bytes: Uint8Array, from: number, to: number): number {
  if (to - from <= LENGTH_DIGITS) return -1
  let length = 0
  for (let at = from; at < from + LENGTH_DIGITS; at++) {
    const digit = bytes[at]! - ZERO
    if (digit < 0 || digit > 9) return -2
    length = length * 10 + digit
  }
  if (bytes[from + LENGTH_DIGITS] !== SPACE || length > LONGEST_RECORD) return -2
  const end = from + PREFIX + length
  return end <= to ? end : -1
}

/** Whether the record that stands here is as it was written. */
export function isSound(bytes: Buffer, from: number, end: number): boolean {
  const said = Number.parseInt(bytes.toString('latin1', from + LENGTH_DIGITS + 1, from + PREFIX - 1), 16)
  return said === crc32(bytes.subarray(from + PREFIX, end))
}

const origins = new Map<string, Origin>()

/** The record between these offsets. */
export function readRecord(bytes: Buffer, from: number, end: number): JournalRecord {
  if (isSealed(bytes, from, end)) {
    return { kind: 'sealed', head: bytes.toString('latin1', from, messageStart(from) - 1) }
  }
  const content = isOpen(bytes, from) ? messageStart(from) : from + PREFIX
  const newline = recordEnd(bytes, from, end) === end ? bytes.indexOf(LF, content) : -1
  if (newline === -1 || newline >= end) return { kind: 'damaged' }
  const line = bytes.toString('utf8', content, newline)
  const words = line.split(' ', 4)
  const received = Number(words[1])
  switch (words[0]) {
    case 'S':
      return { kind: 'segment' }
    case 'D': {
      const count = Number(words[2])
      return Number.isSafeInteger(count) ? { kind: 'dropped', count, received } : { kind: 'damaged' }
    }
    case 'M': {
      const [, , incomplete = '', whole = ''] = words
      const rest = line.slice(2 + (words[1]?.length ?? 0) + 1 + incomplete.length + 1 + whole.length + 1)
      const origin = originOf(rest)
      if (origin === null || !Number.isSafeInteger(received)) return { kind: 'damaged' }
      const message = { received, from: origin, incomplete: incomplete === 'I', truncated: wholeOf(whole) }
      return { kind: 'message', message, start: newline + 1, end: end - 1 }
    }
    default:
      return { kind: 'damaged' }
  }
}

function wholeOf(text: string): ReceivedMessage['truncated'] {
  const colon = text.indexOf(':')
  return colon === -1 ? null : { bytes: Number(text.slice(0, colon)), sha256: text.slice(colon + 1) }
}

function originOf(text: string): Origin | null {
  const known = origins.get(text)
  if (known !== undefined) return known
  const found = /^(udp|tcp|tls) (\S+) (\S+):(\d+) (.*)$/s.exec(text)
  if (found === null) return null
  const [, transport, listen, host, port, subject] = found
  const origin: Origin = {
    transport: transport === 'udp' || transport === 'tls' ? transport : 'tcp',
    listen: `${transport} ${listen}`,
    address: host!.replace(/^\[|\]$/g, ''),
    port: Number(port),
    subject: subject === '' ? null : subject!,
  }
  // Senders come and go: what it costs to read one again is little.
  if (origins.size >= 4096) origins.clear()
  origins.set(text, origin)
  return origin
}
