import { kernelOver } from '../kernel.ts'
import { LIMITS } from '../limits.ts'

const PAGE = 64 * 1024
/** Behind the kernel's constants; the byte before a hash is read with it. */
const FIRST = 8 * 1024
/** The four pairs at hand are read, whether or not there are four; and a little is read behind the last line. */
const SLACK = 256
const HASH = 32
/** As many leaves as a batch may have. */
const USUAL = LIMITS.batchRecords * HASH
/** Lines that are hashed at one go. */
const WINDOW = 256 * 1024
const NEWLINE = 10

interface Kernel {
  level(at: number, pairs: number): void
  leaves(from: number, to: number, out: number, outEnd: number): number
  hashesEnd(): number
}

const KERNEL = new URL('./kernel.wasm', import.meta.url)

/** A place where lines are hashed four at a time, and the levels of a tree are made, one in the place of the other. */
export class TreeGround {
  readonly #bytes: Uint8Array
  readonly #window: Uint8Array
  readonly #kernel: Kernel

  constructor(least = 0) {
    const length = Math.max(least, USUAL)
    const window = FIRST + length + SLACK
    const pages = Math.ceil((window + WINDOW + SLACK) / PAGE)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    this.#kernel = kernelOver<Kernel>(KERNEL, memory, ['level', 'leaves', 'hashesEnd'])
    this.#bytes = new Uint8Array(memory.buffer, FIRST, length)
    this.#window = new Uint8Array(memory.buffer, window, WINDOW)
  }

  get room(): number {
    return this.#bytes.length
  }

  /**
   * The hashes of lines that stand one behind the other, of as many as are taken at one go, and where the first stands that is left. There are none
   * where the first line is longer than what is taken.
   */
  leaves(lines: Buffer, from: number, end: number): { hashes: Uint8Array; left: number } {
    const within = Math.min(end, from + WINDOW)
    const until = within === end ? end : lines.lastIndexOf(NEWLINE, within - 1) + 1
    if (until <= from) return { hashes: this.#bytes.subarray(0, 0), left: from }
    const window = this.#window
    window.set(new Uint8Array(lines.buffer, lines.byteOffset + from, until - from))
    const start = window.byteOffset
    const left = this.#kernel.leaves(start, start + until - from, FIRST, FIRST + this.room)
    return { hashes: this.#bytes.subarray(0, this.#kernel.hashesEnd() - FIRST), left: from + left - start }
  }

  /** The root over hashes of 32 bytes, of which there is one at least. */
  root(leaves: Uint8Array): Buffer {
    const bytes = this.#bytes
    bytes.set(leaves)
    // Level by level; an odd last node goes up as it is, which gives RFC 9162's tree.
    for (let width = leaves.length / HASH; width > 1; width = (width + 1) >> 1) {
      const pairs = width >> 1
      this.#kernel.level(FIRST, pairs)
      if (width & 1) bytes.copyWithin(pairs * HASH, (width - 1) * HASH, width * HASH)
    }
    return Buffer.from(bytes.subarray(0, HASH))
  }
}
