import { isDeepStrictEqual } from 'node:util'
import { valueAt } from '../../../../../schema/index.ts'
import { BY_INDEXER, matches, type Query } from '../../../../query/index.ts'
import type { Facet, Segment } from '../../index/index.ts'
import { NumberTable } from './numbering.ts'

export const HOUR = 3_600_000

/**
 * Fields of the facets that a roll-up keeps apart: those that are counted by most, of few values. With all the others (which fields were
 * changed, by which client, on which host) a segment would have about as many groups as documents.
 */
const FIELDS = [
  'event.module',
  'audit.category',
  'event.category',
  'event.type',
  'event.action',
  'event.outcome',
  'event.code',
  'audit.entity.type',
  'audit.component',
  'audit.status',
  'audit.risk',
  'audit.variant',
  'audit.channel',
]
const KEPT: ReadonlySet<string> = new Set(FIELDS)

export const isKept = (field: string): boolean => KEPT.has(field)

/** Whether all documents of a group fit a query, or none of them does. */
export function isDecidedByGroup(query: Query): boolean {
  switch (query.kind) {
    case 'all':
    case 'none':
      return true
    case 'not':
      return isDecidedByGroup(query.of)
    case 'and':
    case 'or':
      return query.of.every(isDecidedByGroup)
    case 'words':
    case 'change':
      return false
    default:
      return isKept(query.field) || isDeepStrictEqual(query, BY_INDEXER)
  }
}

/** The same facets come again in each segment. */
const keys = new WeakMap<Facet, string>()

function keyOf(facet: Facet): string {
  let key = keys.get(facet)
  if (key === undefined) {
    const values = FIELDS.map((field) => valueAt(facet.event, field) ?? null)
    key = JSON.stringify([facet.facet, matches(BY_INDEXER, facet.event), values])
    keys.set(facet, key)
  }
  return key
}

/** Returns, for each facet, the first one that such queries cannot distinguish from it. */
function alike(facets: readonly Facet[]): Uint32Array {
  const known = new Map<string, number>()
  return Uint32Array.from(facets, (facet, i) => {
    const key = keyOf(facet)
    const first = known.get(key) ?? i
    known.set(key, first)
    return first
  })
}

/** The rows that are counted: documents, or groups of documents that a roll-up has counted before, in the order of their times. */
export interface Rows {
  readonly docs: number
  readonly facets: Segment['facets']
  readonly sourceFacets: Values
  readonly deedFacets: Values
  readonly times: Pick<Segment['times'], 'at' | 'slice'>
  /** The first row at or after a time, of those from `low` up to but without `high`. */
  firstAt(time: number, low?: number, high?: number): number
}

interface Values {
  slice(from: number, to: number): ArrayLike<number>
}

/** Groups of documents whose facets are alike, and maybe the hour. The time of a group is the start of its hour. */
export class Groups implements Rows {
  readonly docs: number
  readonly facets: Segment['facets']
  readonly sourceFacets: Uint16Array | Uint32Array
  readonly deedFacets: Uint16Array | Uint32Array
  /** The number of documents in each. */
  readonly counts: Uint32Array
  /** The hours that have any, as the time of their start, and where the groups of each end. */
  readonly hours: Float64Array
  readonly #ends: Uint32Array
  readonly times: Rows['times']

