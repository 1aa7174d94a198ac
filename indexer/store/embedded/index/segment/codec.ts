/** Bytes of a growing buffer, with varints. */
export class Bytes {
  buffer: Buffer
  length = 0

  constructor(room = 1 << 16) {
    this.buffer = Buffer.allocUnsafe(room)
  }

  reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return
    const wider = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + more))
    this.buffer.copy(wider, 0, 0, this.length)
    this.buffer = wider
  }

  /** A non-negative integer of up to 53 bits. */
  varint(value: number): void {
    this.reserve(8)
    const { buffer } = this
    let at = this.length
    while (value > 0x0fffffff) {
      buffer[at++] = (value % 128) | 0x80
      value = Math.floor(value / 128)
    }
    let small = value | 0
    while (small > 127) {
      buffer[at++] = (small & 127) | 128
      small >>>= 7
    }
    buffer[at++] = small
    this.length = at
  }

  /** Appends ascending numbers of at most 32 bits as differences; that of the first is from `base`. */
  differences(numbers: Uint32Array, start: number, end: number, base: number): void {
    this.reserve((end - start) * 5)
    const { buffer } = this
    let at = this.length
    let previous = base
    for (let i = start; i < end; i++) {
      const number = numbers[i]!
      let rest = number - previous
      previous = number
      while (rest > 127) {
        buffer[at++] = (rest & 127) | 128
        rest >>>= 7
      }
      buffer[at++] = rest
    }
    this.length = at
  }

  bytes(source: Uint8Array): void {
    this.reserve(source.length)
    this.buffer.set(source, this.length)
    this.length += source.length
  }

  /** Short texts: a view of each would cost more than its bytes. */
  bytesFrom(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    const { buffer } = this
    let at = this.length
    for (let i = start; i < end; i++) buffer[at++] = source[i]!
    this.length = at
  }

  view(): Buffer {
    return this.buffer.subarray(0, this.length)
  }
}

/** Reads varints one behind the other. */
export class Reading {
  buffer: Uint8Array
  at: number

  constructor(buffer: Uint8Array, at = 0) {
    this.buffer = buffer
    this.at = at
  }

  varint(): number {
    const { buffer } = this
    let byte = buffer[this.at++]!
    if (byte < 128) return byte
    let value = byte & 127
    let factor = 128
    for (;;) {
      byte = buffer[this.at++]!
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
  }
}

/** A view of bytes as numbers; the bytes are copied if they are not aligned to the size of a number. */
export function aligned(bytes: Buffer, size: number): { buffer: ArrayBuffer; offset: number } {
  if (bytes.byteOffset % size === 0 && bytes.buffer instanceof ArrayBuffer) {
    return { buffer: bytes.buffer, offset: bytes.byteOffset }
  }
  const copy = new Uint8Array(bytes.length)
  copy.set(bytes)
  return { buffer: copy.buffer, offset: 0 }
}

export function float64s(bytes: Buffer): Float64Array {
  const { buffer, offset } = aligned(bytes, 8)
  return new Float64Array(buffer, offset, bytes.length >> 3)
}

export function uint32s(bytes: Buffer): Uint32Array {
  const { buffer, offset } = aligned(bytes, 4)
  return new Uint32Array(buffer, offset, bytes.length >> 2)
}

export function uint16s(bytes: Buffer): Uint16Array {
  const { buffer, offset } = aligned(bytes, 2)
  return new Uint16Array(buffer, offset, bytes.length >> 1)
}

export const bytesOf = (array: Float64Array | Uint32Array | Uint16Array | Uint8Array): Buffer =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength)
