import { startWasm } from '../wasm/start.ts'
import type { Dictionary } from './dictionary.ts'
import { packedKey } from './packed-terms.ts'

const PAGE = 64 * 1024
/**
 * Behind what the module keeps for itself: how far a dictionary was read, then the new numbers of documents. `merge.as.ts` has the same.
 */
const WALK = 3 * PAGE
const WALK_KEY = WALK >> 3
const WALK_AT = (WALK + 8) >> 2
const WALK_END = (WALK + 12) >> 2
const WALK_RENUMBERED = (WALK + 16) >> 2
const WALK_OUT = (WALK + 20) >> 2
const WALK_HEAD = (WALK + 24) >> 2
const NUMBERS = WALK + 64
/** A page has 4 KB and its last term. */
const MOST_PAGE_BYTES = PAGE
/** Below a pair's key. */
const DOC_BITS = 20
const KEY_STEP = 2 ** (32 - DOC_BITS)
export const MOST_MERGED_DOCS = 2 ** DOC_BITS
/** The values that are left for a key, relative to the first key of its range. */
const WIDEST_RANGE = 2 ** (64 - DOC_BITS)
const KEYS_END = 2 ** 48
/** Pages of dictionaries in a range, of some thousand pairs each: they lie in the processor's cache when they are sorted. */
const PAGES_AT_ONCE = 64
const LEAST_ROOM = 1 << 16
/** The memory is replaced after a merge that needed more than this. */
const MOST_KEPT_BYTES = 32 * 1024 * 1024

export const PAGE_END = 0
export const RANGE_END = 1
export const LONG_LIST = 2

/**
 * Terms with their documents: those of term `i` are `docs` from the end of the one before up to `ends[i]`. Valid until the next are made.
 */
export interface MergedTerms {
  readonly count: number
  readonly keys: Float64Array
  readonly ends: Uint32Array
  readonly docs: Uint32Array
}

/** A page of a dictionary of version 1, and how far it was read. */
export interface ReadPage {
  readonly bytes: Uint8Array
  at: number
  /** The term before, or the first one of the page. */
  key: number
}

/**
 * Merges the terms of several dictionaries. The module sorts pairs of a term and a document, which takes a third of the time of a walk
 * through all dictionaries at once, term by term. It works by ranges of keys, so that the memory stays small; the memory is reused.
 */
export class TermMerger {
  #memory = newMemory()
  #wasm = startWasm(this.#memory)
  #bits = 0
  #page = 0
  #pairs = 0
  #words = new Uint32Array(0)
  #doubles = new Float64Array(0)
  #bytes = new Uint8Array(0)
  #room = 0
  #count = 0
  #base = 0
  /** The range of keys that is read now ends before this one. */
  until = 0

