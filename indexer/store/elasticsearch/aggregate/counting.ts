import type { estypes } from '@elastic/elasticsearch'
import type { Place } from '../../../../schema/index.ts'
import type { Budget } from '../../aggregate-bounds.ts'
import type { FieldValue } from '../../field-values.ts'
import { allOf, type Dsl, exactly } from '../asked.ts'
import { sortBy } from '../search.ts'
import { countsOf, type Shown, shownOf } from './answer.ts'
import type { Dimension } from './dimension.ts'
import type { Ranked, Row, Snapshot, Stats } from './snapshot.ts'
import { type Cell, type Question, Tally } from './tally.ts'

/** The number of rows, each with an event, in one request. */
const RANKED_AT_A_TIME = 500

const LATEST: estypes.AggregationsAggregationContainer = {
  top_hits: { size: 1, _source: false, sort: sortBy('newest') },
}

const both = (one: Dsl, other: Dsl): Dsl => allOf([exactly(one), exactly(other)]).may

/** Lets the cluster count the events that surely match, with one table for each requested thing. */
export class ClusterCount {
  readonly tally: Tally
  readonly #snapshot: Snapshot
  readonly #question: Question
  readonly #query: Dsl

  constructor(snapshot: Snapshot, question: Question, budget: Budget, query: Dsl) {
    this.tally = new Tally(question, budget)
    this.#snapshot = snapshot
    this.#question = question
    this.#query = query
  }

  async whole(): Promise<void> {
    const { distinct, latest } = this.#question
    const { whole } = this.tally
    const { count, metrics } = await this.#snapshot.count(this.#query, {
      ...this.#sums,
      ...(latest && { latest: LATEST }),
    })
    whole.count += count
    whole.unseen += count
    this.#addSums(whole, metrics)
    meet(whole, metrics.latest?.hits.hits[0])
    for (const [field, dimension] of distinct ?? []) {
      for await (const { key } of this.#snapshot.rows(this.#query, { value: dimension.source })) {
        const value = dimension.read(key.value ?? null)
        if (value !== null) this.tally.addDistinct(whole, field, value)
      }
    }
  }

  /** The buckets of the first split. */
  async buckets(): Promise<void> {
    const { first } = this.#question
    if (first === null) return
    const query = first.beginning === null ? this.#query : both(this.#query, first.beginning)
    for await (const row of this.#snapshot.rows(query, { first: first.source }, this.#sums)) {
      const key = first.read(row.key.first ?? null)
      if (key === null) {
        if (!first.some) this.tally.none += row.doc_count
        continue
      }
      const cell = this.tally.bucket(key)
      if (cell === undefined) continue
      cell.count += row.doc_count
      cell.unseen += row.doc_count
      this.#addSums(cell, row)
    }
    if (!first.some) return
    const having = both(this.#query, first.beginning ?? first.among([...this.tally.buckets.keys()]))
    this.tally.none += this.tally.whole.unseen - (await this.#snapshot.count(having)).count
  }

  /** Counts within the shown buckets of the first split. */
  async withinBuckets(): Promise<Shown | null> {
    const { first, second, distinct, latest } = this.#question
    if (first === null) return null
    const { tally } = this
    const shown = shownOf(first, countsOf(tally))
    const all = shown.keys.length === tally.buckets.size
    const query =
      all || first.split.kind !== 'values' ? this.#query : both(this.#query, first.among(shown.keys))
    const cells = new Map(
      shown.keys.flatMap((key) => {
        const cell = tally.buckets.get(key)
        return cell === undefined ? [] : [[key, cell] as const]
      }),
    )
    const cellOf = ({ key }: Row): Cell | undefined => {
      const read = first.read(key.first ?? null)
      return read === null ? undefined : cells.get(read)
    }
    if (second !== null) await this.#inner(query, first, second, cellOf)
    for (const [field, dimension] of distinct ?? []) {
      const sources = { first: first.source, value: dimension.source }
      for await (const row of this.#snapshot.rows(query, sources)) {
        const cell = cellOf(row)
        const value = dimension.read(row.key.value ?? null)
        if (cell !== undefined && value !== null) tally.addDistinct(cell, field, value)
      }
    }
    if (latest) {
      const rows = this.#snapshot.rows(query, { first: first.source }, { latest: LATEST }, RANKED_AT_A_TIME)
      for await (const row of rows) {
        const cell = cellOf(row)
        if (cell !== undefined) meet(cell, row.latest?.hits.hits[0])
      }
    }
    return shown
  }

  /** Counts by both splits. */
  async #inner(
    query: Dsl,
    first: Dimension,
    second: Dimension,
    cellOf: (row: Row) => Cell | undefined,
  ): Promise<void> {
    const beginning = second.beginning === null ? query : both(query, second.beginning)
    const values = new Set<FieldValue>()
    for await (const row of this.#snapshot.rows(beginning, { first: first.source, second: second.source })) {
      const cell = cellOf(row)
      if (cell === undefined) continue
      const key = second.read(row.key.second ?? null)
      if (key !== null) {
        this.tally.countInner(cell, key, row.doc_count)
        values.add(key)
      } else if (!second.some) cell.innerNone += row.doc_count
    }
    if (!second.some) return
    // An event with several values has some with the beginning and some without: those with any are counted once more.
    for (const cell of this.tally.buckets.values()) cell.innerNone += cell.unseen
    const having = both(query, second.beginning ?? second.among([...values]))
    for await (const row of this.#snapshot.rows(having, { first: first.source })) {
      const cell = cellOf(row)
      if (cell !== undefined) cell.innerNone -= row.doc_count
    }
  }

  get #sums(): Record<string, estypes.AggregationsAggregationContainer> {
    const fields = [...(this.#question.sums?.keys() ?? [])]
    return Object.fromEntries(fields.map((field, i) => [`sums${i}`, { stats: { field } }]))
  }

  #addSums(cell: Cell, metrics: { readonly [sums: `sums${number}`]: Stats | undefined }): void {
    for (const [i, field] of [...(this.#question.sums?.keys() ?? [])].entries()) {
      const stats = metrics[`sums${i}`]
      if (stats !== undefined && stats.min !== null && stats.max !== null)
        cell.sumsOf(field).add(stats.count, stats.sum, stats.min, stats.max)
    }
  }
}

function meet(cell: Cell, hit: Ranked | undefined): void {
  const place = placeIn(hit?.sort)
  if (hit !== undefined && place !== null) cell.met(place, { index: hit._index, id: hit._id })
}

/** The values that `sortBy` sorts by. */
function placeIn(sort: readonly unknown[] | undefined): Place | null {
  const [timestamp, agent, sequence, id] = sort ?? []
  return typeof timestamp === 'number' &&
    typeof agent === 'string' &&
    typeof sequence === 'number' &&
    typeof id === 'string'
    ? { timestamp, agent, sequence, id }
    : null
}
