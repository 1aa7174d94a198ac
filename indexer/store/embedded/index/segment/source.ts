import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** The bytes of a segment: in a file of their own, or in memory. */
export interface Source {
  readonly size: number
  read(offset: number, length: number): Buffer
  close(): void
}

/** Bytes in memory, read again after they were released. */
export class MemorySource implements Source {
  readonly size: number
  readonly #load: () => Buffer
  #bytes: Buffer | null

  constructor(bytes: Buffer, load: () => Buffer) {
    this.size = bytes.length
    this.#bytes = bytes
    this.#load = load
  }

  /** The number of bytes that it holds in memory now. */
  get held(): number {
    return this.#bytes === null ? 0 : this.size
  }

  read(offset: number, length: number): Buffer {
    this.#bytes ??= this.#load()
    return this.#bytes.subarray(offset, offset + length)
  }

  close(): void {
    this.#bytes = null
  }
}

export function fileSource(path: string): Source {
  const file = openSync(path, 'r')
  return {
    size: fstatSync(file).size,
    read: (offset, length) => {
      const bytes = Buffer.allocUnsafeSlow(length)
      let at = 0
      while (at < length) {
        const got = readSync(file, bytes, at, length - at, offset + at)
        if (got === 0) throw new Error(`${path} ends before byte ${offset + length}`)
        at += got
      }
      return bytes
    },
    close: () => closeSync(file),
  }
}
