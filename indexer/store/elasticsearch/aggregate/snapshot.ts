import { errors, type estypes } from '@elastic/elasticsearch'
import type { Budget } from '../../aggregate-bounds.ts'
import type { Dsl } from '../asked.ts'
import { until } from '../client.ts'
import type { PointInTime } from '../point-in-time.ts'
import { WHOLE } from '../search.ts'
import type { Key, Source } from './dimension.ts'
import type { Address } from './tally.ts'

const ROWS_AT_A_TIME = 5000
/** The least time that a request gets, ms. */
const LEAST_TIME = 500

export interface Stats {
  readonly count: number
  readonly min: number | null
  readonly max: number | null
  readonly sum: number
}

interface Metrics {
  readonly latest?: { readonly hits: { readonly hits: readonly Ranked[] } }
  readonly [sums: `sums${number}`]: Stats | undefined
}

export interface Ranked {
  readonly _index: string
  readonly _id: string
  readonly sort?: readonly unknown[]
}

export interface Row extends Metrics {
  readonly key: Readonly<Record<string, Key>>
  readonly doc_count: number
}

type Aggregations = NonNullable<estypes.SearchRequest['aggregations']>

/** Queries of all events as they are at one moment, so that the counts of several requests fit together. */
export class Snapshot {
  readonly #point: PointInTime
  readonly #budget: Budget
  readonly #gone: AbortSignal | undefined

  constructor(point: PointInTime, budget: Budget, gone: AbortSignal | undefined) {
    this.#point = point
    this.#budget = budget
    this.#gone = gone
  }

  /** Counts the events of a query, and returns their metrics. It is not bound to the time. */
  async count(query: Dsl, aggregations: Aggregations = {}): Promise<{ count: number; metrics: Metrics }> {
    const answer = await this.#point.search<unknown, Metrics>(
      { ...WHOLE, size: 0, track_total_hits: true, query, aggregations },
      until(this.#gone),
    )
    const { total } = answer.hits
    return {
      count: typeof total === 'number' ? total : (total?.value ?? 0),
      metrics: answer.aggregations ?? {},
    }
  }

  /** Counts of all combinations of these, as long as there is time. */
  async *rows(
    query: Dsl,
    sources: Readonly<Record<string, Source>>,
    aggregations: Aggregations = {},
    size = ROWS_AT_A_TIME,
  ): AsyncGenerator<Row> {
    let after: Record<string, estypes.FieldValue> | undefined
    for (;;) {
      const answer = await this.#inTime<{
        rows: { after_key?: Record<string, estypes.FieldValue>; buckets: readonly Row[] }
      }>({
        size: 0,
        query,
        aggregations: {
          rows: {
            composite: {
              size,
              sources: Object.entries(sources).map(([name, source]) => ({ [name]: source })),
              ...(after !== undefined && { after }),
            },
            aggregations,
          },
        },
      })
      const rows = answer?.aggregations?.rows
      if (rows === undefined) return
      yield* rows.buckets
      after = rows.after_key
      if (rows.buckets.length < size || after === undefined) return
    }
  }

  /** The events of a query, in no order, as long as there is time. */
  async *events(query: Dsl, size: number): AsyncGenerator<{ source: unknown; at: Address }> {
    let behind: estypes.SortResults | undefined
    for (;;) {
      const answer = await this.#inTime({
        size,
        query,
        sort: [{ _shard_doc: 'asc' }],
        ...(behind !== undefined && { search_after: behind }),
      })
      if (answer === null) return
      const { hits } = answer.hits
      for (const { _index: index, _id: id, _source: source } of hits)
        if (id !== undefined) yield { source, at: { index, id } }
      behind = hits.at(-1)?.sort
      if (hits.length < size || behind === undefined) return
    }
  }

  /** Returns null if the time is over. A request that is given up is cancelled in the cluster, too. */
  async #inTime<Found>(
    request: estypes.SearchRequest,
  ): Promise<estypes.SearchResponse<unknown, Found> | null> {
    if (this.#budget.late) return null
    try {
      return await this.#point.search<unknown, Found>(
        { ...WHOLE, ...request },
        { requestTimeout: Math.max(LEAST_TIME, this.#budget.left), ...until(this.#gone) },
      )
    } catch (thrown) {
      if (thrown instanceof errors.TimeoutError && this.#budget.late) return null
      throw thrown
    }
  }
}