  constructor(
    { facets }: Segment,
    rows: { sources: number[]; actions: number[]; counts: number[] },
    hours: { starts: number[]; ends: number[] },
  ) {
    const Numbers = facets.length <= 0x10000 ? Uint16Array : Uint32Array
    this.docs = rows.counts.length
    this.facets = facets
    this.sourceFacets = Numbers.from(rows.sources)
    this.deedFacets = Numbers.from(rows.actions)
    this.counts = Uint32Array.from(rows.counts)
    this.hours = Float64Array.from(hours.starts)
    this.#ends = Uint32Array.from(hours.ends)
    const at = (row: number): number => this.hours[this.#hourOf(row)]!
    this.times = { at, slice: (from, to) => Float64Array.from({ length: to - from }, (_, i) => at(from + i)) }
  }

  get bytes(): number {
    const { sourceFacets, deedFacets, counts, hours } = this
    return sourceFacets.byteLength + deedFacets.byteLength + counts.byteLength + hours.length * 12
  }

  firstAt(time: number, low = 0, high = this.docs): number {
    const hour = firstThat(this.hours.length, (i) => this.hours[i]! >= time)
    return Math.min(high, Math.max(low, hour === 0 ? 0 : this.#ends[hour - 1]!))
  }

  #hourOf(row: number): number {
    return firstThat(this.#ends.length, (i) => this.#ends[i]! > row)
  }
}

/** Returns the first of `count` numbers for which `has` holds; it must hold for all later numbers, too. */
function firstThat(count: number, has: (i: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (has(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** A segment's documents, counted by hour and by the fields of facets that are kept. */
export interface RollUp {
  readonly byHour: Groups
  /** The groups of all hours together. */
  readonly total: Groups
}

/** The average number of documents that a group must save. */
const WORTH = 4
const STRETCH = 65_536

/**
 * Counts a segment by hour and facets; null if there would be too many groups to be worth it. A document takes about four times as long
 * as in a count that is split by a field.
 */
export function rolledUp(segment: Segment): RollUp | null {
  const { docs, facets, ways } = segment
  // A segment that was written with other fields in its facets can't keep these apart.
  if ([...FIELDS, 'audit.seal.agent'].some((field) => ways.of(field)?.kind !== 'facet')) return null
  const most = docs / WORTH
  const first = alike(facets)
  const pairs = new NumberTable()
  const [hourly, total] = [new Counts(pairs, facets.length), new Counts(pairs, facets.length)]
  const starts: number[] = []
  const ends: number[] = []
  let until = Number.NEGATIVE_INFINITY
  for (let from = 0; from < docs; from += STRETCH) {
    const to = Math.min(docs, from + STRETCH)
    const times = segment.times.slice(from, to)
    const sources = segment.sourceFacets.slice(from, to)
    const actions = segment.deedFacets.slice(from, to)
    for (let i = 0; i < times.length; i++) {
      if (times[i]! >= until) {
        if (starts.length > 0) ends.push(hourly.finish())
        if (hourly.groups > most) return null
        const start = Math.floor(times[i]! / HOUR) * HOUR
        starts.push(start)
        until = start + HOUR
      }
      const pair = pairs.indexOf(first[sources[i]!]! * facets.length + first[actions[i]!]!, most)
      if (pair === -1) return null
      hourly.add(pair, 1)
    }
  }
  ends.push(hourly.finish())
  if (hourly.groups > most) return null
  for (const [row, pair] of hourly.pairsOf.entries()) total.add(pair, hourly.counts[row]!)
  const end = total.finish()
  return {
    byHour: new Groups(segment, hourly.rows, { starts, ends }),
    total: new Groups(segment, total.rows, { starts: [0], ends: [end] }),
  }
}

/** Counts of pairs of facets, hour after hour. */
class Counts {
  readonly #pairs: NumberTable
  readonly #facets: number
  #now = new Uint32Array(1024)
  #met: number[] = []
  readonly pairsOf: number[] = []
  readonly counts: number[] = []

  constructor(pairs: NumberTable, facets: number) {
    this.#pairs = pairs
    this.#facets = facets
  }

  get groups(): number {
    return this.counts.length
  }

  add(pair: number, count: number): void {
    if (pair >= this.#now.length) {
      const wider = new Uint32Array(pair * 2)
      wider.set(this.#now)
      this.#now = wider
    }
    const before = this.#now[pair]!
    if (before === 0) this.#met.push(pair)
    this.#now[pair] = before + count
  }

  /** Ends an hour; how many groups there are now. */
  finish(): number {
    for (const pair of this.#met) {
      this.pairsOf.push(pair)
      this.counts.push(this.#now[pair]!)
      this.#now[pair] = 0
    }
    this.#met = []
    return this.counts.length
  }

  get rows(): { sources: number[]; actions: number[]; counts: number[] } {
    const keys = this.pairsOf.map((pair) => this.#pairs.key(pair))
    return {
      sources: keys.map((key) => Math.floor(key / this.#facets)),
      actions: keys.map((key) => key % this.#facets),
      counts: this.counts,
    }
  }
}
