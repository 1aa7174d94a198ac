import { type Postings, type Segment, WINDOW } from '../index/index.ts'
import type { Candidates } from './candidates.ts'

const WORDS = WINDOW / 32

/** The candidates of one segment, window by window. */
export class CandidateSets {
  readonly #segment: Segment
  readonly #postings = new Map<number, Postings | null>()
  readonly #ranges = new Map<Candidates, Postings[]>()
  /** The wanted source facets and action facets. */
  readonly #facetSets = new Map<Candidates, readonly (Uint8Array | null)[]>()

  constructor(segment: Segment) {
    this.#segment = segment
  }

  of(candidates: Candidates, window: number): Uint32Array | 'all' | 'none' {
    switch (candidates.kind) {
      case 'all':
      case 'none':
        return candidates.kind
      case 'term': {
        const postings = this.#postingsOf(candidates.key)
        return postings === null ? 'none' : filled((bits) => postings.into(window, bits))
      }
      case 'range': {
        const all = this.#rangeOf(candidates)
        if (all.length === 0) return 'none'
        return filled((bits) => {
          for (const postings of all) postings.into(window, bits)
        })
      }
      case 'facets':
        return this.#withFacets(candidates, window)
      case 'and': {
        let met: Uint32Array | 'all' = 'all'
        for (const part of candidates.of) {
          const bits = this.of(part, window)
          if (bits === 'none') return 'none'
          if (bits === 'all') continue
          if (met === 'all') met = bits
          else {
            let any = 0
            for (let i = 0; i < WORDS; i++) any |= met[i] = met[i]! & bits[i]!
            if (any === 0) return 'none'
          }
        }
        return met
      }
      case 'or': {
        let met: Uint32Array | 'none' = 'none'
        for (const part of candidates.of) {
          const bits = this.of(part, window)
          if (bits === 'all') return 'all'
          if (bits === 'none') continue
          if (met === 'none') met = bits
          else for (let i = 0; i < WORDS; i++) met[i] = met[i]! | bits[i]!
        }
        return met
      }
    }
  }

  #postingsOf(key: number): Postings | null {
    let postings = this.#postings.get(key)
    if (postings === undefined) {
      postings = this.#segment.lookUp(key)
      this.#postings.set(key, postings)
    }
    return postings
  }

  #rangeOf(range: Extract<Candidates, { kind: 'range' }>): Postings[] {
    let all = this.#ranges.get(range)
    if (all === undefined) {
      all = this.#segment.range(range.first, range.last)
      this.#ranges.set(range, all)
    }
    return all
  }

  #withFacets(wanted: Extract<Candidates, { kind: 'facets' }>, window: number): Uint32Array | 'none' {
    const segment = this.#segment
    let chosen = this.#facetSets.get(wanted)
    if (chosen === undefined) {
      chosen = [0, 1].map((facet) => chosenOf(segment, wanted, facet))
      this.#facetSets.set(wanted, chosen)
    }
    const from = window * WINDOW
    const to = Math.min(segment.docs, from + WINDOW)
    let met: Uint32Array | 'none' = 'none'
    for (const [facet, column] of [segment.sourceFacets, segment.deedFacets].entries()) {
      const own = chosen[facet]!
      // Mostly the wanted ones are of the one kind or the other: then one column is gone through.
      if (own === null) continue
      if (met === 'none') met = new Uint32Array(WORDS)
      setWhere(own, column.slice(from, to), met)
    }
    return met
  }
}

/** Returns a flag for each facet: 1 if it is of this kind and wanted; null if no facet is. */
function chosenOf(
  segment: Segment,
  wanted: Extract<Candidates, { kind: 'facets' }>,
  facet: number,
): Uint8Array | null {
  if (wanted.facet !== null && wanted.facet !== facet) return null
  const chosen = Uint8Array.from(segment.facets, (one) => (one.facet === facet && wanted.has(one) ? 1 : 0))
  return chosen.includes(1) ? chosen : null
}

/** Sets the bit of each number that is chosen. */
function setWhere(chosen: Uint8Array, numbers: ArrayLike<number>, bits: Uint32Array): void {
  for (let from = 0; from < numbers.length; from += 32) {
    const to = Math.min(numbers.length, from + 32)
    let word = 0
    for (let i = from; i < to; i++) word |= chosen[numbers[i]!]! << (i & 31)
    bits[from >>> 5] = bits[from >>> 5]! | word
  }
}

/** A window's set; a typed array of bits that stays this thread's own. */
function filled(fill: (bits: Uint32Array) => void): Uint32Array {
  const bits = new Uint32Array(WORDS)
  fill(bits)
  return bits
}
