import { type AuditEvent, comparePlaces, type Place, placeOf } from '../../../../schema/index.ts'
import { AGGREGATE_LIMITS, type AggregateRequest, type NumberSums } from '../../aggregate.ts'
import { type Budget, demandBounded } from '../../aggregate-bounds.ts'
import { type FieldValue, numericField } from '../../field-values.ts'
import { type Dimension, dimensionOf } from './dimension.ts'

/** The values that are read of each event. */
export interface Question {
  readonly first: Dimension | null
  readonly second: Dimension | null
  readonly sums: ReadonlyMap<string, Dimension> | null
  readonly distinct: ReadonlyMap<string, Dimension> | null
  readonly latest: boolean
}

export function questionOf(request: AggregateRequest): Question {
  demandBounded(request)
  const [first, second] = request.by
  const fields = (names: readonly string[] | undefined): Map<string, Dimension> | null =>
    names === undefined
      ? null
      : new Map(names.map((field) => [field, dimensionOf({ kind: 'values', field, top: 1 })]))
  for (const field of request.sums ?? []) numericField(field)
  return {
    first: first === undefined ? null : dimensionOf(first),
    second: second === undefined ? null : dimensionOf(second),
    sums: fields(request.sums),
    distinct: fields(request.distinct),
    latest: request.latest === true,
  }
}

/** The place of a document. */
export interface Address {
  readonly index: string
  readonly id: string
}

/** The figures of the whole, or of one bucket of the first split. */
export class Cell {
  count = 0
  /** The number of events that only the cluster can identify. */
  unseen = 0
  readonly sums = new Map<string, Sums>()
  readonly distinct = new Map<string, Set<FieldValue>>()
  latest: { readonly place: Place; readonly at: Address } | null = null
  /** Counts by the second split. */
  readonly inner = new Map<FieldValue, number>()
  innerNone = 0

  sumsOf(field: string): Sums {
    let sums = this.sums.get(field)
    if (sums === undefined) {
      sums = new Sums()
      this.sums.set(field, sums)
    }
    return sums
  }

  /** Keeps the last event. */
  met(place: Place, at: Address): void {
    if (this.latest === null || comparePlaces(this.latest.place, place) < 0) this.latest = { place, at }
  }
}

export class Sums {
  #values = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY

  add(values: number, sum: number, min: number, max: number): void {
    this.#values += values
    this.#sum += sum
    this.#min = Math.min(this.#min, min)
    this.#max = Math.max(this.#max, max)
  }

  get numbers(): NumberSums {
    const values = this.#values
    const sum = this.#sum
    if (values === 0) return { values, sum, min: null, max: null, avg: null }
    return { values, sum, min: this.#min, max: this.#max, avg: sum / values }
  }
}

/** Combines the cluster's counts and those of checked events. Holds only this many values. */
export class Tally {
  readonly whole = new Cell()
  readonly buckets = new Map<FieldValue, Cell>()
  none = 0
  readonly #question: Question
  readonly #budget: Budget
  #held = 0

  constructor(question: Question, budget: Budget) {
    this.#question = question
    this.#budget = budget
  }

  /** Returns the bucket of this key; undefined if there are too many. */
  bucket(key: FieldValue): Cell | undefined {
    const known = this.buckets.get(key)
    if (known !== undefined || !this.#hold()) return known
    const made = new Cell()
    this.buckets.set(key, made)
    return made
  }

  countInner(cell: Cell, key: FieldValue, count: number): void {
    const before = cell.inner.get(key)
    if (before === undefined && !this.#hold()) return
    cell.inner.set(key, (before ?? 0) + count)
  }

  addDistinct(cell: Cell, field: string, value: FieldValue): void {
    let values = cell.distinct.get(field)
    if (values === undefined) {
      values = new Set()
      cell.distinct.set(field, values)
    }
    if (!values.has(value) && this.#hold()) values.add(value)
  }

  /** Counts an event that was looked at. */
  add(event: AuditEvent, at: Address): void {
    const { first } = this.#question
    this.#addTo(this.whole, event, at)
    if (first === null) return
    const keys = first.keysOf(event)
    if (keys.length === 0) this.none++
    for (const key of keys) {
      const cell = this.bucket(key)
      if (cell === undefined) continue
      this.#addTo(cell, event, at)
      this.#addInner(cell, event)
    }
  }

  #addTo(cell: Cell, event: AuditEvent, at: Address): void {
    const { sums, distinct, latest } = this.#question
    cell.count++
    for (const [field, dimension] of sums ?? [])
      for (const value of dimension.keysOf(event)) {
        const number = Number(value)
        cell.sumsOf(field).add(1, number, number, number)
      }
    for (const [field, dimension] of distinct ?? [])
      for (const value of dimension.keysOf(event)) this.addDistinct(cell, field, value)
    if (latest) cell.met(placeOf(event), at)
  }

  #addInner(cell: Cell, event: AuditEvent): void {
    const keys = this.#question.second?.keysOf(event)
    if (keys === undefined) return
    if (keys.length === 0) cell.innerNone++
    for (const key of keys) this.countInner(cell, key, 1)
  }

  /** Whether there is room for one more value. */
  #hold(): boolean {
    if (this.#held >= AGGREGATE_LIMITS.texts) this.#budget.tooManyValues = true
    else this.#held++
    return !this.#budget.tooManyValues
  }
}
