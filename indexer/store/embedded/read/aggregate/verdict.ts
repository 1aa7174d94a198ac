import { type FieldType, fieldOf } from '../../../../../schema/index.ts'
import {
  addressKeyOf,
  type FieldQuery,
  matches,
  type Query,
  scalarCondition,
} from '../../../../query/index.ts'
import {
  type Facet,
  isHeld,
  OVERFLOW_SEED,
  type Segment,
  type TextBook,
  valueKey,
  WINDOW,
  WORDY_SEED,
  wordKey,
} from '../../index/index.ts'
import { candidatesOf } from '../candidates.ts'
import { CandidateSets } from '../sets.ts'
import { type Bits, bitsOfChosen, bitsThat, both, complement, either, isIn } from './bits.ts'
import type { Rows } from './roll-up.ts'

/**
 * The index's answer to a query: the documents that match for certain, and those that only the event itself can decide. No document is in
 * both.
 */
export interface Verdict {
  readonly yes: Bits
  readonly maybe: Bits
}

const YES: Verdict = { yes: 'all', maybe: 'none' }
const NO: Verdict = { yes: 'none', maybe: 'none' }
const certain = (yes: Bits): Verdict => ({ yes, maybe: 'none' })

/**
 * A word that may be part of an address: those of addresses are indexed in more forms than the event has, and where no
 * search without a field looks.
 */
const LIKE_AN_ADDRESS = /^[0-9a-f]{1,4}$/

/** Texts are few if each occurs in this number of documents on average. */
const SEVERAL = 8

/** The decisions of a question on values: the same values occur in each segment. */
export class Decisions {
  readonly #onFacets = new Map<Query, Map<Facet, boolean>>()
  readonly #onTexts = new Map<Query, Map<TextBook, Uint8Array>>()
  /** Throws if nobody waits for the answer any more. */
  readonly demandWanted: () => void

  constructor(demandWanted: () => void) {
    this.demandWanted = demandWanted
  }

