import type { Budget } from '../../../aggregate-bounds.ts'
import { type Counts, DenseCounts, SparseCounts } from './counts.ts'
import { type Hits, placesIn, stretches } from './hits.ts'
import { NumberTable } from './numbering.ts'
import type { Dimension, Reading } from './reading.ts'

/** The number of documents in each bucket of a dimension, and of those in none. */
export interface Tally {
  readonly counts: Counts
  readonly none: number
}

/** Visits each hit with its code. */
function eachCode(
  hits: Hits,
  reading: Reading,
  budget: Budget,
  visit: (code: number, doc: number) => void,
): void {
  for (const [from, to] of stretches(hits)) {
    if (budget.late) return
    const codes = reading.codes(from, to)
    const places = placesIn(hits, from, to)
    for (let i = 0; i < places.length; i++) visit(codes[places[i]!]!, from + places[i]!)
  }
}

/** Counts the hits of each code. Most questions need this, so it calls no function for each document. */
function localCounts(hits: Hits, reading: Reading, size: number, budget: Budget): Uint32Array {
  const local = new Uint32Array(size)
  for (const [from, to] of stretches(hits)) {
    if (budget.late) break
    const codes = reading.codes(from, to)
    const places = placesIn(hits, from, to)
    const { weights } = hits
    for (let i = 0; i < places.length; i++) {
      const code = codes[places[i]!]!
      local[code] = local[code]! + (weights === null ? 1 : weights[from + places[i]!]!)
    }
  }
  return local
}

/** The average number of documents that a tally must save for each text. */
const WORTH = 8

/** Counts the hits of each code. A count of all documents of a segment was mostly made before and is reused. */
function countsOf(hits: Hits, dimension: Dimension, size: number, budget: Budget): Uint32Array {
  const { view, id, rows, weights, low, high, bits } = hits
  const field = dimension.heldTextsIn(hits)
  const reading = dimension.in(hits)
  const isWhole = weights === null && bits === null && low === 0 && high === rows.docs
  if (field === null || !isWhole || size * WORTH > rows.docs) return localCounts(hits, reading, size, budget)
  const known = view.tally(id, field)
  if (known !== undefined) return known
  const made = localCounts(hits, reading, size, budget)
  if (!budget.wasLate) view.keepTally(id, field, made)
  return made
}

export function tallyOf(all: readonly Hits[], dimension: Dimension, budget: Budget): Tally {
  const counts = new DenseCounts()
  let none = 0
  for (const hits of all) {
    const reading = dimension.in(hits)
    const { size, unread } = reading
    if (size === null) {
      eachCode(hits, reading, budget, (code) => {
        if (code === 0) none++
        else counts.add(code - 1, 1)
      })
      continue
    }
    const local = countsOf(hits, dimension, size, budget)
    for (let code = 0; code < size; code++) {
      const count = local[code]!
      if (count === 0 || code === unread) continue
      const numbers = reading.buckets(code)
      if (numbers.length === 0) none += count
      for (const number of numbers) counts.add(number, count)
    }
  }
  dimension.complete = !budget.wasLate && !budget.tooManyValues
  return { counts, none }
}

/** The chosen buckets of a dimension, each with its rank. */
export class Ranking {
  readonly chosen: readonly number[]
  readonly #dimension: Dimension
  readonly #rankOf: Int32Array
  readonly #several: (readonly number[])[] = []

  constructor(dimension: Dimension, chosen: readonly number[]) {
    this.#dimension = dimension
    this.chosen = chosen
    this.#rankOf = new Int32Array(dimension.numbers.end).fill(NO_RANK)
    for (const [rank, number] of chosen.entries()) this.#rankOf[number] = rank
  }

  /** The ranks of a document that has several. */
  several(rank: number): readonly number[] {
    return this.#several[-2 - rank]!
  }

