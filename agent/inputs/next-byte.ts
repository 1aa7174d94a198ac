/**
 * Finds the next byte of a kind while a reader moves forward through a buffer. It remembers the last result, so that records without such
 * a byte do not repeat the search up to the next record that has one.
 */
export class NextByte {
  readonly #byte: number
  #searched: Buffer | null = null
  #asked = 0
  #place = -1

  constructor(byte: number) {
    this.#byte = byte
  }

  /** Returns the next place at or after `from`; infinity if there is none. A smaller `from` means that the buffer was filled again. */
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
