/**
 * As much of the encoding of Protocol Buffers as OTLP's few messages need. A library would bring a compiler of schemas and generated code
 * for a hundred lines.
 */
export class MalformedMessage extends Error {}

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** Reads the fields of one message. */
export class Reader {
  readonly #bytes: Buffer
  #at = 0
  /** The number and the wire type of the present field. */
  number = 0
  wire = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Moves to the next field; false at the end. */
  next(): boolean {
    if (this.#at === this.#bytes.length) return false
    const tag = Number(this.varint())
    this.number = tag >>> 3
    this.wire = tag & 7
    if (this.number === 0) throw new MalformedMessage('a field has the number 0')
    return true
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new MalformedMessage('a number is cut off')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new MalformedMessage('a number has more than ten bytes')
  }

  fixed64(): bigint {
    return this.#take(8).readBigUInt64LE()
  }

  double(): number {
    return this.#take(8).readDoubleLE()
  }

  fixed32(): number {
    return this.#take(4).readUInt32LE()
  }

  bytes(): Buffer {
    const length = this.varint()
    if (length > BigInt(this.#bytes.length)) throw new MalformedMessage('a field is longer than its message')
    return this.#take(Number(length))
  }

  text(): string {
    return this.bytes().toString('utf8')
  }

  skip(): void {
    switch (this.wire) {
      case WIRE.varint:
        this.varint()
        return
      case WIRE.fixed64:
        this.#take(8)
        return
      case WIRE.bytes:
        this.bytes()
        return
      case WIRE.fixed32:
        this.#take(4)
        return
      default:
        throw new MalformedMessage(`a field has the unknown wire type ${this.wire}`)
    }
  }

  #take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new MalformedMessage('a field is longer than its message')
    const found = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return found
  }
}

/** Writes a field with bytes, a text or a number. */
export function field(number: number, value: Uint8Array | string | number): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint((number << 3) | WIRE.varint), varint(value)])
  const bytes = Buffer.from(value)
  return Buffer.concat([varint((number << 3) | WIRE.bytes), varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}
