import { hashOf } from '../held.ts'
import { FIELD_REGION } from '../terms.ts'
import {
  type Ascending,
  ascendingAt,
  ascendingBytes,
  bitsFor,
  bytesFor,
  firstNotBelow,
  numberAt,
  PAD,
  readAscending,
  readWide,
  wideBitsAt,
  writeAscending,
  writeBits,
} from './bits.ts'
import { Bytes, bytesOf, float64s, Reading, uint32s } from './codec.ts'
import type { Dictionary, TermWalk } from './dictionary.ts'
import { TextNumbers } from './held-column.ts'
import { PackedPostings, writeLongList } from './packed-lists.ts'
import { PageDirectory } from './page-directory.ts'
import { type Postings, ShortPostings } from './postings.ts'
import { checkSeal, type Packet, seal, unpackedBytes } from './seal.ts'
import type { Source } from './source.ts'
import type { TermMerger } from './term-merger.ts'
import { SHORT_LIST, type Sink } from './write.ts'

const FIRST_VALUE = FIELD_REGION * 2 ** 32
const VALUE_STEP = 65_536

/**
 * The key of a term in a packed dictionary. Only the upper 32 of the 48 bits of a field's value are kept: values only choose candidates,
 * and each candidate is checked. Nearly each event has six values that no other has, and their lower bits were a tenth of the index. Words
 * keep all their bits, since counts trust them.
 */
export const packedKey = (key: number): number =>
  key < FIRST_VALUE ? key : Math.floor(key / VALUE_STEP) * VALUE_STEP

const stepOf = (key: number): number => (key < FIRST_VALUE ? 1 : VALUE_STEP)

const MOST_TERMS = 512
const MOST_LIST_BYTES = 4096
/** Checksum (4 bytes), terms, terms with more than one document (2 bytes each), span of the keys (a double), their step (4 bytes). */
const HEAD = 20

/** The kinds of entries for a term with more documents: the lowest two bits of a varint. */
const HERE = 0
const SAME_AS = 1
const OUTSIDE = 2

/** Fewer documents take no more room than a note of where the same list is. */
const LEAST_SHARED = 3

export class PackedTermWriter {
  readonly #sink: Sink
  readonly #docs: number
  readonly #width: number
  readonly #firstKeys: number[] = []
  readonly #offsets: number[] = []
  readonly #lengths: number[] = []
  terms = 0
  readonly #keys = new Float64Array(MOST_TERMS)
  readonly #lists = new Bytes(MOST_LIST_BYTES * 2)
  readonly #listed: number[] = []
  /** Documents of terms that have one. */
  readonly #singles = new Uint32Array(MOST_TERMS)
  #singleCount = 0
  #count = 0
  /** Lists that were met, and the term that has each. */
  readonly #met = new TextNumbers()
  readonly #metAt: number[] = []
  readonly #metLong = new TextNumbers()
  readonly #longAt: number[] = []
  readonly #scratch = new Bytes()

  /** Starts a dictionary for `docs` documents. */
  constructor(sink: Sink, docs: number) {
    this.#sink = sink
    this.#docs = docs
    this.#width = bitsFor(docs - 1)
  }

