import type { Memory } from './memory.ts'

/** A repeated text, such as the key of a field: it stays in the memory where events are written. */
export class Piece {
  readonly bytes: Uint8Array
  readonly length: number
  #memory: Memory | null = null
  #address = 0

  constructor(text: string) {
    this.bytes = Buffer.from(text)
    this.length = this.bytes.length
  }

  /** The address of the piece in this memory. */
  in(memory: Memory): number {
    if (this.#memory !== memory) {
      this.#address = memory.keep(this.bytes)
      this.#memory = memory
    }
    return this.#address
  }
}
