import type { Memory } from './memory.ts'

/** A text that is written again and again, such as the key of a field: kept in the memory where events are put together. */
export class Piece {
  readonly bytes: Uint8Array
  readonly length: number
  #memory: Memory | null = null
  #address = 0

  constructor(text: string) {
    this.bytes = Buffer.from(text)
    this.length = this.bytes.length
  }

  /** Where it stands in this memory. */
  in(memory: Memory): number {
    if (this.#memory !== memory) {
      this.#address = memory.keep(this.bytes)
      this.#memory = memory
    }
    return this.#address
  }
}
