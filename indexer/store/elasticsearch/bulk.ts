import type { Client, estypes } from '@elastic/elasticsearch'
import { StoreUnavailableError } from '../port.ts'
import { CUT_FOR_SIZE, errorOf, type Failure, failureOf, failureOfThrown, statusOf } from './failures.ts'

/** A document to write. It is created under its id, or not at all. */
export interface BulkItem {
  readonly index: string
  readonly id: string
  /** The document as JSON. */
  readonly document: string
}

export type Fate =
  | { readonly kind: 'created' }
  /** A document of this id exists already. */
  | { readonly kind: 'exists' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** The index takes no writes. */
  | { readonly kind: 'closed'; readonly reason: string }

/** Bytes of one request; more make it no faster, and are refused from 100 MiB, by many a proxy from 1 MiB. */
const REQUEST_BYTES = 5 * 1024 * 1024
/** The least size, in bytes, that requests shrink to when the cluster refuses several documents together as too large. */
const LEAST_REQUEST_BYTES = 64 * 1024
/** The number of cut connections after which a single document is refused, if the cluster answered small requests each time. */
const CUTS_ALONE = 5
const CUT_ALONE =
  'the connection was cut at each attempt to send it, while the cluster answered small requests: a proxy in front of the cluster probably refuses its size'
/** The number of rejections in a row after which a request is divided: there may never be room for all of it at once. */
const REJECTED_TIMES = 3
/** The factor by which requests may grow again after each success. */
const GROWTH = 1.25
/** An action's own line. */
const ACTION_BYTES = 120
const NEWLINE = 10
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 3_000

export interface BulkOptions {
  /** The time, ms, for which items are tried again that the cluster has no time for; then the batch is given back. */
  readonly patience: number
  /** The time, ms, that the cluster may wait for a missing shard: no longer than we wait for its answer. */
  readonly requestTime: number
  readonly clock: () => number
  readonly pause: (ms: number) => Promise<void>
}

/** The number of failures in a row, by cause. */
interface Tried {
  readonly cuts: number
  readonly rejections: number
}
const UNTRIED: Tried = { cuts: 0, rejections: 0 }

/**
 * Writes documents in bulk, with several requests in flight, as many as the cluster handles well (see `Pace`). It reports the result of
 * each item: the client's own helper would hide that, and a 409 is an answer here.
 */
export class BulkSink {
  readonly #client: Client
  readonly #options: BulkOptions
  #pace: Pace = FIRST_PACE
  /** The most that a request may have: a larger one was refused for its size. */
  #mostBytes = REQUEST_BYTES
  /** The size of a request that the cluster has room for at present. */
  #roomBytes = REQUEST_BYTES
  #inFlight = 0
  readonly #waiting: (() => void)[] = []

  constructor(client: Client, options: BulkOptions) {
    this.#client = client
    this.#options = options
  }

  get pace(): Pace {
    return this.#pace
  }

  /** One fate for each item, in their order; throws if the cluster can't take them now. */
  async write(items: readonly BulkItem[]): Promise<Fate[]> {
    const fates = new Array<Fate | undefined>(items.length)
    const requests = divided(items, Math.min(this.#mostBytes, this.#roomBytes))
    const deadline = this.#options.clock() + this.#options.patience
    const sent = await Promise.allSettled(
      requests.map((numbers) => this.#settle(items, numbers, fates, deadline)),
    )
    // All requests have ended before a failure is thrown, so none still writes a part of this batch.
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
    before: Tried = UNTRIED,
  ): Promise<void> {
    let left = numbers
    let { cuts, rejections } = before
    for (let tries = 0; ; tries++) {
      const answer = await this.#send(items, left)
      const bytes = left.reduce((sum, number) => sum + items[number]!.document.length + ACTION_BYTES, 0)
      if (answer.kind === 'too-large') {
        if (left.length === 1) {
          fates[left[0]!] = { kind: 'refused', reason: answer.reason }
          return
        }
        this.#learn(bytes / 2)
        return await this.#halve(items, left, fates, deadline, UNTRIED)
      }
      const isCut = answer.kind === 'busy' && answer.cut === true && bytes > CUT_FOR_SIZE.bytes
      if (!isCut) cuts = 0
      else if (left.length > 1 || (await this.#answers())) cuts++
      if (left.length > 1 && cuts >= CUT_FOR_SIZE.times) {
        // One more cut is enough for a part.
        await this.#halve(items, left, fates, deadline, { cuts: CUT_FOR_SIZE.times - 1, rejections: 0 })
        this.#learn(bytes / 2)
        return
      }
      if (left.length === 1 && cuts >= CUTS_ALONE) {
        fates[left[0]!] = { kind: 'refused', reason: CUT_ALONE }
        return
      }
      let failure: Failure | null = null
      const asked = left.length
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
      if (failure === null) {
        this.#roomBytes = Math.min(REQUEST_BYTES, this.#roomBytes * GROWTH)
        return
      }
      const isRejected = failure.kind === 'busy' && failure.rejected === true && left.length === asked
      rejections = isRejected ? rejections + 1 : 0
      if (rejections >= REJECTED_TIMES && left.length > 1) {
        this.#roomBytes = Math.max(LEAST_REQUEST_BYTES, Math.min(this.#roomBytes, bytes / 2))
        return await this.#halve(items, left, fates, deadline, { cuts: 0, rejections: REJECTED_TIMES - 1 })
      }
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries)
      if (failure.kind !== 'busy' || this.#options.clock() + pause > deadline) throw errorOf(failure)
      await this.#options.pause(pause * (0.5 + Math.random() / 2))
    }
  }

  /** Sends one half after the other; `before` is the number of failures of the whole, below the limit. */
  async #halve(
    items: readonly BulkItem[],
    numbers: readonly number[],
    fates: (Fate | undefined)[],
    deadline: number,
    before: Tried,
  ): Promise<void> {
    const middle = Math.ceil(numbers.length / 2)
    for (const half of [numbers.slice(0, middle), numbers.slice(middle)])
      await this.#settle(items, half, fates, deadline, half.length === 1 ? UNTRIED : before)
  }

  /** Limits the size of requests from now on. */
  #learn(bytes: number): void {
    this.#mostBytes = Math.max(LEAST_REQUEST_BYTES, Math.min(this.#mostBytes, bytes))
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
    const body = bodyOf(items, numbers)
    const bytes = body.length
    const began = performance.now()
    let refused = false
    try {
      const answer = await this.#client.transport.request<estypes.BulkResponse>({
        method: 'POST',
        path: '/_bulk',
        querystring: { require_alias: false, timeout: `${this.#options.requestTime}ms` },
        bulkBody: body,
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
          `Elasticsearch answered about ${results[stray]?._id} instead of ${items[numbers[stray]!]!.id}; the indexer ignores the whole answer`,
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

/**
 * The body of a request, as bytes outside of V8's heap. The client would make one text of it first: with eight batches on their way these
 * texts were 100 MB of large objects, which only a large collection frees.
 */
function bodyOf(items: readonly BulkItem[], numbers: readonly number[]): Buffer {
  const actions = numbers.map((number) => {
    const { index, id } = items[number]!
    return `{"create":${JSON.stringify({ _index: index, _id: id })}}\n`
  })
  let bytes = 0
  for (const [i, number] of numbers.entries())
    bytes += Buffer.byteLength(actions[i]!) + Buffer.byteLength(items[number]!.document) + 1
  const body = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (const [i, number] of numbers.entries()) {
    at += body.write(actions[i]!, at)
    at += body.write(items[number]!.document, at)
    body[at++] = NEWLINE
  }
  return body
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
  // A redirect to the failure store is reported as a success, but it is none: searches do not find the event there.
  if (store === 'used' || store === 'failed')
    return { kind: 'refused', reason: 'Elasticsearch put it into its failure store instead of its index' }
  if (status === 200 || status === 201) return { kind: 'created' }
  if (status === 409) return { kind: 'exists' }
  const failure = failureOf(status, error ?? { type: `HTTP ${status}`, reason: `status ${status}` })
  if (failure.kind === 'refused' || failure.kind === 'closed') return failure
  if (failure.kind === 'too-large') return { kind: 'refused', reason: failure.reason }
  return { failure }
}

/**
 * The number of bulk requests that may be in flight, learnt from their results: one more after each round without a slow request, half
 * after a rejected one. A cluster that handles more gets more; a busy one is left alone.
 */
export interface Pace {
  readonly limit: number
  /** The least time that a request took, as far as is known, ms for each of its bytes: that of an idle cluster. */
  readonly best: number
  /** Requests that went well since the limit last changed. */
  readonly well: number
}

export interface Trip {
  readonly ms: number
  readonly bytes: number
  /** The cluster rejected it (429, 503), or never answered. */
  readonly refused: boolean
}

export const MOST_IN_FLIGHT = 16
export const FIRST_PACE: Pace = { limit: 2, best: Number.POSITIVE_INFINITY, well: 0 }

/** A request that takes this many times as long as the best one waited in a queue. */
const SLOW = 3
/** Smaller requests measure the network rather than the cluster. */
const LEAST_BYTES = 64 * 1024

export function nextPace(pace: Pace, { ms, bytes, refused }: Trip): Pace {
  const { limit, best, well } = pace
  if (refused) return { limit: Math.max(1, Math.floor(limit / 2)), best, well: 0 }
  const each = ms / Math.max(bytes, LEAST_BYTES)
  // The best time fades: it may be out of date after an hour.
  const next = Math.min(each, best * 1.01)
  if (each > SLOW * best) return { limit: Math.max(1, limit - 1), best: next, well: 0 }
  if (well + 1 >= limit) return { limit: Math.min(MOST_IN_FLIGHT, limit + 1), best: next, well: 0 }
  return { limit, best: next, well: well + 1 }
}
