import { createHash, type Hash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { codeOf, OperatorError } from '../../../schema/index.ts'
import type { Piece, WrittenFile } from './index.ts'

const BUFFER_BYTES = 256 * 1024

/**
 * A file that is written from its beginning to its end, with the hashes that its proof needs. It writes synchronously: a thread of its own
 * does it, and 10,000,000 rows would otherwise be 10,000,000 promises.
 */
export class Output {
  readonly path: string
  readonly #file: number
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  readonly #whole = createHash('sha256')
  #piece: Hash = createHash('sha256')
  readonly #pieces: Piece[] = []
  #used = 0
  #flushed = 0

  constructor(path: string) {
    this.path = path
    this.#file = this.#checked(() => openSync(path, 'w', 0o600))
  }

  /** The number of bytes so far. */
  get length(): number {
    return this.#flushed + this.#used
  }

  text(text: string): void {
    // A UTF-16 unit becomes three bytes at most.
    const most = text.length * 3
    if (most > BUFFER_BYTES) {
      this.bytes(Buffer.from(text))
      return
    }
    if (most > BUFFER_BYTES - this.#used) this.#flush()
    this.#used += this.#buffer.write(text, this.#used)
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_BYTES - this.#used) this.#flush()
    if (bytes.length > BUFFER_BYTES) {
      this.#hash(bytes)
      this.#write(bytes)
      return
    }
    this.#buffer.set(bytes, this.#used)
    this.#used += bytes.length
  }

  /** Spaces that belong to no hash. */
  room(length: number): { offset: number; length: number } {
    this.#flush()
    const offset = this.#flushed
    this.#write(Buffer.alloc(length, ' '))
    return { offset, length }
  }

  /** Ends a piece: the bytes since the last one. */
  cut(is: string): void {
    this.#flush()
    this.#pieces.push({ is, sha256: this.#piece.digest('hex') })
    this.#piece = createHash('sha256')
  }

  /** Resolves the file's facts when it is on the disk. */
  finish(rows: number, proof: WrittenFile['proof'] = null): WrittenFile {
    this.#flush()
    this.#checked(() => fsyncSync(this.#file))
    closeSync(this.#file)
    return { bytes: this.length, rows, sha256: this.#whole.digest('hex'), pieces: this.#pieces, proof }
  }

  /** Removes the unfinished file. */
  discard(): void {
    closeSync(this.#file)
    rmSync(this.path, { force: true })
  }

  #flush(): void {
    if (this.#used === 0) return
    const bytes = this.#buffer.subarray(0, this.#used)
    this.#hash(bytes)
    this.#used = 0
    this.#write(bytes)
  }

  #hash(bytes: Uint8Array): void {
    this.#whole.update(bytes)
    this.#piece.update(bytes)
  }

  #write(bytes: Uint8Array): void {
    let done = 0
    while (done < bytes.length) done += this.#checked(() => writeSync(this.#file, bytes, done))
    this.#flushed += bytes.length
  }

  #checked<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (thrown) {
      throw fullDisk(thrown, this.path)
    }
  }
}

/** The operator's error if the disk is full, otherwise what was thrown. */
export function fullDisk(thrown: unknown, path: string): unknown {
  const code = codeOf(thrown)
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new OperatorError(
        'WB-STORE-FULL',
        `${path}: the disk is full. Free space, and make the report again.`,
        {
          cause: thrown,
        },
      )
    : thrown
}
