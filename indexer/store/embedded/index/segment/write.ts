import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { HELD } from '../layout.ts'
import { Bytes, bytesOf } from './codec.ts'
import type { HeldColumn } from './held-column.ts'
import type { TermLists } from './term-lists.ts'

/**
 * A segment is the search index over some events of a partition, never changed once written: its documents lie in the
 * total order of events, its terms in the order of their keys. A transaction writes one small segment; a thread of its own
 * merges small ones into greater ones.
 *
 *   pages of the dictionary and long lists, as they come
 *   columns of the documents: time, sequence, chunk, line, source facet, action facet
 *   columns of the values that are counted by
 *   the facets' texts
 *   the dictionary's directory: first key, offset and length of each page
 *   footer (JSON), its length (4 bytes)
 */
export interface Columns {
  readonly times: Float64Array
  readonly sequences: Float64Array
  readonly chunks: Uint32Array
  readonly lines: Uint16Array
  readonly sourceFacets: Uint32Array
  readonly deedFacets: Uint32Array
}

export interface Footer {
  readonly version: 1
  readonly docs: number
  readonly terms: number
  readonly least: number
  readonly greatest: number
  readonly columns: readonly number[]
  /** Columns of values, by field. */
  readonly held: Readonly<Record<string, HeldPlace>>
  readonly facets: { readonly offset: number; readonly length: number }
  readonly pages: {
    readonly count: number
    readonly keys: number
    readonly offsets: number
    readonly lengths: number
  }
}

/** The place of a column of values. */
export type HeldPlace =
  | {
      readonly kind: 'texts'
      readonly width: 1 | 2 | 4
      readonly ordinals: number
      readonly count: number
      readonly ends: number
      readonly bytes: number
      readonly length: number
    }
  | {
      readonly kind: 'numbers'
      readonly width: 4 | 8
      readonly values: number
      /** -1 where all documents have a value. */
      readonly present: number
    }

/** Documents are looked at in windows of this many: a window's set is 8 KB of bits. */
export const WINDOW = 65_536
export const WINDOW_BITS = 16
/** The longest list within a page; longer lists lie outside it, window by window. */
export const SHORT_LIST = 512
/** The number of documents in a window from which bits are smaller. */
export const DENSE = 8192

export interface Sink {
  readonly length: number
  append(bytes: Uint8Array): void
}

export class MemorySink implements Sink {
  readonly #bytes = new Bytes(1 << 20)
  get length(): number {
    return this.#bytes.length
  }
  append(bytes: Uint8Array): void {
    this.#bytes.bytes(bytes)
  }
  clear(): void {
    this.#bytes.length = 0
  }
  /** Valid until more is appended. */
  view(): Buffer {
    return this.#bytes.view()
  }
}

/** Writes a file through one buffer. */
export class FileSink implements Sink {
  length = 0
  readonly #file: number
  readonly #pending = Buffer.allocUnsafe(1 << 20)
  #held = 0
  #closed = false

  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  append(bytes: Uint8Array): void {
    this.length += bytes.length
    if (this.#held + bytes.length > this.#pending.length) this.#flush()
    if (bytes.length >= this.#pending.length) this.#write(bytes)
    else {
      this.#pending.set(bytes, this.#held)
      this.#held += bytes.length
    }
  }

  #flush(): void {
    this.#write(this.#pending.subarray(0, this.#held))
    this.#held = 0
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
  }

  /** Everything is on the disk. */
  finish(): void {
    this.#flush()
    fsyncSync(this.#file)
    this.close()
  }

  close(): void {
    if (!this.#closed) closeSync(this.#file)
    this.#closed = true
  }
}

export class SegmentWriter {
  readonly #sink: Sink
  #lists: Pick<TermLists, 'terms' | 'firstKeys' | 'offsets' | 'lengths'> = {
    terms: 0,
    firstKeys: [],
    offsets: [],
    lengths: [],
  }

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** Appends all terms of the segment, made elsewhere. */
  take(lists: TermLists): void {
    this.#sink.append(lists.bytes)
    this.#lists = lists
  }

  finish(
    columns: Columns,
    facetTexts: readonly string[],
    heldColumns: Iterable<readonly [field: number, column: HeldColumn]>,
  ): Footer {
    const sink = this.#sink
    const { terms, firstKeys, offsets: pageOffsets, lengths } = this.#lists
    const offsets: number[] = []
    const put = (bytes: Uint8Array): number => {
      const rest = sink.length % 8
      if (rest > 0) sink.append(new Uint8Array(8 - rest))
      const offset = sink.length
      sink.append(bytes)
      return offset
    }
    const { times, sequences, chunks, lines, sourceFacets, deedFacets } = columns
    for (const column of [times, sequences, chunks, lines, sourceFacets, deedFacets]) {
      offsets.push(put(bytesOf(column)))
    }
    const held: Record<string, HeldPlace> = {}
    for (const [field, column] of heldColumns) held[HELD[field]!] = heldPlace(column, put)
    const facets = Buffer.from(JSON.stringify(facetTexts))
    const footer: Footer = {
      version: 1,
      docs: times.length,
      terms,
      least: times[0] ?? 0,
      greatest: times[times.length - 1] ?? 0,
      columns: offsets,
      held,
      facets: { offset: put(facets), length: facets.length },
      pages: {
        count: firstKeys.length,
        keys: put(bytesOf(Float64Array.from(firstKeys))),
        offsets: put(bytesOf(Float64Array.from(pageOffsets))),
        lengths: put(bytesOf(Uint32Array.from(lengths))),
      },
    }
    const text = Buffer.from(JSON.stringify(footer))
    sink.append(text)
    sink.append(bytesOf(Uint32Array.of(text.length)))
    return footer
  }
}

function heldPlace(column: HeldColumn, put: (bytes: Uint8Array) => number): HeldPlace {
  if (column.kind === 'numbers') {
    const { values, present } = column
    return {
      kind: 'numbers',
      width: values.BYTES_PER_ELEMENT as 4 | 8,
      values: put(bytesOf(values)),
      present: present === null ? -1 : put(bytesOf(present)),
    }
  }
  const { ordinals, ends, bytes } = column
  return {
    kind: 'texts',
    width: ordinals.BYTES_PER_ELEMENT as 1 | 2 | 4,
    ordinals: put(bytesOf(ordinals)),
    count: ends.length,
    ends: put(bytesOf(ends)),
    bytes: put(bytes),
    length: bytes.length,
  }
}
