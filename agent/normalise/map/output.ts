import { LIMITS } from '../../../schema/index.ts'
import type { Memory } from '../wasm/memory.ts'

/** The NDJSON of the current batch, in the memory where events are written. */
export class Output {
  readonly bytes: Buffer
  /** The place of the first line; the byte before it serves as the 0x00 of its hash. */
  readonly first: number
  /** The place of the next byte. */
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

  /** Ensures room for this many more bytes. */
  reserve(more: number): void {
    if (this.at + more > this.#end) throw tooMuch()
  }

  writeLine(line: string): void {
    // A unit takes at most three bytes: they are only counted if that may be too much.
    if (this.at + line.length * 3 + 1 > this.#end) this.reserve(Buffer.byteLength(line) + 1)
    const at = this.at + this.bytes.write(line, this.at, 'utf8')
    this.bytes[at] = 0x0a
    this.end(at + 1)
  }

  /** Marks everything before `at` as written. */
  end(at: number): void {
    this.at = at
    if (this.length > LIMITS.batchBytes) throw tooMuch()
  }
}

const tooMuch = (): Error => new Error(`the events of one task came to more than ${LIMITS.batchBytes} bytes`)
