import { PRIME } from './terms.ts'

/**
 * Values of the fields that are counted by, as their JSON in the lines, on their way into a segment's columns. Events that are stored
 * together share one list.
 */
export class HeldValues {
  columns: Uint8Array
  hashes: Int32Array
  /** The end of each value in `bytes`; it begins where the one before ends. */
  ends: Uint32Array
  bytes: Buffer
  count = 0

  /** Makes a list with room for `room` values; it grows. */
  constructor(room = 4096) {
    this.columns = new Uint8Array(room)
    this.hashes = new Int32Array(room)
    this.ends = new Uint32Array(room)
    this.bytes = Buffer.allocUnsafeSlow(room * 16)
  }

  clear(): void {
    this.count = 0
  }

  startOf(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!
  }

  add(column: number, source: Uint8Array, start: number, end: number): void {
    if (this.count === this.columns.length) this.#grow()
    let at = this.startOf(this.count)
    if (at + end - start > this.bytes.length) this.#growBytes(at + end - start)
    const { bytes } = this
    let hash = 0
    for (let i = start; i < end; i++) {
      const byte = source[i]!
      bytes[at++] = byte
      hash = (Math.imul(hash, PRIME) + byte) | 0
    }
    const index = this.count++
    this.columns[index] = column
    this.hashes[index] = hash
    this.ends[index] = at
  }

  addText(column: number, text: string): void {
    const bytes = Buffer.from(text)
    this.add(column, bytes, 0, bytes.length)
  }

  #grow(): void {
    const room = this.columns.length * 2
    const columns = new Uint8Array(room)
    const hashes = new Int32Array(room)
    const ends = new Uint32Array(room)
    columns.set(this.columns)
    hashes.set(this.hashes)
    ends.set(this.ends)
    Object.assign(this, { columns, hashes, ends })
  }

  #growBytes(needed: number): void {
    const wider = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, needed))
    this.bytes.copy(wider)
    this.bytes = wider
  }
}

export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0
  for (let i = start; i < end; i++) hash = (Math.imul(hash, PRIME) + bytes[i]!) | 0
  return hash
}
