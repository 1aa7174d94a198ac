import { LIMITS } from '../../schema/index.ts'

/** Large enough for what a usual task becomes; it grows for others, and shrinks again. */
const USUAL = 4 * 1024 * 1024
/** The byte before the first line serves as the 0x00 of its hash. */
export const FIRST = 1

/** The NDJSON of the batch at hand, in one buffer that is used again and again. */
export class Output {
  bytes: Buffer = Buffer.allocUnsafeSlow(USUAL)
  words: DataView = new DataView(this.bytes.buffer)
  /** Where the next byte goes. */
  at = FIRST

  get length(): number {
    return this.at - FIRST
  }

  begin(): void {
    if (this.bytes.length > 4 * USUAL) this.#use(Buffer.allocUnsafeSlow(USUAL))
    this.at = FIRST
  }

  /** Makes sure that this many bytes more have room. */
  reserve(more: number): void {
    const needed = this.at + more
    if (needed <= this.bytes.length) return
    const wider = Buffer.allocUnsafeSlow(Math.max(needed, Math.floor(this.bytes.length * 1.5)))
    this.bytes.copy(wider, 0, 0, this.at)
    this.#use(wider)
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes
    this.words = new DataView(bytes.buffer)
  }

  writeLine(line: string): void {
    this.reserve(line.length * 3 + 1)
    const at = this.at + this.bytes.write(line, this.at, 'utf8')
    this.bytes[at] = 0x0a
    this.end(at + 1)
  }

  /** What stands before `at` is written. */
  end(at: number): void {
    this.at = at
    if (this.length > LIMITS.batchBytes) {
      throw new Error(`the events of one task came to more than ${LIMITS.batchBytes} bytes`)
    }
  }
}
