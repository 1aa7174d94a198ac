import { isDeepStrictEqual } from 'node:util'
import type { Client } from '@elastic/elasticsearch'
import type { Category } from '../../../schema/index.ts'
import { type StoreBatch, StoreUnavailableError, type WriteOutcome, type WriteResult } from '../port.ts'
import type { BulkSink } from './bulk.ts'
import type { Commit, CommitBody, Commits, Pins, ReadCommit } from './commits.ts'
import type { DeadLetterIndex } from './dead-letter-index.ts'
import type { Families } from './families.ts'
import { waybillId } from './names.ts'
import { type EventOutcome, resultOf } from './outcome.ts'
import { ClosedIndexError, Placing } from './placing.ts'
import { type Origin, originOf, type PreparedBatch, prepared } from './prepare.ts'

export interface WriterParts {
  readonly client: Client
  readonly commits: Commits
  readonly families: Families
  readonly letters: DeadLetterIndex
  readonly sink: BulkSink
  readonly clock: () => number
  /** The time, ms, for which a request that was sent before an index was closed may still write there. */
  readonly waitOut: number
}

/**
 * Writes a batch exactly once: the commit first, which pins each category to an index; then the events, each created under
 * its id; the dead letters; and the commit again, with what was answered. Any of it may be done twice, by anyone.
 */
export class Writer {
  readonly #parts: WriterParts
  readonly #met = new MetValues()

  constructor(parts: WriterParts) {
    this.#parts = parts
  }

  async write(batch: StoreBatch): Promise<WriteOutcome> {
    const { commits } = this.#parts
    let origin = originOf(batch, batch.ingested)
    let { parcels, rejected } = await prepared(batch, origin)
    const categories = [...new Set(parcels.map(({ category }) => category))]
    let read = await commits.open(batch, () => this.#pinsFor(categories))
    if (read.commit.at !== batch.ingested) {
      // The batch was tried before: its events are written as they would have been then.
      origin = originOf(batch, read.commit.at)
      ;({ parcels, rejected } = await prepared(batch, origin))
    }
    for (;;) {
      const { commit } = read
      if (commit.hash !== batch.hash) return { kind: 'fork', hash: commit.hash }
      if (commit.state === 'stored' && commit.body.result !== undefined)
        return this.#stored(batch, { again: true, result: commit.body.result, newValues: 0 })
      const outcomes = new Map<number, EventOutcome>(
        rejected.map(({ position, kind, id, reason }) => [position, { kind: 'dead', why: kind, id, reason }]),
      )
      const moved = await this.#place(origin, read, parcels, categories, outcomes)
      if (moved !== null) {
        read = moved
        continue
      }
      const { result, buried } = resultOf(batch, outcomes)
      const letters = buried.map((one) => ({ ...one, line: origin.line(one.position) }))
      await this.#parts.letters.bury(batch.manifest, commit.at, letters)
      const settled = await commits.change(read, {
        ...commit,
        state: 'stored',
        body: {
          ...commit.body,
          result,
          manifest: batch.manifestBytes.toString('base64'),
          signature: batch.signature.toString('base64'),
          leaves: batch.leaves.toString('base64'),
        },
      })
      if (settled !== null)
        return this.#stored(batch, { again: false, result, newValues: this.#met.newIn(parcels) })
      read = await this.#again(commit)
    }
  }

  async #stored(
    { manifest }: StoreBatch,
    outcome: { again: boolean; result: WriteResult; newValues: number },
  ): Promise<WriteOutcome> {
    return { kind: 'stored', ...outcome, links: await this.#parts.commits.linksOf(manifest) }
  }

  async #pinsFor(categories: readonly Category[]): Promise<Pins> {
    const pins: { [category in Category]?: string } = {}
    for (const category of categories) pins[category] = (await this.#parts.families.of(category)).write
    return pins
  }

  async #again(commit: Commit): Promise<ReadCommit> {
    const read = await this.#parts.commits.find(waybillId(commit))
    if (read === null)
      throw new StoreUnavailableError(`Elasticsearch lost the waybill ${waybillId(commit)}; try again`)
    return read
  }

  /** Writes all events to the indices that they are pinned to. Returns a commit that names other indices in the meantime, or null. */
  async #place(
    origin: Origin,
    read: ReadCommit,
    parcels: readonly PreparedBatch[],
    categories: readonly Category[],
    outcomes: Map<number, EventOutcome>,
  ): Promise<ReadCommit | null> {
    const { client, families, sink } = this.#parts
    const { commit } = read
    const { pins, former } = commit.body
    const unpinned = categories.filter((category) => pins[category] === undefined)
    if (unpinned.length > 0) {
      // Another version of Waybill took these events for something else.
      const more = await this.#pinsFor(unpinned)
      return this.#change(read, { ...commit.body, pins: { ...pins, ...more } })
    }
    const placing = new Placing(client, sink, origin)
    try {
      for (const category of categories) {
        const pin = pins[category]!
        const { all } = await families.of(category)
        const others = all.filter((index) => index !== pin)
        const its = parcels.filter((parcel) => parcel.category === category)
        const elsewhere = (await families.all()).filter((index) => !all.includes(index))
        const formerOthers = former.filter((index) => others.includes(index))
        await placing.place(its, { pin, others, former: formerOthers, elsewhere })
      }
    } catch (thrown) {
      if (!(thrown instanceof ClosedIndexError)) throw thrown
      return this.#moveOn(read, thrown)
    }
    for (const [position, outcome] of placing.outcomes) outcomes.set(position, outcome)
    return null
  }

  async #change(read: ReadCommit, body: CommitBody): Promise<ReadCommit> {
    return (
      (await this.#parts.commits.change(read, { ...read.commit, body })) ?? (await this.#again(read.commit))
    )
  }

  /**
   * Moves a waybill to another index when the pinned one takes no writes any more. A request sent before may still be running in the
   * cluster. So the waybill waits until none can be, and only then goes to the index of the alias. Events in the old index stay, and are
   * found there.
   */
  async #moveOn(read: ReadCommit, { index, message }: ClosedIndexError): Promise<ReadCommit> {
    const { clock, families, waitOut } = this.#parts
    const { body } = read.commit
    families.forget()
    const pins: { [category in Category]?: string } = { ...body.pins }
    for (const category of Object.keys(pins) as Category[]) {
      if (pins[category] === index) pins[category] = (await families.of(category)).write
    }
    if (isDeepStrictEqual(pins, body.pins)) {
      throw new StoreUnavailableError(
        `${index} refuses writes, and its alias has no other index: ${message} Remove the block, or roll the alias over`,
      )
    }
    const since = body.closed[index]
    if (since === undefined)
      await this.#change(read, { ...body, closed: { ...body.closed, [index]: clock() } })
    const left = since === undefined ? waitOut : since + waitOut - clock()
    if (left > 0) {
      throw new StoreUnavailableError(
        `${index}, which was receiving this waybill, now refuses writes; it continues in another index in ${Math.ceil(left / 1000)} s, when no earlier request can still be running`,
      )
    }
    return this.#change(read, { ...body, pins, former: [...new Set([...body.former, index])] })
  }
}

const MOST_MET = 20_000

/** The combinations of values that events had lately in fields of few values. */
class MetValues {
  readonly #met = new Set<string>()

  /** Returns the number of events with new combinations, and remembers these. */
  newIn(parcels: readonly PreparedBatch[]): number {
    let count = 0
    for (const { values } of parcels) {
      if (this.#met.has(values)) continue
      if (this.#met.size >= MOST_MET) this.#met.clear()
      this.#met.add(values)
      count++
    }
    return count
  }
}
