import type { Client, estypes } from '@elastic/elasticsearch'
import { StoreUnavailableError } from '../port.ts'
import { CUT_FOR_SIZE, errorOf, type Failure, failureOf, failureOfThrown, statusOf } from './failures.ts'
import { FIRST_PACE, nextPace, type Pace } from './pace.ts'

/** A document on its way. It is created under its id, or not at all. */
export interface BulkItem {
  readonly index: string
  readonly id: string
  /** JSON. */
  readonly document: string
}

export type Fate =
  | { readonly kind: 'created' }
  /** A document of this id is there already. */
  | { readonly kind: 'exists' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** The index takes no writes. */
  | { readonly kind: 'closed'; readonly reason: string }

/** Bytes of one request; more make it no faster, and are refused from 100 MiB, by many a proxy from 1 MiB. */
const REQUEST_BYTES = 5 * 1024 * 1024
/** Where several documents together are refused as too large, it is not asked with more again; but never with less than this. */
const LEAST_REQUEST_BYTES = 64 * 1024
/** A document by itself is refused when its connection was cut so often, while the cluster answered something small each time. */
const CUTS_ALONE = 5
const CUT_ALONE =
  'the connection was cut each time that it was on its way, while the cluster answered small requests: it is larger than a proxy before it takes'
/** An action's own line. */
const ACTION_BYTES = 120
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 3_000

export interface BulkOptions {
  /** How long items that the cluster has no time for are tried again, ms, before the batch is given back. */
  readonly patience: number
  /** How long the cluster may wait for a shard that is not there, ms: no longer than we wait for its answer. */
  readonly requestTime: number
  readonly clock: () => number
  readonly pause: (ms: number) => Promise<void>
}

/**
 * Writes documents in bulk, several requests in flight, as many as the cluster takes well (see pace.ts). Says of each item what
 * became of it: the client's own helper would hide that, and a 409 is an answer here.
 */
export class BulkSink {
  readonly #client: Client
  readonly #options: BulkOptions
  #pace: Pace = FIRST_PACE
  #requestBytes = REQUEST_BYTES
  #inFlight = 0
  readonly #waiting: (() => void)[] = []

  constructor(client: Client, options: BulkOptions) {
    this.#client = client
    this.#options = options
  }

  get pace(): Pace {
    return this.#pace
  }

  /** One fate for each item, in their order; throws where the cluster can't take them now. */
  async write(items: readonly BulkItem[]): Promise<Fate[]> {
    const fates = new Array<Fate | undefined>(items.length)
    const requests = divided(items, this.#requestBytes)
    const deadline = this.#options.clock() + this.#options.patience
    const sent = await Promise.allSettled(
      requests.map((numbers) => this.#settle(items, numbers, fates, deadline)),
    )
    // All have come to an end before any failure is told: nothing of this batch is still being written by us.
    for (const one of sent) if (one.status === 'rejected') throw one.reason
    return fates.map((fate, i) => {
      if (fate === undefined) throw new Error(`nothing is known of item ${i} of ${items.length}`)
      return fate
    })
  }

  /** Asks until each of these items has its fate. */
  async #settle(
    items: readonly BulkItem[],
    numbers: readonly number[],
    fates: (Fate | undefined)[],
    deadline: number,
    cutBefore = 0,
  ): Promise<void> {
    let left = numbers
    let cuts = cutBefore
    for (let tries = 0; ; tries++) {
      const answer = await this.#send(items, left)
      const bytes = left.reduce((sum, number) => sum + items[number]!.document.length + ACTION_BYTES, 0)
      if (answer.kind === 'too-large') {
        if (left.length === 1) {
          fates[left[0]!] = { kind: 'refused', reason: answer.reason }
          return
        }
        this.#learn(bytes / 2)
        return await this.#halve(items, left, fates, deadline, 0)
      }
      const isCut = answer.kind === 'busy' && answer.cut === true && bytes > CUT_FOR_SIZE.bytes
      if (!isCut) cuts = 0
      else if (left.length > 1 || (await this.#answers())) cuts++
      if (left.length > 1 && cuts >= CUT_FOR_SIZE.times) {
        // Of a part once more is enough.
        await this.#halve(items, left, fates, deadline, CUT_FOR_SIZE.times - 1)
        this.#learn(bytes / 2)
        return
      }
      if (left.length === 1 && cuts >= CUTS_ALONE) {
        fates[left[0]!] = { kind: 'refused', reason: CUT_ALONE }
        return
      }
      let failure: Failure | null = null
      if (answer.kind !== 'answered') failure = answer
      else {
        const again: number[] = []
        for (const [i, number] of left.entries()) {
          const fate = fateOf(answer.items[i])
          if ('failure' in fate) {
            failure = fate.failure
            again.push(number)
          } else fates[number] = fate
        }
        left = again
      }
      if (failure === null) return
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries)
      if (failure.kind !== 'busy' || this.#options.clock() + pause > deadline) throw errorOf(failure)
      await this.#options.pause(pause * (0.5 + Math.random() / 2))
    }
  }

  /** One half after the other; `cuts` is how often the whole was cut, short of what is too often. */
  async #halve(
    items: readonly BulkItem[],
    numbers: readonly number[],
    fates: (Fate | undefined)[],
    deadline: number,
    cuts: number,
  ): Promise<void> {
    const middle = Math.ceil(numbers.length / 2)
    for (const half of [numbers.slice(0, middle), numbers.slice(middle)])
      await this.#settle(items, half, fates, deadline, half.length === 1 ? 0 : cuts)
  }

  /** From now on requests are no larger. */
  #learn(bytes: number): void {
    this.#requestBytes = Math.max(LEAST_REQUEST_BYTES, Math.min(this.#requestBytes, bytes))
  }

  /** Whether anything gets through to the cluster; a refusal has, too. */
  async #answers(): Promise<boolean> {
    try {
      await this.#client.ping()
      return true
    } catch (thrown) {
      return statusOf(thrown) > 0
    }
  }

  async #send(
    items: readonly BulkItem[],
    numbers: readonly number[],
  ): Promise<{ kind: 'answered'; items: readonly estypes.BulkResponseItem[] } | Failure> {
    await this.#turn()
    const operations: (estypes.BulkOperationContainer | string)[] = []
    let bytes = 0
    for (const number of numbers) {
      const { index, id, document } = items[number]!
      operations.push({ create: { _index: index, _id: id } }, document)
      bytes += document.length + ACTION_BYTES
    }
    const began = performance.now()
    let refused = false
    try {
      const answer = await this.#client.bulk<string>({
        operations,
        require_alias: false,
        timeout: `${this.#options.requestTime}ms`,
      })
      const results = answer.items.map(({ create }) => {
        if (create === undefined) throw new Error('the answer to a create is of something else')
        return create
      })
      if (results.length !== numbers.length)
        throw new StoreUnavailableError(
          `Elasticsearch answered ${results.length} of ${numbers.length} items of a bulk request`,
        )
      const stray = results.findIndex(({ _id }, i) => _id !== items[numbers[i]!]!.id)
      if (stray !== -1)
        throw new StoreUnavailableError(
          `Elasticsearch answered about ${results[stray]?._id} where it was asked for ${items[numbers[stray]!]!.id}; nothing of this bulk request counts`,
        )
      refused = results.some(({ status }) => status === 429 || status === 503)
      return { kind: 'answered', items: results }
    } catch (thrown) {
      const failure = failureOfThrown(thrown)
      if (failure === null) throw thrown
      refused = failure.kind === 'busy'
      return failure
    } finally {
      this.#pace = nextPace(this.#pace, { ms: performance.now() - began, bytes, refused })
      this.#inFlight--
      this.#wake()
    }
  }

  /** Waits until one more request may be in flight, and takes its place. */
  async #turn(): Promise<void> {
    if (this.#inFlight < this.#pace.limit && this.#waiting.length === 0) {
      this.#inFlight++
      return
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #wake(): void {
    while (this.#inFlight < this.#pace.limit) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#inFlight++
      next()
    }
  }
}

/** Numbers of items, divided into requests. */
function divided(items: readonly BulkItem[], most: number): number[][] {
  const requests: number[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const [number, { document }] of items.entries()) {
    const more = document.length + ACTION_BYTES
    if (bytes + more > most) {
      requests.push([])
      bytes = 0
    }
    requests.at(-1)!.push(number)
    bytes += more
  }
  return requests
}

function fateOf(item: estypes.BulkResponseItem | undefined): Fate | { readonly failure: Failure } {
  if (item === undefined) throw new Error('an item of a bulk request has no answer')
  const { status, error, failure_store: store } = item
  // A redirect to the failure store is answered as a success, and is none: the event is not where it is looked for.
  if (store === 'used' || store === 'failed')
    return { kind: 'refused', reason: 'Elasticsearch put it into its failure store instead of its index' }
  if (status === 200 || status === 201) return { kind: 'created' }
  if (status === 409) return { kind: 'exists' }
  const failure = failureOf(status, error ?? { type: `HTTP ${status}`, reason: `status ${status}` })
  if (failure.kind === 'refused' || failure.kind === 'closed') return failure
  if (failure.kind === 'too-large') return { kind: 'refused', reason: failure.reason }
  return { failure }
}
