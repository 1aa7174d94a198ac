/** Reads numbers and texts one behind the other. All texts are bytes: one character is one byte. */
export class Cursor {
  readonly bytes: Buffer
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
  }

  take(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw new Error('the bytes end too early')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  byte(): number {
    return this.take(1)[0]!
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte()
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }

  text(): string {
    return this.take(this.varint()).toString('latin1')
  }
}

/** This many bits from a place on, the lowest first. */
export function bitsAt(bytes: Buffer, place: number, width: number): number {
  let value = 0
  for (let i = 0, factor = 1; i < width; i++, factor *= 2)
    if (((bytes[(place + i) >>> 3] ?? 0) >>> ((place + i) & 7)) & 1) value += factor
  return value
}

/** The bits that a number takes. */
export function bitLength(value: number): number {
  let bits = 0
  for (let rest = value; rest >= 1; rest = Math.floor(rest / 2)) bits++
  return bits
}

/** `count` ascending numbers up to `greatest` (Elias-Fano). */
export function ascending(cursor: Cursor, count: number, greatest: number): number[] {
  if (count === 0) return []
  const low = Math.max(0, bitLength(Math.floor((greatest + 1) / count)) - 1)
  const lows = cursor.take(Math.ceil((count * low) / 8))
  const highs = cursor.take(Math.ceil((count + Math.floor(greatest / 2 ** low) + 1) / 8))
  const numbers: number[] = []
  for (let bit = 0; bit < highs.length * 8 && numbers.length < count; bit++) {
    if (((highs[bit >>> 3]! >>> (bit & 7)) & 1) === 0) continue
    const i = numbers.length
    numbers.push((bit - i) * 2 ** low + bitsAt(lows, i * low, low))
  }
  return numbers
}
