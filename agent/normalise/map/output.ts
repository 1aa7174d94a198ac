import { LIMITS } from '../../../schema/index.ts'
import type { Memory } from '../wasm/memory.ts'

/** The NDJSON of the batch at hand, in the memory where events are put together. */
export class Output {
  readonly bytes: Buffer
  /** Where the first line begins; the byte before it serves as the 0x00 of its hash. */
  readonly first: number
  /** Where the next byte goes. */
  at: number
  readonly #end: number

  constructor(memory: Memory) {
    this.bytes = memory.bytes
    this.first = memory.output + 1
    this.at = this.first
    this.#end = memory.outputEnd
  }

  get length(): number {
    return this.at - this.first
  }

  begin(): void {
    this.at = this.first
  }

  /** Makes sure that this many bytes more have room. */
  reserve(more: number): void {
    if (this.at + more > this.#end) throw tooMuch()
  }

  writeLine(line: string): void {
    // Three bytes a unit at most: counted only where that may be too much.
    if (this.at + line.length * 3 + 1 > this.#end) this.reserve(Buffer.byteLength(line) + 1)
    const at = this.at + this.bytes.write(line, this.at, 'utf8')
    this.bytes[at] = 0x0a
    this.end(at + 1)
  }

  /** What stands before `at` is written. */
  end(at: number): void {
    this.at = at
    if (this.length > LIMITS.batchBytes) throw tooMuch()
  }
}

const tooMuch = (): Error => new Error(`the events of one task came to more than ${LIMITS.batchBytes} bytes`)
