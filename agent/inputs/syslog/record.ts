import { crc32 } from 'node:zlib'
import { LIMITS } from '../../../schema/index.ts'

/**
 * What stands in the journal, one record behind the other:
 *
 *     00000123 89abcdef M 1763735522000 12 - - tcp 127.0.0.1:5514 10.0.0.7:40112 CN=web-1\n<34>1 2026-...\n
 *
 * a length and a CRC-32 of what it counts (each with the space behind it not counted), then a line about the message, then the
 * message's exact bytes, newlines and NULs included. The length tells where the next record begins; the CRC tells a record that
 * was torn by a power cut from one that is whole.
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

/** Writes a record; behind its last byte. There must be room for the message and `RECORD_OVERHEAD`. */
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
  let end = at + PREFIX
  end += into.write(line, end, 'utf8')
  into.set(bytes, end)
  end += bytes.length
  into[end] = LF
  end += 1
  return seal(into, at, end)
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
  seal(record, 0, record.length)
  return record
}

function seal(into: Buffer, at: number, end: number): number {
  const content = at + PREFIX
  let length = end - content
  for (let digit = LENGTH_DIGITS - 1; digit >= 0; digit--) {
    into[at + digit] = ZERO + (length % 10)
    length = Math.floor(length / 10)
  }
  into[at + LENGTH_DIGITS] = SPACE
  let crc = crc32(into.subarray(content, end))
  for (let digit = CRC_DIGITS - 1; digit >= 0; digit--) {
    const nibble = crc & 15
    into[at + LENGTH_DIGITS + 1 + digit] = nibble < 10 ? ZERO + nibble : 0x57 + nibble
    crc >>>= 4
  }
  into[content - 1] = SPACE
  return end
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
  const content = from + PREFIX
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
