import { createDecipheriv, createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

export type JournalRecord =
  | { readonly kind: 'segment'; readonly id: string }
  | { readonly kind: 'dropped'; readonly received: number; readonly count: number }
  | {
      readonly kind: 'message'
      readonly received: number
      readonly isIncomplete: boolean
      /** Bytes and SHA-256 of a message that was too long. */
      readonly whole: string | null
      /** Transport and address that it came in by, who sent it, and the subject of its certificate. */
      readonly origin: string
      readonly bytes: Buffer
    }
  | {
      readonly kind: 'record'
      readonly received: number
      /** Door, sender, route and key. */
      readonly about: Readonly<Record<string, unknown>>
      readonly bytes: Buffer
    }
  | { readonly kind: 'sealed'; readonly key: string }

/** The records of a segment of the journal; those of another key stay sealed. What a crash tore off is left out. */
export function readJournal(segment: Buffer, key: Buffer): JournalRecord[] {
  const records: JournalRecord[] = []
  for (let at = 0; at + 18 <= segment.length; ) {
    const length = Number(segment.toString('latin1', at, at + 8))
    const sum = Number.parseInt(segment.toString('latin1', at + 9, at + 17), 16)
    const content = segment.subarray(at + 18, at + 18 + length)
    if (!Number.isInteger(length) || content.length < length || crc32(content) !== sum) break
    records.push(recordOf(content, key))
    at += 18 + length
  }
  return records
}

const SEAL = /^E ([0-9a-f]{8}) ([A-Za-z0-9+/]{16}) (\d{7}) /

function recordOf(content: Buffer, key: Buffer): JournalRecord {
  const seal = SEAL.exec(content.toString('latin1', 0, 36))
  if (seal === null) return openRecord(content)
  const [head, name = '', nonce = '', offset] = seal
  if (createHash('sha256').update(key).digest('hex').slice(0, 8) !== name)
    return { kind: 'sealed', key: name }
  const counter = Buffer.alloc(16)
  Buffer.from(nonce, 'base64').copy(counter)
  counter.writeUInt32BE(Math.floor(Number(offset) / 16), 12)
  const cipher = createDecipheriv('aes-256-ctr', key, counter)
  cipher.update(Buffer.alloc(Number(offset) % 16))
  return openRecord(Buffer.concat([cipher.update(content.subarray(head.length, -1)), content.subarray(-1)]))
}

function openRecord(content: Buffer): JournalRecord {
  const end = content.indexOf(10)
  const line = content.toString('utf8', 0, end)
  const [kind, first = '', second = '', third = ''] = line.split(' ', 4)
  if (kind === 'S') return { kind: 'segment', id: first }
  if (kind === 'D') return { kind: 'dropped', received: Number(first), count: Number(second) }
  const bytes = content.subarray(end + 1, -1)
  if (kind === 'R') {
    const about = JSON.parse(line.slice(`R ${first} `.length)) as Record<string, unknown>
    return { kind: 'record', received: Number(first), about, bytes }
  }
  if (kind !== 'M') throw new Error('a record of the journal is of no known kind')
  return {
    kind: 'message',
    received: Number(first),
    isIncomplete: second === 'I',
    whole: third === '-' ? null : third,
    origin: line.slice([kind, first, second, third].join(' ').length + 1),
    bytes,
  }
}
