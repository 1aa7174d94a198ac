import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs'
import { codeOf } from '../../../schema/index.ts'
import { type Reader, readFully, statKey } from './identify.ts'
import type { Tail } from './source.ts'

/** A file, read by offset. */
export class FileReader implements Reader {
  readonly descriptor: number

  constructor(descriptor: number) {
    this.descriptor = descriptor
  }

  read(into: Buffer, at: number, length: number, offset: number): number {
    return readFully(this.descriptor, into, at, length, offset)
  }

  stat(): BigIntStats {
    return fstatSync(this.descriptor, { bigint: true })
  }

  close(): void {
    closeSync(this.descriptor)
  }
}

/** Opens a file for reading. A FIFO that has replaced it must not make the agent wait for a writer. */
export function openFile(path: string): FileReader {
  return new FileReader(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY))
}

export type Opened =
  | { readonly kind: 'open' }
  /** Its path leads to another file, or to none. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'failed'; readonly error: unknown }

const OPEN: Opened = { kind: 'open' }
const MOVED: Opened = { kind: 'moved' }

/** The descriptors of files with unread bytes. The least recently used is closed first. */
export class Descriptors {
  readonly #open = new Set<Tail>()
  #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#open.size
  }

  [Symbol.iterator](): SetIterator<Tail> {
    return this.#open[Symbol.iterator]()
  }

  open(tail: Tail): Opened {
    if (tail.reader !== null) {
      if (this.#open.delete(tail)) this.#open.add(tail)
      return OPEN
    }
    while (this.#open.size >= this.#limit) if (!this.#closeOne()) break
    for (;;) {
      try {
        const reader = openFile(tail.at)
        if (tail.inode !== null && !isAt(reader.stat(), tail)) {
          reader.close()
          return MOVED
        }
        tail.reader = reader
        tail.descriptor = reader.descriptor
        this.#open.add(tail)
        return OPEN
      } catch (error) {
        const code = codeOf(error)
        if (code === 'ENOENT' || code === 'ENOTDIR') return MOVED
        if (code !== 'EMFILE' && code !== 'ENFILE') return { kind: 'failed', error }
        if (!this.#makeRoom()) return { kind: 'failed', error }
      }
    }
  }

  /** Opens a file with unread bytes if there is room: so it stays readable if it is deleted before its turn. */
  keep(tail: Tail): void {
    if (tail.reader === null && this.#open.size < this.#limit) this.open(tail)
  }

  close(tail: Tail): void {
    if (tail.reader === null) return
    tail.reader.close()
    tail.reader = null
    tail.descriptor = null
    this.#open.delete(tail)
  }

  /** Takes over a reader that another part opened for this tail. */
  adopt(tail: Tail, reader: FileReader): void {
    this.close(tail)
    tail.reader = reader
    tail.descriptor = reader.descriptor
    this.#open.add(tail)
  }

  closeAll(): void {
    for (const tail of [...this.#open]) this.close(tail)
  }

  /** Opens a file for a short time; the caller closes it. */
  borrow(path: string): FileReader {
    for (;;) {
      try {
        return openFile(path)
      } catch (error) {
        const code = codeOf(error)
        if ((code !== 'EMFILE' && code !== 'ENFILE') || !this.#makeRoom()) throw error
      }
    }
  }

  /** Lowers the limit. The process may have fewer descriptors than it was promised, and other parts need some, too. */
  #makeRoom(): boolean {
    const before = this.#open.size
    this.#limit = Math.max(1, Math.floor(before * 0.75))
    while (this.#open.size > 0 && this.#open.size >= this.#limit) if (!this.#closeOne()) break
    return this.#open.size < before
  }

  /** Closes one file. A file without a path is never closed: its descriptor is the only access to it. */
  #closeOne(): boolean {
    for (const tail of this.#open) {
      if (tail.lostSince !== null) continue
      this.close(tail)
      return true
    }
    return false
  }
}

export function isAt(stat: BigIntStats, tail: Tail): boolean {
  if (tail.inode === null) return false
  return statKey(stat) === `${tail.inode.dev}:${tail.inode.ino}`
}
