/**
 * Where the next byte of a kind stands, for who reads on through a buffer; remembered, so that records without one don't search on to the
 * next that has one again and again.
 */
export class NextByte {
  readonly #byte: number
  #searched: Buffer | null = null
  #asked = 0
  #place = -1

  constructor(byte: number) {
    this.#byte = byte
  }

  /** At or behind `from`; infinity where none stands. Who goes back has filled the buffer anew. */
  from(bytes: Buffer, from: number): number {
    if (this.#searched !== bytes || from < this.#asked || this.#place < from) {
      const found = bytes.indexOf(this.#byte, from)
      this.#searched = bytes
      this.#place = found === -1 ? Number.POSITIVE_INFINITY : found
    }
    this.#asked = from
    return this.#place
  }
}
