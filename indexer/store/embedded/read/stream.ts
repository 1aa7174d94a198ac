import { type Facet, type Segment, WINDOW, WINDOW_BITS } from '../index/index.ts'
import type { Candidates } from './candidates.ts'
import { CandidateSets } from './sets.ts'

const WORDS = WINDOW / 32

/** Numbers of a segment's documents that may match, in order, found window by window. */
export class SegmentStream {
  readonly #segment: Segment
  readonly #candidates: Candidates
  readonly #excluded: (source: Facet, action: Facet) => boolean
  readonly #newest: boolean
  readonly #low: number
  readonly #high: number
  readonly #sets: CandidateSets
  readonly #decided = new Map<number, boolean>()
  #window = -1
  #bits: Uint32Array | 'all' | 'none' = 'none'
  /** The document to look at next. */
  doc: number

  /** Documents from `low` up to but without `high`. */
  constructor(
    segment: Segment,
    what: {
      excluded: (source: Facet, action: Facet) => boolean
      candidates: Candidates
      newest: boolean
      low: number
      high: number
    },
  ) {
    this.#segment = segment
    this.#sets = new CandidateSets(segment)
    this.#candidates = what.candidates
    this.#excluded = what.excluded
    this.#newest = what.newest
    this.#low = what.low
    this.#high = what.high
    this.doc = what.newest ? what.high - 1 : what.low
  }

  get ended(): boolean {
    return this.#newest ? this.doc < this.#low : this.doc >= this.#high
  }

  step(): void {
    this.doc += this.#newest ? -1 : 1
  }

  /**
   * Advances to the next candidate, `doc` included. Returns false if time is up before one is found; `doc` is then the position reached. A
   * call always advances, even if `late` returns true at once.
   */
  seek(late: () => boolean): boolean {
    let looked = 0
    while (!this.ended) {
      const window = this.doc >>> WINDOW_BITS
      if (window !== this.#window) {
        if (looked > 0 && late()) return false
        this.#window = window
        this.#bits = this.#sets.of(this.#candidates, window)
        looked++
      }
      if (!this.#toNextBit()) continue
      if (this.#mayMatch(this.doc)) return true
      this.step()
      if ((++looked & 1023) === 0 && late()) return false
    }
    return true
  }

  /** Moves `doc` to the next document of its window that is in the set, or out of the window. */
  #toNextBit(): boolean {
    const bits = this.#bits
    if (bits === 'all') return true
    const base = this.#window * WINDOW
    if (bits === 'none') {
      this.doc = this.#newest ? base - 1 : base + WINDOW
      return false
    }
    let bit = this.doc - base
    let word = bit >>> 5
    if (this.#newest) {
      let rest = bits[word]! & (0xffffffff >>> (31 - (bit & 31)))
      while (rest === 0 && --word >= 0) rest = bits[word]!
      this.doc = rest === 0 ? base - 1 : base + word * 32 + 31 - Math.clz32(rest)
      return rest !== 0 && this.doc >= this.#low
    }
    let rest = bits[word]! & (0xffffffff << (bit & 31))
    while (rest === 0 && ++word < WORDS) rest = bits[word]!
    bit = word * 32 + 31 - Math.clz32(rest & -rest)
    this.doc = rest === 0 ? base + WINDOW : base + bit
    return rest !== 0 && this.doc < this.#high
  }

  #mayMatch(doc: number): boolean {
    const source = this.#segment.sourceFacets.at(doc)
    const action = this.#segment.deedFacets.at(doc)
    const pair = source * 4_194_304 + action
    let may = this.#decided.get(pair)
    if (may === undefined) {
      const { facets } = this.#segment
      may = !this.#excluded(facets[source]!, facets[action]!)
      if (this.#decided.size > 100_000) this.#decided.clear()
      this.#decided.set(pair, may)
    }
    return may
  }
}