  /**
   * Visits the ranks of the hits of a stretch. Places count from the first document of the stretch. A rank is from 0 if a document has one,
   * `NO_RANK` if it has none, and below `NO_RANK` if it has several.
   */
  eachStretch(
    hits: Hits,
    budget: Budget,
    visit: (from: number, to: number, places: Uint32Array, ranks: Int32Array) => void,
  ): void {
    const reading = this.#dimension.in(hits)
    const { size } = reading
    const known = new Int32Array(size ?? 0).fill(UNKNOWN)
    for (const [from, to] of stretches(hits)) {
      if (budget.late) return
      const codes = reading.codes(from, to)
      const places = placesIn(hits, from, to)
      const ranks = new Int32Array(places.length)
      for (let i = 0; i < ranks.length; i++) {
        const code = codes[places[i]!]!
        let rank = size === null ? (code === 0 ? NO_RANK : (this.#rankOf[code - 1] ?? NO_RANK)) : known[code]!
        if (rank === UNKNOWN) {
          rank = this.#look(reading, code)
          known[code] = rank
        }
        ranks[i] = rank
      }
      visit(from, to, places, ranks)
    }
  }

  /** Visits each hit with each of its ranks. */
  each(hits: Hits, budget: Budget, visit: (rank: number, doc: number) => void): void {
    this.eachStretch(hits, budget, (from, _, places, ranks) => {
      for (let i = 0; i < ranks.length; i++) {
        const rank = ranks[i]!
        const doc = from + places[i]!
        if (rank >= 0) visit(rank, doc)
        else if (rank !== NO_RANK) for (const one of this.several(rank)) visit(one, doc)
      }
    })
  }

  #look(reading: Reading, code: number): number {
    const ranks = reading.buckets(code).map((number) => this.#rankOf[number] ?? NO_RANK)
    const chosen = ranks.filter((rank) => rank >= 0)
    if (chosen.length < 2) return chosen[0] ?? NO_RANK
    return -1 - this.#several.push(chosen)
  }
}

const NO_RANK = -1
const UNKNOWN = 0x7fffffff

/** The number of documents of each rank in each bucket of a second dimension, and of those in none. */
export interface Cross {
  readonly none: Float64Array
  /** Counts by rank. */
  readonly counts: readonly Counts[]
}

/** The most cells of a table by rank and code. */
const MOST_CELLS = 1 << 22
const MOST_PAIRS = 4_000_000
const RANKS = 2 ** 32

export function crossOf(all: readonly Hits[], ranking: Ranking, dimension: Dimension, budget: Budget): Cross {
  const ranks = ranking.chosen.length
  const none = new Float64Array(ranks)
  const counts = Array.from({ length: ranks }, () => new SparseCounts())
  let held = 0
  const put = (rank: number, number: number, count: number): void => {
    const own = counts[rank]!
    if (!own.has(number) && held++ >= MOST_PAIRS) budget.tooManyValues = true
    else own.add(number, count)
  }
  // One table for all segments, put back to nothing as it is read: each has only some of the ranks.
  let cells = new Uint32Array(0)
  const isMet = new Uint8Array(ranks)
  for (const hits of all) {
    const reading = dimension.in(hits)
    const { size, unread } = reading
    const fold = (rank: number, code: number, count: number): void => {
      if (code === unread) return
      if (size === null) {
        if (code === 0) none[rank] = none[rank]! + count
        else put(rank, code - 1, count)
        return
      }
      const numbers = reading.buckets(code)
      if (numbers.length === 0) none[rank] = none[rank]! + count
      for (const number of numbers) put(rank, number, count)
    }
    const codeAt = codesBehind(reading, hits)
    const { weights } = hits
    const width = size ?? (dimension.complete ? dimension.numbers.end + 1 : MOST_CELLS + 1)
    if (width * ranks <= MOST_CELLS) {
      if (cells.length < width * ranks) cells = new Uint32Array(width * ranks)
      ranking.eachStretch(hits, budget, (from, to, places, ranksOf) => {
        const codes = reading.codes(from, to)
        for (let i = 0; i < ranksOf.length; i++) {
          const rank = ranksOf[i]!
          const code = codes[places[i]!]!
          const count = weights === null ? 1 : weights[from + places[i]!]!
          if (rank < 0) {
            if (rank === NO_RANK) continue
            for (const one of ranking.several(rank)) {
              const cell = one * width + code
              cells[cell] = cells[cell]! + count
              isMet[one] = 1
            }
            continue
          }
          const cell = rank * width + code
          cells[cell] = cells[cell]! + count
          isMet[rank] = 1
        }
      })
      for (let rank = 0; rank < ranks; rank++) {
        if (isMet[rank] === 0) continue
        isMet[rank] = 0
        for (let code = 0, cell = rank * width; code < width; code++, cell++) {
          const count = cells[cell]!
          if (count === 0) continue
          cells[cell] = 0
          fold(rank, code, count)
        }
      }
      continue
    }
    const pairs = new NumberTable()
    let times = new Uint32Array(1024)
    ranking.each(hits, budget, (rank, doc) => {
      const pair = pairs.indexOf(codeAt(doc) * RANKS + rank, MOST_PAIRS)
      if (pair === -1) {
        budget.tooManyValues = true
        return
      }
      if (pair === times.length) {
        const longer = new Uint32Array(times.length * 2)
        longer.set(times)
        times = longer
      }
      times[pair] = times[pair]! + (weights === null ? 1 : weights[doc]!)
    })
    for (let pair = 0; pair < pairs.count; pair++) {
      const key = pairs.key(pair)
      fold(key % RANKS, Math.floor(key / RANKS), times[pair]!)
    }
  }
  return { none, counts }
}

/** The code of a document; the documents are asked for in their order. */
function codesBehind(reading: Reading, { low, high }: Hits): (doc: number) => number {
  const STRETCH = 65_536
  let from = low
  let to = low
  let codes: ArrayLike<number> = []
  return (doc) => {
    if (doc >= to) {
      from = doc
      to = Math.min(high, doc + STRETCH)
      codes = reading.codes(from, to)
    }
    return codes[doc - from]!
  }
}