  /** `renumbered` has the new numbers of each dictionary's documents; together they are `total`. */
  #begin(renumbered: readonly Uint32Array[], total: number): void {
    if (total > MOST_MERGED_DOCS) throw new Error(`${total} documents are too many to merge at once`)
    if (this.#memory.buffer.byteLength > MOST_KEPT_BYTES) {
      this.#memory = newMemory()
      this.#wasm = startWasm(this.#memory)
    }
    this.#bits = NUMBERS + Math.ceil(total / 2) * 8
    this.#page = this.#bits + Math.ceil(total / 64) * 8
    this.#pairs = this.#page + MOST_PAGE_BYTES + 8
    this.#room = 0
    this.#base = 0
    this.#reserve(LEAST_ROOM)
    this.#bytes.fill(0, this.#bits, this.#page)
    let at = NUMBERS >> 2
    for (const numbers of renumbered) {
      this.#words.set(numbers, at)
      at += numbers.length
    }
  }

  /** Reserves room for `pairs` pairs in all, to be sorted and taken apart. */
  #reserve(pairs: number): void {
    if (pairs <= this.#room) return
    this.#room = Math.ceil((pairs * 1.25) / 2) * 2
    // The pairs, as many again to sort them, an end for each.
    const bytes = this.#pairs + this.#room * 20
    const missing = Math.ceil((bytes - this.#memory.buffer.byteLength) / PAGE)
    if (missing > 0) this.#memory.grow(missing)
    const { buffer } = this.#memory
    this.#words = new Uint32Array(buffer)
    this.#doubles = new Float64Array(buffer)
    this.#bytes = new Uint8Array(buffer)
  }

  /** Reads a page as far as it is of this range. `first` is the number of the dictionary's first document among all. */
  takePage(page: ReadPage, first: number): number {
    const { bytes } = page
    const length = bytes.length - page.at
    if (length > MOST_PAGE_BYTES) throw new Error('a page of a dictionary is too long')
    this.#reserve(this.#count + length)
    this.#bytes.set(bytes.subarray(page.at), this.#page)
    const words = this.#words
    this.#doubles[WALK_KEY] = page.key
    words[WALK_AT] = this.#page
    words[WALK_END] = this.#page + length
    words[WALK_RENUMBERED] = NUMBERS + first * 4
    words[WALK_OUT] = this.#pairs + this.#count * 8
    const state = this.#wasm.takeTerms(WALK, this.#base, this.until)
    this.#count = (words[WALK_OUT]! - this.#pairs) >> 3
    page.at += words[WALK_AT]! - this.#page
    page.key = this.#doubles[WALK_KEY]!
    return state
  }

  /** The first varint of the long list of documents that follows what was read. */
  get head(): number {
    return this.#words[WALK_HEAD]!
  }

  /** Adds a term's documents. */
  add(key: number, docs: Uint32Array, first: number): void {
    this.#reserve(this.#count + docs.length)
    const words = this.#words
    const numbers = (NUMBERS >> 2) + first
    const place = packedKey(key) - this.#base
    const high = Math.floor(place / KEY_STEP)
    const low = (place % KEY_STEP) * 2 ** DOC_BITS
    let at = (this.#pairs >> 2) + this.#count * 2
    for (let i = 0; i < docs.length; i++) {
      words[at++] = low + words[numbers + docs[i]!]!
      words[at++] = high
    }
    this.#count += docs.length
  }

  addOne(key: number, doc: number, first: number): void {
    this.#reserve(this.#count + 1)
    const words = this.#words
    const place = packedKey(key) - this.#base
    const at = (this.#pairs >> 2) + this.#count++ * 2
    words[at] = (place % KEY_STEP) * 2 ** DOC_BITS + words[(NUMBERS >> 2) + first + doc]!
    words[at + 1] = Math.floor(place / KEY_STEP)
  }

  /**
   * Yields all terms of the dictionaries in the order of their packed keys. `renumbered` has the new numbers of each dictionary's
   * documents, `total` their number.
   */
  *merge(
    dictionaries: readonly Dictionary[],
    renumbered: readonly Uint32Array[],
    total: number,
  ): Generator<MergedTerms> {
    this.#begin(renumbered, total)
    let first = 0
    const walks = dictionaries.map((dictionary, i) => {
      const walk = dictionary.walk(this, first)
      first += renumbered[i]!.length
      return walk
    })
    for (const until of rangesOf(dictionaries.map(({ firstKeys }) => firstKeys))) {
      this.until = until
      this.#count = 0
      for (const walk of walks) walk.take()
      if (this.#count > 0) yield this.#terms()
      this.#base = until
    }
  }

  #terms(): MergedTerms {
    const pairs = this.#pairs
    const spare = pairs + this.#room * 8
    const ends = spare + this.#room * 8
    const sorted = this.#wasm.sort(pairs, spare, this.#count, DOC_BITS)
    const keys = sorted === pairs ? spare : pairs
    const count = this.#wasm.group(sorted, this.#count, this.#base, keys, ends, this.#bits)
    return {
      count,
      keys: this.#doubles.subarray(keys >> 3, (keys >> 3) + count),
      ends: this.#words.subarray(ends >> 2, (ends >> 2) + count),
      docs: this.#words.subarray(sorted >> 2, (sorted >> 2) + this.#count),
    }
  }
}

/** The maximum only reserves addresses: the memory takes what it has grown to. */
const newMemory = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: 4, maximum: 65_536 })

/** Returns the end of each range of keys, the last one after all keys. Terms with one packed key are in one range. */
function rangesOf(firstKeys: readonly Float64Array[]): number[] {
  const pages = new Float64Array(firstKeys.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const keys of firstKeys) {
    pages.set(keys, at)
    at += keys.length
  }
  pages.sort()
  const ends: number[] = []
  let last = 0
  const end = (key: number): void => {
    for (; key - last > WIDEST_RANGE; ends.push(last)) last += WIDEST_RANGE
    if (key > last) ends.push(key)
    last = key
  }
  for (let page = PAGES_AT_ONCE; page < pages.length; page += PAGES_AT_ONCE) end(packedKey(pages[page]!))
  end(KEYS_END)
  return ends
}
