import type { AuditEvent } from '../../../../../schema/index.ts'
import type { Split } from '../../../aggregate.ts'
import { AGGREGATE_LIMITS } from '../../../aggregate.ts'
import type { Budget } from '../../../aggregate-bounds.ts'
import { axisOf, keysBetween, type Slot, type TimeSplit } from '../../../calendar.ts'
import { type CountableField, countableField, type FieldValue, wantedBy } from '../../../field-values.ts'
import { type Facet, isHeld, type TextBook, wayTo } from '../../index/index.ts'
import { isIn } from './bits.ts'
import { eachBit, type Hits } from './hits.ts'
import { ValueNumbers } from './numbering.ts'

/** The codes that one split gives to the documents of a segment. A code represents buckets, by their number in the whole question. */
export interface Reading {
  /** Returns the codes of the documents from `from` up to but without `to`; codes of documents that are no hit are arbitrary. */
  codes(from: number, to: number): ArrayLike<number>
  /** The bound of the codes; null if there are as many as values: a code is then a bucket's number plus 1, or 0 for none. */
  readonly size: number | null
  buckets(code: number): readonly number[]
  /** The code of documents that time was too short for: nothing is known of them. */
  readonly unread?: number
}

/** No document has a value. */
const NOTHING: Reading = {
  size: 1,
  codes: (from, to) => new Uint8Array(to - from),
  buckets: () => [],
}

const NONE: readonly number[] = []

/** One split of a question, over all segments. */
export class Dimension {
  readonly split: Split
  readonly numbers: ValueNumbers
  /** All hits were counted: no further values come. */
  complete = false
  readonly #budget: Budget
  readonly #readings = new Map<Hits, Reading>()
  /** The buckets of values that were met in other segments. */
  readonly #ofFacet = new Map<Facet, readonly number[]>()
  readonly #ofTexts = new Map<TextBook, (readonly number[])[]>()
  readonly #field: CountableField | null
  readonly #wanted: ((value: FieldValue) => boolean) | null
  readonly #axis: ((time: number) => Slot) | null

