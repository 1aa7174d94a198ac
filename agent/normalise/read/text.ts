import { isAscii, isUtf8 } from 'node:buffer'
import { FLAG } from '../integration/flags.ts'

/** The text of a record's bytes. Invalid UTF-8, and NULs, which no store accepts, become U+FFFD. */
export function textOf(bytes: Buffer): { text: string; flags: number } {
  const ascii = isAscii(bytes)
  const text = bytes.toString(ascii ? 'latin1' : 'utf8')
  if ((ascii || isUtf8(bytes)) && !text.includes('\0')) return { text, flags: 0 }
  return { text: text.replaceAll('\0', '\ufffd'), flags: FLAG.encoding_repaired }
}

/** A record that was cut by its length may end within a character: this removes the incomplete part. */
export function withoutTornEnd(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes
  }
  return bytes
}
