import type { Terms } from '../terms.ts'
import { startWasm } from '../wasm/start.ts'

/** The first part of a segment: the pages of its dictionary and the long lists. */
export interface TermLists {
  /** Valid until the next are made. */
  readonly bytes: Buffer
  readonly terms: number
  readonly firstKeys: readonly number[]
  readonly offsets: readonly number[]
  readonly lengths: readonly number[]
}

/** The documents of one segment have numbers of 16 bits here, and fit into one window. */
export const MOST_DOCS = 65_536
/** A limit that keeps the memory small: usual events reach it at 20,000 events. */
export const MOST_PAIRS = 1 << 20

const PAGE = 64 * 1024
/** Behind what the module keeps for itself. */
const PAIRS = 3 * PAGE
const PAIR_BYTES = 8
/** Below a pair's term. */
const DOC_BITS = 16
/** The most bytes that a pair adds: a key of seven bytes, a count, and a document of three. */
const BYTES_WRITTEN = 12
const DIRECTORY_BYTES = 24
const PAGE_BYTES = 4096
const RESULT = 4096

/**
 * Collects the pairs of terms and documents for a new segment; the module sorts them and writes them as they lie on the disk. Sorting by
 * digits takes a third of the time of a table of terms, which missed the processor's cache at nearly each term. The memory is reused.
 */
export class TermListMaker {
  #memory = newMemory()
  #wasm = startWasm(this.#memory)
  #pairs = new Uint32Array(0)
  #room = 0
  #count = 0

  /** Begins a list of at most `most` pairs. */
  begin(most: number): void {
    this.#count = 0
    if (this.#room > MOST_PAIRS * 2 && most <= MOST_PAIRS) {
      // The memory has grown for an event of extraordinary size, which has passed.
      this.#memory = newMemory()
      this.#wasm = startWasm(this.#memory)
      this.#room = 0
    }
    if (most <= this.#room && this.#room > 0) return
    this.#room = Math.max(MOST_PAIRS >> 3, Math.ceil(most * 1.25))
    const bytes = PAIRS + this.#room * (2 * PAIR_BYTES + BYTES_WRITTEN) + directoryBytes(this.#room) + PAGE
    const missing = Math.ceil((bytes - this.#memory.buffer.byteLength) / PAGE)
    if (missing > 0) this.#memory.grow(missing)
    this.#pairs = new Uint32Array(this.#memory.buffer, PAIRS, this.#room * 2)
  }

  /** Terms of a document; documents come in their order. */
  add({ high, low }: Terms, from: number, to: number, doc: number): void {
    const pairs = this.#pairs
    let at = this.#count * 2
    for (let i = from; i < to; i++) {
      pairs[at++] = (low[i]! << 16) | doc
      pairs[at++] = high[i]!
    }
    this.#count += to - from
  }

  made(): TermLists {
    const count = this.#count
    const spare = PAIRS + this.#room * PAIR_BYTES
    const out = spare + this.#room * PAIR_BYTES
    const directory = out + Math.ceil((this.#room * BYTES_WRITTEN + PAGE) / 8) * 8
    const { buffer } = this.#memory
    const sorted = this.#wasm.sort(PAIRS, spare, count, DOC_BITS)
    const end = this.#wasm.writeTerms(sorted, count, out, directory)
    const [terms, pages] = new Int32Array(buffer, RESULT, 2)
    const places = Array.from(new Float64Array(buffer, directory, pages! * 3))
    const each = (place: number): number[] => places.filter((_, i) => i % 3 === place)
    return {
      bytes: Buffer.from(buffer, out, end - out),
      terms: terms!,
      firstKeys: each(0),
      offsets: each(1),
      lengths: each(2),
    }
  }
}

/** The maximum only reserves addresses: the memory takes what it has grown to. */
const newMemory = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: 4, maximum: 16_384 })

const directoryBytes = (pairs: number): number =>
  Math.ceil((pairs * BYTES_WRITTEN) / PAGE_BYTES + 2) * DIRECTORY_BYTES + 8
