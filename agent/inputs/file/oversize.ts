import { createHash, type Hash } from 'node:crypto'
import { type Scanner, scannerFor } from '../framing.ts'
import type { Tail } from './source.ts'

const STEP_BYTES = 4 * 1024 * 1024
const LF = 0x0a
const CR = 0x0d
/** A shared window: following a record of any length needs no more memory than this. */
const window = Buffer.allocUnsafe(256 * 1024)

/** A record that is too long to be kept: followed to its end through a small window, for its length and its hash. */
export class Oversize {
  readonly start: number
  readonly #scanner: Scanner
  readonly #hash: Hash = createHash('sha256')
  #at: number
  /** Up to two bytes that may be the line ending: they only count when more of the record follows. */
  #ending: Buffer = Buffer.alloc(0)
  #content = 0
  /** The size of the file at which nothing more can be read. */
  #exhaustedAt = -1

  constructor(tail: Tail) {
    this.start = tail.read
    this.#at = tail.read
    this.#scanner = scannerFor(tail.framing)
    this.#scanner.reset()
  }

  /** Follows the record for one step; returns its end if it was found. */
  follow(tail: Tail): number | null {
    const stop = Math.min(tail.size, this.#at + STEP_BYTES)
    while (this.#at < stop) {
      const length =
        tail.reader?.read(window, 0, Math.min(window.length, tail.size - this.#at), this.#at) ?? 0
      if (length === 0) break
      const end = this.#scanner.next(window, 0, length)
      // The scanner of a start pattern may need to read a line again from its beginning.
      const taken = end === -1 ? this.#scanner.scanned : end
      this.#take(window.subarray(0, taken))
      this.#at += taken
      if (end !== -1) return this.#at
      if (taken === 0) {
        this.#exhaustedAt = tail.size
        return null
      }
    }
    if (this.#at >= tail.size) this.#exhaustedAt = tail.size
    return null
  }

  /** Whether it needs a larger file to continue. */
  isExhausted(size: number): boolean {
    return this.#exhaustedAt >= size
  }

  /** Follows the rest, up to the end of a file without a writer. */
  followRest(tail: Tail): number {
    while (this.#at < tail.size) {
      const length =
        tail.reader?.read(window, 0, Math.min(window.length, tail.size - this.#at), this.#at) ?? 0
      if (length === 0) break
      this.#take(window.subarray(0, length))
      this.#at += length
    }
    return this.#at
  }

  /** Length and hash of the record without its line ending. */
  measured(): { bytes: number; sha256: string } {
    return { bytes: this.#content, sha256: this.#hash.copy().digest('hex') }
  }

  #take(bytes: Buffer): void {
    if (bytes.length === 0) return
    const whole = this.#ending.length === 0 ? bytes : Buffer.concat([this.#ending, bytes])
    let content = whole.length
    if (whole[content - 1] === LF) content -= 1
    if (content > 0 && whole[content - 1] === CR) content -= 1
    this.#hash.update(whole.subarray(0, content))
    this.#content += content
    this.#ending = Buffer.from(whole.subarray(content))
  }
}
