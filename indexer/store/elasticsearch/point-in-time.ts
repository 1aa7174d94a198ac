import type { Client, estypes } from '@elastic/elasticsearch'
import { failureOfThrown } from './failures.ts'
import type { Names } from './names.ts'

/** All events as the cluster finds them at one moment, whatever is written or rolled over afterwards. */
export class PointInTime {
  readonly #client: Client
  readonly #keepAlive: string
  #id: string

  private constructor(client: Client, id: string, keepAlive: string) {
    this.#client = client
    this.#keepAlive = keepAlive
    this.#id = id
  }

  /** How long it is kept after each request that uses it, in the cluster's notation. */
  static async open(client: Client, names: Names, keepAlive: string): Promise<PointInTime> {
    const { id } = await client.openPointInTime({ index: names.events, keep_alive: keepAlive })
    return new PointInTime(client, id, keepAlive)
  }

  async search<Source, Found = unknown>(
    request: estypes.SearchRequest,
    options: { readonly requestTimeout?: number; readonly signal?: AbortSignal } = {},
  ): Promise<estypes.SearchResponse<Source, Found>> {
    const pit = { id: this.#id, keep_alive: this.#keepAlive }
    const answer = await this.#client.search<Source, Found>({ ...request, pit }, options)
    // A cluster may rename it from one request to the next.
    if (answer.pit_id !== undefined) this.#id = answer.pit_id
    return answer
  }

  /** Closes it, so that it costs the cluster no more; one that the cluster has already closed is fine, too. */
  async close(): Promise<void> {
    try {
      await this.#client.closePointInTime({ id: this.#id }, { ignore: [404] })
    } catch (thrown) {
      // The cluster closes it itself when its time is over.
      if (failureOfThrown(thrown) === null) throw thrown
    }
  }
}
