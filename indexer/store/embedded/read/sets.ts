import { type Facet, type Postings, type Segment, WINDOW } from '../index/index.ts'
import type { Candidates } from './candidates.ts'

const WORDS = WINDOW / 32

/** The candidates of one segment, window by window. */
export class CandidateSets {
  readonly #segment: Segment
  readonly #postings = new Map<number, Postings | null>()
  readonly #ranges = new Map<Candidates, Postings[]>()
  readonly #facetSets = new Map<Candidates, Uint8Array>()

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

  #withFacets(wanted: Extract<Candidates, { kind: 'facets' }>, window: number): Uint32Array | 'all' | 'none' {
    const segment = this.#segment
    let set = this.#facetSets.get(wanted)
    if (set === undefined) {
      const fits = (facet: Facet): boolean =>
        (wanted.facet === null || facet.facet === wanted.facet) && wanted.has(facet)
      set = Uint8Array.from(segment.facets, (facet) => (fits(facet) ? 1 : 0))
      this.#facetSets.set(wanted, set)
    }
    if (!set.includes(1)) return 'none'
    const chosen = set
    const from = window * WINDOW
    const to = Math.min(segment.docs, from + WINDOW)
    return filled((bits) => {
      for (const [facet, column] of [segment.sourceFacets, segment.deedFacets].entries()) {
        if (wanted.facet !== null && wanted.facet !== facet) continue
        const numbers = column.slice(from, to)
        for (let i = 0; i < numbers.length; i++) {
          if (chosen[numbers[i]!] === 1) bits[i >>> 5] = bits[i >>> 5]! | (1 << (i & 31))
        }
      }
    })
  }
}

/** A window's set; a typed array of bits that stays this thread's own. */
function filled(fill: (bits: Uint32Array) => void): Uint32Array {
  const bits = new Uint32Array(WORDS)
  fill(bits)
  return bits
}
