import type { Postings } from './postings.ts'

/** The terms of a segment, and which documents have them. */
export interface Dictionary {
  lookUp(key: number): Postings | null
  /** The postings of all terms from `first` to `last`. */
  range(first: number, last: number): Postings[]
  walk(): TermWalk
  /** Lets go of what it has read. */
  forget(): void
}

/** Walks over a dictionary in the order of its keys. */
export interface TermWalk {
  readonly key: number
  next(): boolean
  /** Puts the term's documents into `docs` behind `count`, renumbered; the new count. To be asked once for each term. */
  docs(renumbered: Uint32Array, docs: Uint32Array, count: number): number
}
