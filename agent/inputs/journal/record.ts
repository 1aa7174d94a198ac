import { crc32 } from 'node:zlib'
import { LIMITS } from '../../../schema/index.ts'

/**
 * The format of the journal, one record after the other:
 *
 *     00000159 89abcdef E 5f0c2a9b kZ3vJx0h7QpXbW2d 0000054 M 1763735522000 - - tcp 127.0.0.1:5514 10.0.0.7:40112 CN=web-1\n<34>1 2026-...\n
 *
 * A record begins with a length and a CRC-32 of the bytes that the length counts (the space after each is not counted). Then comes the
 * seal: the key, the nonce, and the place where the encrypted part begins in the group of this nonce. The encrypted part is a line about
 * the message, then the exact bytes of the message with newlines and NULs. It ends before the last newline of the record. The length gives
 * the beginning of the next record. The CRC covers the encrypted bytes and detects a record that a power cut left incomplete. Neither
 * needs the key.
 *
 * `M` is a message by syslog, `R` a record that came by another door: `R <received> <JSON about it>\\n`, then its exact bytes.
 *
 * In memory a record is open: it has `P` instead of `E`, and the part is readable. Earlier versions wrote no seal: the content began with
 * `M`.
 */
export type JournalRecord =
  /** The first record of each segment: random, so that the tailer can distinguish all segments. */
  | { readonly kind: 'segment' }
  /** This many messages were lost before they could be written. */
  | { readonly kind: 'dropped'; readonly count: number; readonly received: number }
  | {
      readonly kind: 'message'
      readonly message: ReceivedMessage
      readonly start: number
      readonly end: number
    }
  | {
      readonly kind: 'delivery'
      readonly delivery: Delivery
      readonly start: number
      readonly end: number
    }
  /** A message that is encrypted with another key. */
  | { readonly kind: 'sealed'; readonly head: string }
  /** Damaged: this record was not written like this. */
  | { readonly kind: 'damaged' }

export interface ReceivedMessage {
  /** The time of receipt, in ms since 1970. */
  readonly received: number
  readonly from: Origin
  /** Whether its connection ended within it. */
  readonly incomplete: boolean
  /** The size and hash of a message that was longer than the limit. */
  readonly truncated: { readonly bytes: number; readonly sha256: string } | null
}

/** The origin of messages: the same for all messages of a connection. */
export interface Origin {
  readonly transport: 'udp' | 'tcp' | 'tls'
  /** The address in the settings that received it: `tcp 127.0.0.1:5514`. */
  readonly listen: string
  readonly address: string
  readonly port: number
  /** The subject of the client's certificate. */
  readonly subject: string | null
}

/** A record that came by another door than syslog. */
export interface Delivery {
  /** The time of receipt, in ms since 1970. */
  readonly received: number
  /** The door that took it, as in the settings: `bulk 127.0.0.1:9200`, `fetch okta`. */
  readonly door: string
  /** Which of the door's integrations reads it: the name of an index, the path of a webhook; empty if the door has one only. */
  readonly route: string
  /** Address and port of the sender, or the address that it was fetched from. */
  readonly from: string
  /** The subject of the client's certificate. */
  readonly subject: string | null
  /** What the source itself identifies it by, whatever its content; empty if it names nothing. */
  readonly key: readonly string[]
  readonly truncated: ReceivedMessage['truncated']
}

const LENGTH_DIGITS = 8
const CRC_DIGITS = 8
const PREFIX = LENGTH_DIGITS + 1 + CRC_DIGITS + 1
/** `E`, the key's name, the nonce and the offset, each with a space after it. */
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

/** The longest line about a message, with everything around it. */
export const RECORD_OVERHEAD = 4096
export const LONGEST_RECORD: number = LIMITS.recordBytes + RECORD_OVERHEAD

/** The part of a record's line that is the same for all messages of a connection. */
export function originText(origin: Origin): string {
  const host = origin.address.includes(':') ? `[${origin.address}]` : origin.address
  const subject = (origin.subject ?? '').replace(/[\x00-\x1f\x7f]/g, ' ').slice(0, SUBJECT_LENGTH)
  return `${origin.listen} ${host}:${origin.port} ${subject}`
}

