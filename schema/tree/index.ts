import { LIMITS } from '../limits.ts'
import { wasmOver } from '../wasm.ts'

const PAGE = 64 * 1024
/** The place after the module's constants; the byte before a hash is read together with it. */
const FIRST = 8 * 1024
/** The module always reads four pairs, even if there are fewer, and some bytes after the last line. */
const SLACK = 256
const HASH = 32
/** The largest number of leaves in a batch. */
const USUAL = LIMITS.batchRecords * HASH
/** The size of the lines that are hashed at once. */
const WINDOW = 256 * 1024
const NEWLINE = 10

interface Wasm {
  level(at: number, pairs: number): void
  leaves(from: number, to: number, out: number, outEnd: number): number
  hashesEnd(): number
}

const WASM = new URL('./module.wasm', import.meta.url)

/** A memory in which lines are hashed four at a time, and each level of a tree replaces the previous one. */
export class TreeGround {
  readonly #bytes: Uint8Array
  readonly #window: Uint8Array
  readonly #wasm: Wasm

  constructor(least = 0) {
    const length = Math.max(least, USUAL)
    const window = FIRST + length + SLACK
    const pages = Math.ceil((window + WINDOW + SLACK) / PAGE)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    this.#wasm = wasmOver<Wasm>(WASM, memory, ['level', 'leaves', 'hashesEnd'])
    this.#bytes = new Uint8Array(memory.buffer, FIRST, length)
    this.#window = new Uint8Array(memory.buffer, window, WINDOW)
  }

  get room(): number {
    return this.#bytes.length
  }

  /**
   * Returns the hashes of consecutive lines, as many as fit at once, and the place of the first remaining line. There are no hashes if the
   * first line is longer than the window.
   */
  leaves(lines: Buffer, from: number, end: number): { hashes: Uint8Array; left: number } {
    const within = Math.min(end, from + WINDOW)
    const until = within === end ? end : lines.lastIndexOf(NEWLINE, within - 1) + 1
    if (until <= from) return { hashes: this.#bytes.subarray(0, 0), left: from }
    const window = this.#window
    window.set(new Uint8Array(lines.buffer, lines.byteOffset + from, until - from))
    const start = window.byteOffset
    const left = this.#wasm.leaves(start, start + until - from, FIRST, FIRST + this.room)
    return { hashes: this.#bytes.subarray(0, this.#wasm.hashesEnd() - FIRST), left: from + left - start }
  }

  /** Returns the root over hashes of 32 bytes; there is at least one. */
  root(leaves: Uint8Array): Buffer {
    const bytes = this.#bytes
    bytes.set(leaves)
    // Level by level; an odd last node moves up unchanged, which gives RFC 9162's tree.
    for (let width = leaves.length / HASH; width > 1; width = (width + 1) >> 1) {
      const pairs = width >> 1
      this.#wasm.level(FIRST, pairs)
      if (width & 1) bytes.copyWithin(pairs * HASH, (width - 1) * HASH, width * HASH)
    }
    return Buffer.from(bytes.subarray(0, HASH))
  }
}
