import { kernelOver } from '../kernel.ts'
import { LIMITS } from '../limits.ts'

const PAGE = 64 * 1024
/** Behind the kernel's constants; the byte before a hash is read with it. */
const FIRST = 8 * 1024
/** The four pairs at hand are read, whether or not there are four. */
const SLACK = 256
const HASH = 32
/** As many leaves as a batch may have. */
const USUAL = LIMITS.batchRecords * HASH

interface Kernel {
  level(at: number, pairs: number): void
}

const KERNEL = new URL('./kernel.wasm', import.meta.url)

/** A place where the levels of a tree are made, one in the place of the other. */
export class TreeGround {
  readonly #bytes: Uint8Array
  readonly #kernel: Kernel

  constructor(least: number) {
    const length = Math.max(least, USUAL)
    const pages = Math.ceil((FIRST + length + SLACK) / PAGE)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    this.#kernel = kernelOver<Kernel>(KERNEL, memory, ['level'])
    this.#bytes = new Uint8Array(memory.buffer, FIRST, length)
  }

  get room(): number {
    return this.#bytes.length
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