  /** Terms come in ascending order of their packed keys; documents, `docs` from `start` up to `end`, in ascending order. */
  add(key: number, docs: Uint32Array, start: number, end: number): void {
    if (this.#count > 0 && key >= FIRST_VALUE && this.#keys[0]! < FIRST_VALUE) this.#endPage()
    if (this.#count === 0) this.#firstKeys.push(key)
    const index = this.#count++
    this.#keys[index] = key
    this.terms++
    if (end - start === 1) this.#singles[this.#singleCount++] = docs[start]!
    else {
      this.#listed.push(index)
      if (end - start > SHORT_LIST) this.#addLong(docs, start, end)
      else this.#addShort(docs, start, end, index)
    }
    if (this.#count === MOST_TERMS || this.#lists.length >= MOST_LIST_BYTES) this.#endPage()
  }

  #addShort(docs: Uint32Array, start: number, end: number, index: number): void {
    const count = end - start
    const list = this.#scratch
    list.length = 0
    list.varint(count * 4 + HERE)
    writeAscending(list, docs, start, end, this.#docs - 1)
    if (count >= LEAST_SHARED) {
      const known = this.#met.of(hashOf(list.buffer, 0, list.length), list.buffer, 0, list.length) - 1
      if (known < this.#metAt.length) {
        this.#lists.varint(this.#metAt[known]! * 4 + SAME_AS)
        return
      }
      this.#metAt.push((this.#firstKeys.length - 1) * MOST_TERMS + index)
    }
    this.#lists.bytesFrom(list.buffer, 0, list.length)
  }

  #addLong(docs: Uint32Array, start: number, end: number): void {
    const list = this.#scratch
    list.length = 0
    writeLongList(list, docs, start, end, this.#docs)
    const known = this.#metLong.of(hashOf(list.buffer, 0, list.length), list.buffer, 0, list.length) - 1
    if (known === this.#longAt.length) {
      this.#longAt.push(this.#sink.length)
      this.#sink.append(list.view())
    }
    this.#lists.varint((end - start) * 4 + OUTSIDE)
    this.#lists.varint(this.#longAt[known]!)
    this.#lists.varint(list.length)
  }

  /** Ends the last page; how many pages there are, and their directory. */
  end(): { readonly count: number; readonly directory: Buffer } {
    this.#endPage()
    const offsets = Float64Array.from(this.#offsets)
    return {
      count: offsets.length,
      directory: Buffer.concat([
        bytesOf(Float64Array.from(this.#firstKeys)),
        bytesOf(offsets),
        bytesOf(Uint32Array.from(this.#lengths)),
      ]),
    }
  }

  #endPage(): void {
    const count = this.#count
    if (count === 0) return
    const first = this.#keys[0]!
    const step = stepOf(first)
    const steps = this.#keys.subarray(0, count)
    for (let i = 0; i < count; i++) steps[i] = (steps[i]! - first) / step
    const span = steps[count - 1]!
    const page = this.#scratch
    page.length = 0
    page.bytes(new Uint8Array(HEAD))
    writeAscending(page, steps, 0, count, span)
    writeAscending(page, this.#listed, 0, this.#listed.length, count - 1)
    writeBits(page, this.#singles, this.#singleCount, this.#width)
    this.#singleCount = 0
    page.bytes(this.#lists.view())
    page.bytes(new Uint8Array(PAD))
    const bytes = page.view()
    bytes.writeUInt16LE(count, 4)
    bytes.writeUInt16LE(this.#listed.length, 6)
    bytes.writeDoubleLE(span, 8)
    bytes.writeUInt32LE(step, 16)
    seal(bytes)
    this.#offsets.push(this.#sink.length)
    this.#lengths.push(bytes.length)
    this.#sink.append(bytes)
    this.#lists.length = 0
    this.#listed.length = 0
    this.#count = 0
  }
}

/** The place of a dictionary's directory: first keys, offsets, lengths of its pages. */
export interface PagesPlace extends Packet {
  readonly count: number
}

/** A page, opened for reading. */
class Page {
  readonly bytes: Buffer
  readonly count: number
  readonly step: number
  readonly keys: Ascending
  /** The indices of terms with more than one document. */
  readonly listed: Ascending
  /** The offsets of the single documents' numbers and of the lists. */
  readonly singles: number
  readonly lists: number

  constructor(bytes: Buffer, width: number) {
    checkSeal(bytes, 'a page of the dictionary')
    this.bytes = bytes
    this.count = bytes.readUInt16LE(4)
    this.step = bytes.readUInt32LE(16)
    this.keys = ascendingAt(bytes, HEAD, this.count, bytes.readDoubleLE(8))
    this.listed = ascendingAt(bytes, this.keys.end, bytes.readUInt16LE(6), this.count - 1)
    this.singles = this.listed.end
    this.lists = this.singles + bytesFor((this.count - this.listed.count) * width)
  }
}

/** The dictionary of a segment of version 2. */
export class PackedTerms implements Dictionary {
  readonly pages: PageDirectory
  readonly docs: number
  readonly width: number
  readonly #source: Source
  readonly #listBytes = new Uint16Array(SHORT_LIST + 1)

  constructor(source: Source, { count, offset, length }: PagesPlace, docs: number) {
    this.#source = source
    this.docs = docs
    this.width = bitsFor(docs - 1)
    this.pages = new PageDirectory(source, count, () => {
      const bytes = unpackedBytes(source.read(offset, length), 'the directory of the dictionary')
      return {
        keys: float64s(bytes.subarray(0, count * 8)),
        offsets: float64s(bytes.subarray(count * 8, count * 16)),
        lengths: uint32s(bytes.subarray(count * 16, count * 20)),
      }
    })
  }

  /** Returns the number of bytes that a short list takes. */
  listBytes(count: number): number {
    let bytes = this.#listBytes[count]!
    if (bytes === 0) {
      bytes = ascendingBytes(count, this.docs - 1)
      this.#listBytes[count] = bytes
    }
    return bytes
  }

  open(page: number): Page {
    return new Page(this.pages.page(page), this.width)
  }

  lookUp(key: number): Postings | null {
    const wanted = packedKey(key)
    const number = this.pages.pageOf(wanted)
    if (number === -1) return null
    const page = this.open(number)
    const place = (wanted - this.pages.firstKey(number)) / page.step
    // A value that is asked of a page of words: its values begin in the page behind.
    if (place > Number.MAX_SAFE_INTEGER) return null
    const index = firstNotBelow(page.keys, place)
    return index < page.count && numberAt(page.keys, index) === place ? this.#postings(page, index) : null
  }

  range(first: number, last: number): Postings[] {
    const from = packedKey(first)
    const to = packedKey(last)
    const found: Postings[] = []
    for (let number = Math.max(0, this.pages.pageOf(from)); number < this.pages.count; number++) {
      const base = this.pages.firstKey(number)
      if (base > to) break
      const page = this.open(number)
      const start = Math.max(0, firstNotBelow(page.keys, Math.max(0, Math.ceil((from - base) / page.step))))
      const end = firstNotBelow(page.keys, Math.floor((to - base) / page.step) + 1)
      const lists = new Lists(this, page, start)
      for (let index = start; index < end; index++) found.push(lists.next())
    }
    return found
  }

  #postings(page: Page, index: number): Postings {
    return new Lists(this, page, index).next()
  }

  /** The documents of a term that another has, too. */
  sameAs(place: number): Postings {
    return this.#postings(this.open(Math.floor(place / MOST_TERMS)), place % MOST_TERMS)
  }

  outside(count: number, offset: number, length: number): Postings {
    return new PackedPostings(this.#source, this.docs, count, offset, length)
  }

  get firstKeys(): Float64Array {
    return this.pages.firstKeys
  }

  walk(into: TermMerger, first: number): TermWalk {
    return new PackedWalk(this, into, first)
  }

  forget(): void {
    this.pages.forget()
  }
}

/** The documents of the terms of a page, one after the other. */
class Lists {
  readonly #terms: PackedTerms
  readonly #page: Page
  readonly #reading: Reading
  #index: number
  /** The number of earlier terms with more than one document, and the next such term. */
  #before: number
  #nextListed: number
  /** Lists that are passed when one is asked for. */
  #toSkip: number

  constructor(terms: PackedTerms, page: Page, from: number) {
    this.#terms = terms
    this.#page = page
    this.#index = from
    this.#reading = new Reading(page.bytes, page.lists)
    this.#before = firstNotBelow(page.listed, from)
    this.#nextListed = this.#listedAt(this.#before)
    this.#toSkip = this.#before
  }

  #listedAt(n: number): number {
    return n < this.#page.listed.count ? numberAt(this.#page.listed, n) : -1
  }

  next(): Postings {
    const single = this.#single()
    return single === -1 ? this.#list() : new ShortPostings(Uint32Array.of(single))
  }

  /** The next term's documents, or its only one. */
  nextDocs(): Uint32Array | number {
    const single = this.#single()
    return single === -1 ? this.#list().all() : single
  }

  /** Returns the next term's only document, or -1 if it has more. */
  #single(): number {
    const index = this.#index++
    if (this.#nextListed === index) {
      this.#nextListed = this.#listedAt(++this.#before)
      return -1
    }
    const { width } = this.#terms
    return wideBitsAt(this.#page.bytes, this.#page.singles * 8 + (index - this.#before) * width, width)
  }

  #list(): Postings {
    const reading = this.#reading
    for (; this.#toSkip > 0; this.#toSkip--) this.#skip()
    const head = reading.varint()
    const kind = head % 4
    const value = Math.floor(head / 4)
    if (kind === SAME_AS) return this.#terms.sameAs(value)
    if (kind === OUTSIDE) {
      const offset = reading.varint()
      return this.#terms.outside(value, offset, reading.varint())
    }
    const list = ascendingAt(this.#page.bytes, reading.at, value, this.#terms.docs - 1)
    reading.at = list.end
    return new ShortPostings(readAscending(list))
  }

  #skip(): void {
    const reading = this.#reading
    const head = reading.varint()
    const kind = head % 4
    if (kind === HERE) reading.at += this.#terms.listBytes(head >>> 2)
    else if (kind === OUTSIDE) {
      reading.varint()
      reading.varint()
    }
  }
}

class PackedWalk implements TermWalk {
  readonly #terms: PackedTerms
  readonly #into: TermMerger
  readonly #first: number
  #number = -1
  #keys: Float64Array = new Float64Array(0)
  #step = 0
  #base = 0
  #lists: Lists | null = null
  #index = 0

  constructor(terms: PackedTerms, into: TermMerger, first: number) {
    this.#terms = terms
    this.#into = into
    this.#first = first
  }

  take(): void {
    const into = this.#into
    for (;;) {
      for (; this.#index < this.#keys.length; this.#index++) {
        const key = this.#base + this.#keys[this.#index]! * this.#step
        if (key >= into.until) return
        const docs = this.#lists!.nextDocs()
        if (typeof docs === 'number') into.addOne(key, docs, this.#first)
        else into.add(key, docs, this.#first)
      }
      if (!this.#turn()) return
    }
  }

  /** Opens the next page; returns false if it belongs to another range or does not exist. */
  #turn(): boolean {
    const { pages } = this.#terms
    const number = this.#number + 1
    if (number === pages.count || pages.firstKey(number) >= this.#into.until) return false
    const page = this.#terms.open(number)
    this.#number = number
    this.#keys = readWide(page.keys)
    this.#step = page.step
    this.#base = pages.firstKey(number)
    this.#lists = new Lists(this.#terms, page, 0)
    this.#index = 0
    return true
  }
}