  constructor(split: Split, budget: Budget) {
    this.split = split
    this.#budget = budget
    this.#field = split.kind === 'values' ? countableField(split.field) : null
    this.#wanted = split.kind === 'values' ? wantedBy(split, countableField(split.field).kind) : null
    this.#axis = split.kind === 'values' ? null : axisOf(split)
    this.numbers = new ValueNumbers(this.#field?.kind ?? 'number')
  }

  /** Whether its values are in the events alone, so that each event must be read. */
  get isReadFromEvents(): boolean {
    if (this.#field === null) return false
    const way = wayTo(this.#field.name)
    return way?.kind !== 'facet' && !isHeld(way)
  }

  /** The field whose texts the segment holds; null if it is something else. */
  heldTextsIn({ segment }: Hits): string | null {
    return this.#field?.kind === 'text' && isHeld(segment.ways.of(this.#field.name)) ? this.#field.name : null
  }

  in(hits: Hits): Reading {
    let reading = this.#readings.get(hits)
    if (reading === undefined) {
      reading = this.#readingOf(hits)
      this.#readings.set(hits, reading)
    }
    return reading
  }

  #readingOf(hits: Hits): Reading {
    const field = this.#field
    if (field === null) return this.#times(hits, this.#axis!)
    const way = hits.segment.ways.of(field.name)
    if (way?.kind === 'facet') return this.#facets(hits, field, way.facet)
    return isHeld(way) ? this.#held(hits, field) : this.#events(hits, field)
  }

  /** The numbers of a list of values, and whether all could be held. */
  numbersOf(values: readonly FieldValue[]): readonly number[] {
    const numbers: number[] = []
    for (const value of values) {
      if (this.#wanted?.(value) === false) continue
      const number = this.numbers.of(value)
      if (number === -1) this.#budget.tooManyValues = true
      else numbers.push(number)
    }
    return numbers
  }

  /** An event with a facet has its values. */
  #facets(hits: Hits, field: CountableField, facet: number): Reading {
    const { facets, sourceFacets, deedFacets } = hits.rows
    const column = facet === 0 ? sourceFacets : deedFacets
    return {
      size: facets.length,
      codes: (from, to) => column.slice(from, to),
      buckets: (code) => {
        const one = facets[code]!
        let numbers = this.#ofFacet.get(one)
        if (numbers === undefined) {
          numbers = this.numbersOf(field.valuesIn(one.event))
          this.#ofFacet.set(one, numbers)
        }
        return numbers
      },
    }
  }

  #held(hits: Hits, field: CountableField): Reading {
    const reader = hits.segment.held(field.name)
    if (reader === undefined) return NOTHING
    if (reader.kind === 'texts') {
      const { ordinals, texts } = reader
      const { book, ids } = hits.segment.textsOf(field.name, texts)
      let known = this.#ofTexts.get(book)
      if (known === undefined) {
        known = []
        this.#ofTexts.set(book, known)
      }
      const numbersOf = known
      return {
        size: texts.count + 1,
        codes: (from, to) => ordinals.slice(from, to),
        buckets: (code) => {
          if (code === 0) return NONE
          const id = ids[code - 1]!
          numbersOf[id] ??= this.numbersOf(field.valuesIn(book.event(id)))
          return numbersOf[id]
        },
      }
    }
    const { values, present } = reader
    return {
      size: null,
      buckets: (code) => (code === 0 ? [] : [code - 1]),
      codes: (from, to) => {
        const own = values.slice(from, to)
        const codes = new Uint32Array(to - from)
        for (let i = 0; i < own.length; i++) {
          if (!isIn(hits.bits, from + i) || !isIn(present, from + i)) continue
          codes[i] = this.#numberOf(own[i]!) + 1
        }
        return codes
      },
    }
  }

  /** Returns a number's own number, or -1 if it is not counted. */
  #numberOf(value: number): number {
    const number = this.numbers.ofNumber(value)
    if (number !== -1 && this.#wanted?.(this.numbers.value(number)) === false) return -1
    if (number === -1) this.#budget.tooManyValues = true
    return number
  }

  /** Documents lie in the order of their times, so a bucket is a run of them. */
  #times({ rows, low, high }: Hits, axis: (time: number) => Slot): Reading {
    const ends: number[] = []
    const codes: number[] = []
    for (let doc = low; doc < high; ) {
      const { key, until } = axis(rows.times.at(doc))
      doc = rows.firstAt(until, doc, high)
      const number = this.numbers.ofNumber(key)
      if (number >= AGGREGATE_LIMITS.buckets) this.#refuseIntervals()
      ends.push(doc)
      codes.push(number)
    }
    return {
      size: this.numbers.end,
      buckets: (code) => [code],
      codes: (from, to) => {
        const all = new Uint32Array(to - from)
        let run = 0
        for (let step = ends.length; step > 0; step >>>= 1)
          while (run + step <= ends.length && ends[run + step - 1]! <= from) run += step
        for (let doc = from; doc < to; run++) {
          const end = Math.min(to, ends[run]!)
          all.fill(codes[run]!, doc - from, end - from)
          doc = end
        }
        return all
      },
    }
  }

  #refuseIntervals(): void {
    let first = Number.POSITIVE_INFINITY
    let last = Number.NEGATIVE_INFINITY
    for (let number = 0; number < this.numbers.end; number++) {
      const key = Number(this.numbers.value(number))
      first = Math.min(first, key)
      last = Math.max(last, key)
    }
    keysBetween(this.split as TimeSplit, first, last, AGGREGATE_LIMITS.buckets)
  }

  /** Reads values that only the events have. */
  #events(hits: Hits, field: CountableField): Reading {
    const { view, segment, low, high } = hits
    const lists: (readonly number[])[] = [[]]
    const codeOf = new Map<string, number>()
    const codes = new Uint32Array(high - low)
    const visit = (doc: number): boolean => {
      if (this.#budget.late) return false
      const event: AuditEvent = view.event(segment.chunks.at(doc), segment.lines.at(doc))
      const numbers = this.numbersOf(field.valuesIn(event))
      const key = numbers.join()
      let code = codeOf.get(key)
      if (code === undefined) {
        code = lists.push(numbers) - 1
        codeOf.set(key, code)
      }
      codes[doc - low] = code
      return true
    }
    if (hits.bits !== null) eachBit(hits.bits, low, high, visit)
    else for (let doc = low; doc < high && visit(doc); doc++);
    return {
      size: lists.length,
      codes: (from, to) => codes.subarray(from - low, to - low),
      buckets: (code) => lists[code]!,
      unread: 0,
    }
  }
}