/** The line about a message by syslog. */
export function messageLine(origin: string, message: Omit<ReceivedMessage, 'from'>): string {
  const { truncated } = message
  const incomplete = message.incomplete ? 'I' : '-'
  const whole = truncated === null ? '-' : `${truncated.bytes}:${truncated.sha256}`
  return `M ${message.received} ${incomplete} ${whole} ${origin}\n`
}

/** The line about a record that came by another door. Doors bound its parts, so it fits (`RECORD_OVERHEAD`). */
export function deliveryLine({ received, door, route, from, subject, key, truncated }: Delivery): string {
  const about = {
    door,
    from,
    ...(route !== '' && { route }),
    ...(subject !== null && { subject: subject.slice(0, SUBJECT_LENGTH) }),
    ...(key.length > 0 && { key }),
    ...(truncated !== null && { truncated }),
  }
  const line = `R ${received} ${JSON.stringify(about)}\n`
  if (Buffer.byteLength(line) > RECORD_OVERHEAD - PREFIX - SEAL - 1)
    throw new Error('the line about a record of the journal is too long')
  return line
}

/** Writes an open record and returns its end. There must be room for the bytes and `RECORD_OVERHEAD`. */
export function writeRecord(into: Buffer, at: number, line: string, bytes: Uint8Array): number {
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

/** The beginning and the end of the encrypted part of a record. */
export const messageStart = (at: number): number => at + PREFIX + SEAL
export const messageEnd = (end: number): number => end - 1

export const isOpen = (bytes: Uint8Array, at: number): boolean => bytes[at + PREFIX] === OPEN

export const isSealed = (bytes: Uint8Array, at: number, end: number): boolean =>
  recordEnd(bytes, at, end) === end && bytes[at + PREFIX] === SEALED && messageStart(at) <= messageEnd(end)

/** Marks the record's message as encrypted: `head` has key and nonce, `offset` is its place in the group. */
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

/** Marks the record's message as decrypted. */
export function markOpen(into: Uint8Array, at: number): void {
  into[at + PREFIX] = OPEN
}

/** The key and nonce of a sealed record. */
export function sealOf(bytes: Buffer, at: number): { key: string; nonce: string } {
  const from = at + PREFIX + 2
  return {
    key: bytes.toString('latin1', from, from + KEY_DIGITS),
    nonce: bytes.toString('latin1', from + KEY_DIGITS + 1, from + KEY_DIGITS + 1 + NONCE_DIGITS),
  }
}

/** The place of the first byte of the nonce's group, according to a sealed record. */
export function groupStart(bytes: Uint8Array, at: number): number {
  let offset = 0
  for (let i = messageStart(at) - 1 - OFFSET_DIGITS; i < messageStart(at) - 1; i++)
    // The mask keeps the offset at zero or above even if the disk damaged a byte.
    offset = offset * 10 + (bytes[i]! & 15)
  return messageStart(at) - offset
}

/** Whether two sealed records have the same key and nonce. It is called for each message, so it makes no strings. */
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

/** The end of the record that begins at `from`; -1 if it continues after `to`, -2 if none begins. */
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

/** Whether the record here is undamaged. */
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
    case 'R': {
      const delivery = deliveryOf(line, received)
      return delivery === null
        ? { kind: 'damaged' }
        : { kind: 'delivery', delivery, start: newline + 1, end: end - 1 }
    }
    default:
      return { kind: 'damaged' }
  }
}

function deliveryOf(line: string, received: number): Delivery | null {
  const text = line.slice(line.indexOf('{'))
  try {
    const about = JSON.parse(text) as Partial<Delivery>
    const { door, from, route = '', subject = null, key = [], truncated = null } = about
    if (typeof door !== 'string' || typeof from !== 'string' || !Number.isSafeInteger(received)) return null
    return { received, door, route, from, subject, key, truncated }
  } catch {
    return null
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
  // Senders come and go: parsing one again costs little.
  if (origins.size >= 4096) origins.clear()
  origins.set(text, origin)
  return origin
}
