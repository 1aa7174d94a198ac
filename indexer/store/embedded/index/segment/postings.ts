import { Reading, uint32s } from './codec.ts'
import type { Source } from './source.ts'
import { DENSE, WINDOW, WINDOW_BITS } from './write.ts'

/** The documents that have a term. */
export interface Postings {
  readonly count: number
  /** Sets the bits of the documents of this window. */
  into(window: number, bits: Uint32Array): void
  /** Returns all documents, ascending. */
  all(): Uint32Array
}

export class ShortPostings implements Postings {
  readonly #docs: Uint32Array

  constructor(docs: Uint32Array) {
    this.#docs = docs
  }
  get count(): number {
    return this.#docs.length
  }
  into(window: number, bits: Uint32Array): void {
    for (const doc of this.#docs) {
      if (doc >>> WINDOW_BITS !== window) continue
      const bit = doc & (WINDOW - 1)
      bits[bit >>> 5] = bits[bit >>> 5]! | (1 << (bit & 31))
    }
  }
  all(): Uint32Array {
    return this.#docs
  }
}

export class LongPostings implements Postings {
  readonly count: number
  readonly #source: Source
  readonly #offset: number
  readonly #length: number
  #directory: Uint32Array | null = null

  constructor(source: Source, count: number, offset: number, length: number) {
    this.count = count
    this.#source = source
    this.#offset = offset
    this.#length = length
  }

  #windows(): Uint32Array {
    if (this.#directory === null) {
      const count = this.#source.read(this.#offset, 4).readUInt32LE(0)
      this.#directory = uint32s(this.#source.read(this.#offset + 4, count * 12))
    }
    return this.#directory
  }

  /** The bytes of the n-th window that is there. */
  #data(directory: Uint32Array, index: number): Buffer {
    const start = directory[index + 2]!
    const base = 4 + directory.length * 4
    const end = directory[index + 5] ?? this.#length - base
    return this.#source.read(this.#offset + base + start, end - start)
  }

  into(window: number, bits: Uint32Array): void {
    const directory = this.#windows()
    for (let i = 0; i < directory.length; i += 3) {
      if (directory[i] !== window) continue
      const count = directory[i + 1]!
      const data = this.#data(directory, i)
      if (count >= DENSE) {
        const theirs = uint32s(data)
        for (let k = 0; k < theirs.length; k++) bits[k] = bits[k]! | theirs[k]!
        return
      }
      const reading = new Reading(data)
      let bit = 0
      for (let k = 0; k < count; k++) {
        bit += reading.varint()
        bits[bit >>> 5] = bits[bit >>> 5]! | (1 << (bit & 31))
      }
      return
    }
  }

  all(): Uint32Array {
    const directory = this.#windows()
    const docs = new Uint32Array(this.count)
    let n = 0
    for (let i = 0; i < directory.length; i += 3) {
      const base = directory[i]! * WINDOW
      const count = directory[i + 1]!
      const data = this.#data(directory, i)
      if (count >= DENSE) {
        const bits = uint32s(data)
        for (let k = 0; k < bits.length; k++) {
          for (let rest = bits[k]!; rest !== 0; rest &= rest - 1) {
            docs[n++] = base + k * 32 + (31 - Math.clz32(rest & -rest))
          }
        }
      } else {
        const reading = new Reading(data)
        let doc = base
        for (let k = 0; k < count; k++) {
          doc += reading.varint()
          docs[n++] = doc
        }
      }
    }
    return docs
  }
}

/** Goes past a term's documents. */
export function skipPostings(reading: Reading): void {
  const head = reading.varint()
  const more = (head & 1) === 1 ? 2 : head / 2
  for (let i = 0; i < more; i++) while (reading.buffer[reading.at++]! > 127);
}
