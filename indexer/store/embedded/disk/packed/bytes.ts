/** A growing run of bytes. */
export class Sink {
  #bytes = Buffer.allocUnsafe(1024)
  length = 0

  #room(more: number): void {
    if (this.length + more <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + more))
    this.#bytes.copy(grown, 0, 0, this.length)
    this.#bytes = grown
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.length++] = value
  }

  /** Appends a number, seven bits a byte, the lowest first; the highest bit of a byte is set if another byte follows. */
  varint(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.byte((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }

  latin1(text: string): void {
    this.#room(text.length)
    this.#bytes.write(text, this.length, 'latin1')
    this.length += text.length
  }

  /** A length, and the bytes. */
  text(text: string): void {
    this.varint(text.length)
    this.latin1(text)
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Makes room for `more` bytes, which the caller sets, and returns where they begin. */
  extend(more: number): number {
    this.#room(more)
    this.length += more
    return this.length - more
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }
}

export class DamagedLines extends Error {
  constructor(what: string) {
    super(`Packed lines are damaged: ${what}`)
  }
}

/** Reads what a Sink holds. */
export class Source {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  byte(): number {
    const value = this.bytes[this.at++]
    if (value === undefined) throw new DamagedLines('they end too early')
    return value
  }

  varint(): number {
    let value = 0
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.byte()
      value += (byte & 127) * factor
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
    }
    throw new DamagedLines('a number is too large')
  }

  take(length: number): Buffer {
    if (length > this.bytes.length - this.at) throw new DamagedLines('they end too early')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  text(): string {
    return this.take(this.varint()).toString('latin1')
  }
}
