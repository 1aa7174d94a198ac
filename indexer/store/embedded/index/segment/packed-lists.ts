import { ascendingAt, ascendingBytes, bytesFor, PAD, readAscending, writeAscending } from './bits.ts'
import { Bytes, bytesOf, uint32s } from './codec.ts'
import type { Postings } from './postings.ts'
import { CHECKSUM_BYTES, checkSeal, damaged, seal } from './seal.ts'
import type { Source } from './source.ts'
import { WINDOW, WINDOW_BITS } from './write.ts'

/** The kinds of windows: the numbers of their documents, bits, or the numbers of the missing documents. */
const NUMBERS = 0
const BITS = 1
const MISSING = 2

/** Checksum of the directory and count of windows, four bytes each. */
const HEAD = 8
/** Window, count, kind, where its part begins behind the directory: four bytes each. */
const ENTRY = 4

const spanOf = (window: number, docs: number): number => Math.min(WINDOW, docs - window * WINDOW)

const missing = new Uint32Array(WINDOW)

/** Appends a long list of documents, window by window, of a segment with `docs` documents. */
export function writeLongList(
  sink: Bytes,
  numbers: Uint32Array,
  start: number,
  stop: number,
  docs: number,
): void {
  const begin = sink.length
  const windows: number[] = []
  const data = new Bytes(4096)
  for (let i = start; i < stop; ) {
    const window = numbers[i]! >>> WINDOW_BITS
    let end = i + 1
    while (end < stop && numbers[end]! >>> WINDOW_BITS === window) end++
    const span = spanOf(window, docs)
    const base = window * WINDOW
    const asNumbers = ascendingBytes(end - i, span - 1)
    const asMissing = ascendingBytes(span - (end - i), span - 1)
    const asBits = bytesFor(span)
    const kind = asBits < asNumbers && asBits < asMissing ? BITS : asMissing < asNumbers ? MISSING : NUMBERS
    const part = data.length
    windows.push(window, end - i, kind, part)
    data.bytes(new Uint8Array(CHECKSUM_BYTES))
    if (kind === NUMBERS) writeAscending(data, numbers, i, end, span - 1, base)
    else if (kind === BITS) {
      data.reserve(asBits)
      const at = data.length
      data.buffer.fill(0, at, at + asBits)
      for (let k = i; k < end; k++) {
        const bit = numbers[k]! - base
        data.buffer[at + (bit >>> 3)] = data.buffer[at + (bit >>> 3)]! | (1 << (bit & 7))
      }
      data.length += asBits
    } else {
      let count = 0
      for (let doc = base, k = i; doc < base + span; doc++) {
        if (k < end && numbers[k] === doc) k++
        else missing[count++] = doc
      }
      writeAscending(data, missing, 0, count, span - 1, base)
    }
    data.bytes(new Uint8Array(PAD))
    seal(data.buffer.subarray(part, data.length))
    i = end
  }
  sink.bytes(bytesOf(Uint32Array.of(0, windows.length / ENTRY, ...windows)))
  seal(sink.buffer.subarray(begin, sink.length))
  sink.bytes(data.view())
}

/** A long list as it lies in the file. */
export class PackedPostings implements Postings {
  readonly count: number
  readonly #source: Source
  readonly #docs: number
  readonly #offset: number
  readonly #length: number
  #directory: Uint32Array | null = null

  constructor(source: Source, docs: number, count: number, offset: number, length: number) {
    this.#source = source
    this.#docs = docs
    this.count = count
    this.#offset = offset
    this.#length = length
  }

  #windows(): Uint32Array {
    if (this.#directory === null) {
      // Reads as much as a directory of all windows takes: that is quicker than first reading their number.
      const most = HEAD + Math.ceil(this.#docs / WINDOW) * ENTRY * 4
      const bytes = this.#source.read(this.#offset, Math.min(most, this.#length))
      const length = bytes.readUInt32LE(4) * ENTRY * 4
      checkSeal(bytes.subarray(0, HEAD + length), 'a list of documents')
      this.#directory = uint32s(bytes.subarray(HEAD, HEAD + length))
    }
    return this.#directory
  }

  into(window: number, bits: Uint32Array): void {
    const windows = this.#windows()
    for (let i = 0; i < windows.length; i += ENTRY) if (windows[i] === window) this.#window(i, bits)
  }

  /** Sets the bits of the documents of one window. */
  #window(entry: number, bits: Uint32Array): void {
    const windows = this.#windows()
    const span = spanOf(windows[entry]!, this.#docs)
    const count = windows[entry + 1]!
    const kind = windows[entry + 2]!
    const base = HEAD + windows.length * 4
    const begin = base + windows[entry + 3]!
    const end = entry + ENTRY < windows.length ? base + windows[entry + ENTRY + 3]! : this.#length
    const bytes = this.#source.read(this.#offset + begin, end - begin)
    checkSeal(bytes, 'a list of documents')
    const start = CHECKSUM_BYTES
    if (kind === BITS) {
      const length = bytesFor(span)
      for (let i = 0; i < length; i++) bits[i >>> 2] = bits[i >>> 2]! | (bytes[start + i]! << ((i & 3) * 8))
      return
    }
    const found = readAscending(ascendingAt(bytes, start, kind === MISSING ? span - count : count, span - 1))
    if (kind === NUMBERS) {
      for (let i = 0; i < found.length; i++) {
        const doc = found[i]!
        bits[doc >>> 5] = bits[doc >>> 5]! | (1 << (doc & 31))
      }
    } else if (kind === MISSING) {
      let from = 0
      for (const doc of found) {
        setAll(bits, from, doc)
        from = doc + 1
      }
      setAll(bits, from, span)
    } else throw damaged('a list of documents')
  }

  all(): Uint32Array {
    const windows = this.#windows()
    const docs = new Uint32Array(this.count)
    const bits = new Uint32Array(WINDOW / 32)
    let n = 0
    for (let i = 0; i < windows.length; i += ENTRY) {
      bits.fill(0)
      this.#window(i, bits)
      const base = windows[i]! * WINDOW
      for (let k = 0; k < bits.length; k++)
        for (let rest = bits[k]!; rest !== 0; rest &= rest - 1)
          docs[n++] = base + k * 32 + 31 - Math.clz32(rest & -rest)
    }
    return docs
  }
}

function setAll(bits: Uint32Array, from: number, to: number): void {
  for (let doc = from; doc < to; ) {
    if ((doc & 31) === 0 && to - doc >= 32) {
      bits[doc >>> 5] = 0xffffffff
      doc += 32
    } else {
      bits[doc >>> 5] = bits[doc >>> 5]! | (1 << (doc & 31))
      doc++
    }
  }
}
