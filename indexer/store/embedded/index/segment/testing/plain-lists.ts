import { Bytes, bytesOf } from '../codec.ts'
import type { TermLists } from '../term-lists.ts'
import { DENSE, MemorySink, SHORT_LIST, WINDOW, WINDOW_BITS } from '../write.ts'

const PAGE_BYTES = 4096

/** The terms of a segment of version 1, written one by one: what the module's lists are held to. */
export class PlainLists {
  readonly #sink = new MemorySink()
  readonly #page = new Bytes(PAGE_BYTES * 2)
  readonly #long = new Bytes()
  readonly #bits = new Uint32Array(WINDOW / 32)
  readonly #keys: number[] = []
  readonly #offsets: number[] = []
  readonly #lengths: number[] = []
  #previous = 0
  #terms = 0

  /** Terms come in ascending order of their keys, documents (`count` of `docs` from `start` on) in ascending order. */
  add(key: number, docs: Uint32Array, start: number, count: number): void {
    const page = this.#page
    if (page.length === 0) {
      this.#keys.push(key)
      this.#previous = key
    }
    page.varint(key - this.#previous)
    this.#previous = key
    this.#terms++
    if (count > SHORT_LIST) {
      const offset = this.#addLong(docs, start, start + count)
      page.varint(count * 2 + 1)
      page.varint(offset)
      page.varint(this.#sink.length - offset)
    } else {
      page.varint(count * 2)
      page.differences(docs, start, start + count, 0)
    }
    if (page.length >= PAGE_BYTES) this.#endPage()
  }

  #endPage(): void {
    if (this.#page.length === 0) return
    this.#offsets.push(this.#sink.length)
    this.#lengths.push(this.#page.length)
    this.#sink.append(this.#page.view())
    this.#page.length = 0
  }

  #addLong(docs: Uint32Array, start: number, stop: number): number {
    const offset = this.#sink.length
    const data = this.#long
    data.length = 0
    const directory: number[] = []
    for (let i = start; i < stop; ) {
      const window = docs[i]! >>> WINDOW_BITS
      let end = i + 1
      while (end < stop && docs[end]! >>> WINDOW_BITS === window) end++
      directory.push(window, end - i, data.length)
      const base = window * WINDOW
      if (end - i >= DENSE) {
        const bits = this.#bits.fill(0)
        for (let k = i; k < end; k++) {
          const bit = docs[k]! - base
          bits[bit >>> 5] = bits[bit >>> 5]! | (1 << (bit & 31))
        }
        data.bytes(bytesOf(bits))
      } else {
        data.differences(docs, i, end, base)
      }
      i = end
    }
    this.#sink.append(bytesOf(Uint32Array.of(directory.length / 3, ...directory)))
    this.#sink.append(data.view())
    return offset
  }

  made(): TermLists {
    this.#endPage()
    return {
      bytes: this.#sink.view(),
      terms: this.#terms,
      firstKeys: this.#keys,
      offsets: this.#offsets,
      lengths: this.#lengths,
    }
  }
}
