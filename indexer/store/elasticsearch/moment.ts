import type { Aggregate, AggregateRequest, Moment, Page, SearchRequest } from '../port.ts'
import { aggregated } from './aggregate/index.ts'
import { asking, failureOfThrown, statusOf } from './failures.ts'
import { PointInTime } from './point-in-time.ts'
import { refreshed } from './refresh.ts'
import { type SearchParts, searchPage } from './search.ts'

/** The longest pause of an export's reader. */
const KEPT_ALIVE = '5m'

/**
 * Reads events as they are now. If the cluster keeps no moment, or not for long enough, pages continue by place: no event is missed or
 * comes twice, but events that were stored in the meantime may appear, and `loose` reports that.
 */
export async function momentOf(parts: SearchParts): Promise<Moment> {
  const { client, names } = parts
  await refreshed(client, names.events.split(','))
  try {
    return new ClusterMoment(parts, await PointInTime.open(client, names, KEPT_ALIVE), null)
  } catch (thrown) {
    const failure = failureOfThrown(thrown)
    if (failure?.kind !== 'refused' && failure?.kind !== 'denied') throw thrown
    return new ClusterMoment(parts, null, `Elasticsearch keeps no point in time: ${failure.reason}`)
  }
}

class ClusterMoment implements Moment {
  readonly #parts: SearchParts
  #point: PointInTime | null
  #loose: string | null

  constructor(parts: SearchParts, point: PointInTime | null, loose: string | null) {
    this.#parts = parts
    this.#point = point
    this.#loose = loose
  }

  get loose(): string | null {
    return this.#loose
  }

  search(request: SearchRequest, gone?: AbortSignal): Promise<Page> {
    return this.#at((point) => searchPage(request, { ...this.#parts, point, gone }))
  }

  aggregate(request: AggregateRequest, gone?: AbortSignal): Promise<Aggregate> {
    return this.#at((point) => aggregated(request, { ...this.#parts, point, gone }))
  }

  async close(): Promise<void> {
    await this.#point?.close()
    this.#point = null
  }

  #at<Result>(ask: (point: PointInTime | null) => Promise<Result>): Promise<Result> {
    return asking(async () => {
      const point = this.#point
      try {
        return await ask(point)
      } catch (thrown) {
        // A node was restarted, the reader paused for too long, or an index was removed because its time was over.
        if (point === null || statusOf(thrown) !== 404) throw thrown
        this.#point = null
        this.#loose = 'Elasticsearch let go of the point in time while it was read'
        return ask(null)
      }
    })
  }
}