  /** Whether an event with this facet fits a condition on a field of it. */
  fits(query: Query, facet: Facet): boolean {
    const known = valueIn(this.#onFacets, query, () => new Map<Facet, boolean>())
    let fits = known.get(facet)
    if (fits === undefined) {
      fits = matches(query, facet.event)
      known.set(facet, fits)
    }
    return fits
  }

  /** Decisions by the numbers of a book's texts: 0 for not known yet, 1 for no, 2 for yes. */
  onTexts(query: Query, book: TextBook): Uint8Array {
    const books = valueIn(this.#onTexts, query, () => new Map<TextBook, Uint8Array>())
    let known = books.get(book)
    if (known === undefined || known.length < book.size) {
      const wider = new Uint8Array(book.size * 2)
      if (known !== undefined) wider.set(known)
      known = wider
      books.set(book, known)
    }
    return known
  }
}

function valueIn<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

/**
 * Judges the rows of one segment: its documents, or the groups of its roll-up if these decide.
 *
 * The index distinguishes words by their first three characters and 32 bits of a hash that anybody can compute. Where 100,000 words of the
 * store begin alike, the word of a question collides by chance once in 40,000 questions; an attacker finds such a pair in a second. Events
 * with the other word are then counted, too. So somebody who writes such words can make a count by a word too great, never too small.
 * Searches read each event and return none of these.
 */
export class SegmentMatcher {
  readonly #segment: Segment
  readonly #rows: Rows
  readonly #sets: CandidateSets
  readonly #decisions: Decisions

  constructor(segment: Segment, rows: Rows, decisions: Decisions) {
    this.#segment = segment
    this.#rows = rows
    this.#decisions = decisions
    this.#sets = new CandidateSets(segment)
  }

  verdict(query: Query): Verdict {
    this.#decisions.demandWanted()
    switch (query.kind) {
      case 'all':
        return YES
      case 'none':
        return NO
      case 'not': {
        const { yes, maybe } = this.verdict(query.of)
        return { yes: complement(either(yes, maybe)), maybe }
      }
      case 'and': {
        let yes: Bits = 'all'
        let possible: Bits = 'all'
        for (const part of query.of) {
          const own = this.verdict(part)
          yes = both(yes, own.yes)
          possible = both(possible, either(own.yes, own.maybe))
          if (possible === 'none') return NO
        }
        return { yes, maybe: both(possible, complement(yes)) }
      }
      case 'or': {
        let yes: Bits = 'none'
        let maybe: Bits = 'none'
        for (const part of query.of) {
          const own = this.verdict(part)
          yes = either(yes, own.yes)
          maybe = either(maybe, own.maybe)
        }
        return { yes, maybe: both(maybe, complement(yes)) }
      }
      case 'words':
        return this.#words(query)
      case 'change':
        return this.#open(query)
      default:
        return this.#field(query)
    }
  }

  /** Leaves the decision to the events. */
  #open(query: Query): Verdict {
    return { yes: 'none', maybe: this.#candidates(query) }
  }

  #candidates(query: Query): Bits {
    const candidates = candidatesOf(query, this.#segment.ways)
    if (candidates.kind === 'all' || candidates.kind === 'none') return candidates.kind
    return this.#gathered((window) => this.#sets.of(candidates, window))
  }

  /** A set that is known window by window. */
  #gathered(of: (window: number) => Bits): Bits {
    const { docs } = this.#segment
    const bits = new Uint32Array((docs + 31) >>> 5)
    for (let window = 0; window * WINDOW < docs; window++) {
      this.#decisions.demandWanted()
      const part = of(window)
      const start = (window * WINDOW) >>> 5
      const length = Math.min(bits.length - start, WINDOW >>> 5)
      if (part === 'all') bits.fill(0xffffffff, start, start + length)
      else if (part !== 'none') bits.set(part.subarray(0, length), start)
    }
    return bits
  }

  #term(key: number): Bits {
    const postings = this.#segment.lookUp(key)
    if (postings === null) return 'none'
    return this.#gathered((window) => {
      const bits = new Uint32Array(WINDOW >>> 5)
      postings.into(window, bits)
      return bits
    })
  }

  #words(query: Extract<Query, { kind: 'words' }>): Verdict {
    const [word] = query.words
    if (word === undefined) return NO
    if (query.words.length > 1 || query.prefix || LIKE_AN_ADDRESS.test(word) || !this.#segment.ways.words)
      return this.#open(query)
    const key = wordKey(word)
    const { facets } = this.#segment
    const inFacets = this.#eitherFacet(Uint8Array.from(facets, ({ words }) => (words?.has(key) ? 1 : 0)))
    const manyWords = either(
      either(this.#term(valueKey(WORDY_SEED, '')), this.#term(valueKey(OVERFLOW_SEED, ''))),
      this.#eitherFacet(Uint8Array.from(facets, ({ fewWords }) => (fewWords ? 0 : 1))),
    )
    const yes = both(either(this.#term(key), inFacets), complement(manyWords))
    return { yes, maybe: manyWords }
  }

  #eitherFacet(chosen: Uint8Array): Bits {
    if (!chosen.includes(1)) return 'none'
    const { sourceFacets, deedFacets, docs } = this.#segment
    return either(
      bitsOfChosen(sourceFacets.slice(0, docs), chosen),
      bitsOfChosen(deedFacets.slice(0, docs), chosen),
    )
  }

  #field(query: FieldQuery): Verdict {
    const field = fieldOf(query.field)
    if (field === undefined || field.unindexed === true || field.type === 'geo') return NO
    const { facets, sourceFacets, deedFacets, docs, times } = this.#rows
    if (field.name === '@timestamp') {
      const fits = scalarCondition(query, 'date')
      const all = times.slice(0, docs)
      return certain(bitsThat(docs, 'all', (doc) => fits(all[doc]!)))
    }
    const way = this.#segment.ways.of(field.name)
    if (way?.kind === 'facet') {
      const chosen = Uint8Array.from(facets, (facet) =>
        facet.facet === way.facet && this.#decisions.fits(query, facet) ? 1 : 0,
      )
      return certain(bitsOfChosen((way.facet === 0 ? sourceFacets : deedFacets).slice(0, docs), chosen))
    }
    return isHeld(way) ? this.#held(query, field) : this.#open(query)
  }

  /** A condition on a field whose values are held: decided for each different value once. */
  #held(query: FieldQuery, { name, type }: { name: string; type: FieldType }): Verdict {
    const reader = this.#segment.held(name)
    if (reader === undefined) return NO
    const { docs } = this.#segment
    if (reader.kind === 'texts') {
      const { count } = reader.texts
      const { book, ids } = this.#segment.textsOf(name, reader.texts)
      const known = this.#decisions.onTexts(query, book)
      const fits = (ordinal: number): boolean => {
        if (ordinal === 0) return false
        const id = ids[ordinal - 1]!
        if (known[id] === 0) known[id] = matches(query, book.event(id)) ? 2 : 1
        return known[id] === 2
      }
      // A few texts are decided one by one, and the column gives the documents. This is quicker than the lists of the index, which only
      // give candidates.
      if (count * SEVERAL <= docs) {
        const chosen = Uint8Array.from({ length: count + 1 }, (_, ordinal) => (fits(ordinal) ? 1 : 0))
        if (!chosen.includes(1)) return NO
        return certain(bitsOfChosen(reader.ordinals.slice(0, docs), chosen))
      }
      const candidates = this.#candidates(query)
      if (candidates === 'none') return NO
      const ordinals = reader.ordinals.slice(0, docs)
      return certain(bitsThat(docs, candidates, (doc) => fits(ordinals[doc]!)))
    }
    const candidates = this.#candidates(query)
    if (candidates === 'none') return NO
    const values = reader.values.slice(0, docs)
    const { present } = reader
    const fits = numberCondition(query, type)
    return certain(bitsThat(docs, candidates, (doc) => isIn(present, doc) && fits(values[doc]!)))
  }
}

/** A condition on numbers, or on addresses of four bytes as numbers. */
function numberCondition(query: FieldQuery, type: FieldType): (value: number) => boolean {
  if (type !== 'ip') return scalarCondition(query, type === 'float' ? 'float' : 'long')
  const fits = scalarCondition(query, 'ip')
  return (value) => fits(addressKeyOf(value))
}
