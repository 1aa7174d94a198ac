import type { Postings } from './postings.ts'
import type { TermMerger } from './term-merger.ts'

/** The terms of a segment, and which documents have them. */
export interface Dictionary {
  lookUp(key: number): Postings | null
  /** The postings of all terms from `first` to `last`. */
  range(first: number, last: number): Postings[]
  /** The first key of each page. */
  readonly firstKeys: Float64Array
  /** Gives all terms to a merger; `first` is the number of the dictionary's first document in it. */
  walk(into: TermMerger, first: number): TermWalk
  /** Releases what it has read. */
  forget(): void
}

/** Walks over a dictionary in the order of its keys. */
export interface TermWalk {
  /** Gives the terms of the merger's range. */
  take(): void
}
