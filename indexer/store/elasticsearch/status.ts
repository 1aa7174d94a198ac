import type { Client, estypes } from '@elastic/elasticsearch'
import { reasonOf } from '../../../schema/index.ts'
import type { StoreStatus } from '../port.ts'
import type { DeadLetterIndex } from './dead-letter-index.ts'
import { errorOf, type Failure, failureOfThrown, statusOf } from './failures.ts'
import type { Families } from './families.ts'
import { categoryOfIndex, type Names } from './names.ts'

/** The time, ms, for which the store is not ready after a failed batch, unless another one succeeds; then a small write is tried. */
const HELD_FOR = 30_000
/** Probes come every few seconds, from several sides. */
const KEPT_FOR = 1_000
const ANSWER_TIME = 5_000

type Figures = Pick<StoreStatus, 'events' | 'bytes' | 'deadLetters' | 'partitions'>
const NOTHING: Figures = { events: 0, bytes: 0, deadLetters: 0, partitions: [] }

/** The state of the cluster, in the terms of the store. */
export class Watch {
  readonly #client: Client
  readonly #names: Names
  readonly #families: Families
  readonly #letters: DeadLetterIndex
  readonly #clock: () => number
  #figures: Figures = NOTHING
  /** The last write, if it failed. */
  #failed: { readonly at: number; readonly reason: string } | null = null
  #last: { readonly at: number; readonly status: Promise<StoreStatus> } | null = null
  #asked: { readonly at: number; readonly answer: Promise<Failure | null> } | null = null

  constructor(parts: {
    client: Client
    names: Names
    families: Families
    letters: DeadLetterIndex
    clock: () => number
  }) {
    this.#client = parts.client
    this.#names = parts.names
    this.#families = parts.families
    this.#letters = parts.letters
    this.#clock = parts.clock
  }

  status(): Promise<StoreStatus> {
    const now = this.#clock()
    if (this.#last === null || now - this.#last.at >= KEPT_FOR || now < this.#last.at)
      this.#last = { at: now, status: this.#look() }
    return this.#last.status
  }

  /** A batch was written. */
  wrote(): void {
    this.#failed = null
  }

  /** Notes that a batch could not be written. Earlier observations may no longer be valid. */
  failed(thrown: unknown): void {
    this.#failed = { at: this.#clock(), reason: reasonOf(thrown) }
    this.#last = null
  }

  /**
   * Throws if the last batch failed and the cluster still does not answer. Otherwise each attempt of each agent during an outage would be
   * unpacked and made into documents, for nothing: tens of megabytes of garbage a minute.
   */
  async reach(): Promise<void> {
    if (this.#failed === null) return
    const now = this.#clock()
    if (this.#asked === null || now - this.#asked.at >= KEPT_FOR || now < this.#asked.at)
      this.#asked = { at: now, answer: this.#answers() }
    const failure = await this.#asked.answer
    if (failure !== null) throw errorOf(failure)
  }

  /** Any answer will do; whether the cluster takes writes only a write shows. */
  async #answers(): Promise<Failure | null> {
    try {
      await this.#client.ping({}, { requestTimeout: ANSWER_TIME })
      return null
    } catch (thrown) {
      const failure = failureOfThrown(thrown)
      return failure?.kind === 'busy' && statusOf(thrown) === 0 ? failure : null
    }
  }

  /** A load balancer may send nothing to a store that is not ready, so batches alone do not show that writing works again. */
  async #writing(): Promise<string | null> {
    const failed = this.#failed
    if (failed === null) return null
    if (this.#clock() - failed.at < HELD_FOR) return failed.reason
    await this.#client.index(
      { index: this.#names.records, id: 'probe', document: { kind: 'probe', key: 'probe' } },
      { requestTimeout: ANSWER_TIME },
    )
    if (this.#failed === failed) this.#failed = null
    return null
  }

  async #look(): Promise<StoreStatus> {
    let problem: string | null
    try {
      problem = (await this.#health()) ?? (await this.#blocks()) ?? (await this.#writing())
      this.#figures = await this.#count()
    } catch (thrown) {
      const failure = failureOfThrown(thrown)
      problem = failure === null ? reasonOf(thrown) : errorOf(failure).message
    }
    // The figures are the last ones received.
    return { ready: problem === null, problem, ...this.#figures }
  }

  get #ours(): string[] {
    const { events, waybills, deadLetters, records } = this.#names
    return [...events.split(','), waybills, deadLetters, records]
  }

  async #health(): Promise<string | null> {
    const { status } = await this.#client.cluster.health(
      { index: this.#ours, timeout: '1s' },
      { requestTimeout: ANSWER_TIME, ignore: [408] },
    )
    if (status !== 'red' && status !== 'RED') return null
    return 'Elasticsearch is red: indices of Waybill have no working primary shard. GET _cluster/allocation/explain gives the reason'
  }

  /** The blocks on the current write indices. Blocks on older indices are as they should be. */
  async #blocks(): Promise<string | null> {
    const { blocks }: { blocks?: Blocks } = await this.#client.cluster.state(
      { metric: ['blocks'] },
      { requestTimeout: ANSWER_TIME },
    )
    const [global] = Object.values(blocks?.global ?? {})
    if (global !== undefined) return `Elasticsearch refuses writes: ${global.description}`
    const written = new Set([this.#names.waybills, this.#names.deadLetters, this.#names.records])
    for (const index of await this.#families.writeIndices()) written.add(index)
    for (const [index, found] of Object.entries(blocks?.indices ?? {})) {
      const [first] = Object.values(found).filter(({ levels }) => levels?.includes('write') !== false)
      if (first !== undefined && written.has(index))
        return `Elasticsearch refuses writes to ${index}: ${first.description}`
    }
    return null
  }

  async #count(): Promise<Figures> {
    const { indices } = await this.#client.indices.stats(
      { index: this.#names.events, metric: ['docs', 'store'] },
      { requestTimeout: ANSWER_TIME },
    )
    const partitions = Object.entries<estypes.IndicesStatsIndicesStats>(indices ?? {}).flatMap(
      ([name, { primaries, total }]) => {
        const category = categoryOfIndex(name)
        const events = primaries?.docs?.count ?? 0
        return category === null ? [] : [{ category, name, events, bytes: total?.store?.size_in_bytes ?? 0 }]
      },
    )
    const sum = (of: 'events' | 'bytes'): number => partitions.reduce((all, one) => all + one[of], 0)
    return {
      events: sum('events'),
      bytes: sum('bytes'),
      deadLetters: await this.#letters.count(),
      partitions: partitions.sort((a, b) => (a.name < b.name ? -1 : 1)),
    }
  }
}

interface Block {
  readonly description: string
  readonly levels?: readonly string[]
}

interface Blocks {
  readonly global?: Readonly<Record<string, Block>>
  readonly indices?: Readonly<Record<string, Readonly<Record<string, Block>>>>
}
