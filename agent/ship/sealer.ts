import type { KeyObject } from 'node:crypto'
import { manifestSchema, type SourceSlice, sealManifest } from '../../schema/wire/index.ts'
import type { TaskResult } from '../normalise/task.ts'
import { syncFolder } from '../state/index.ts'
import { type Batch, batchName } from './batch.ts'
import type { ChainRecord, Link } from './chain.ts'
import type { Spool } from './spool.ts'

export interface SealerOptions {
  readonly spool: Spool
  readonly agent: string
  readonly keyId: string
  readonly key: KeyObject
  readonly namespace: string
  readonly clock: () => number
  readonly settings: () => string | null
  /** Called in the order of sequence when a batch is on the disk and may be sent. */
  readonly sealed: (batch: Batch) => void
}

type Job = {
  readonly result: TaskResult
  readonly slices: readonly SourceSlice[]
  readonly resolve: () => void
  readonly reject: (problem: unknown) => void
}

/** A failed promise as a value; null represents success. */
const asProblem = (thrown: unknown): unknown => thrown ?? new Error('the disk gave no reason')

/** The number of batches that are written together: they share one sync of their folder. */
const GROUP = 8

/** Numbers batches in the chain and writes them to the disk, in the order of arrival. */
export class Sealer {
  readonly #options: SealerOptions
  #chain: ChainRecord
  /** The last waybill that is on the disk, or was. */
  #last: Link | null = null
  #jobs: Job[] = []
  #bytes = 0
  #working: Promise<void> | null = null
  #writing: Promise<void> | null = null
  #halted: Promise<void> | null = null
  #closed = false

  constructor(options: SealerOptions, chain: ChainRecord, last: Link | null) {
    this.#options = options
    this.#chain = chain
    this.#last = last
  }

  get sequence(): number {
    return this.#last?.sequence ?? 0
  }

  /** The bytes that are being written to the disk. */
  get bytes(): number {
    return this.#bytes
  }

  get busy(): boolean {
    return this.#jobs.length > 0
  }

  seal(result: TaskResult, slices: readonly SourceSlice[]): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the shipper is closed'))
    return new Promise((resolve, reject) => {
      this.#jobs.push({ result, slices, resolve, reject })
      this.#bytes += result.payload.length
      this.#working ??= this.#work()
    })
  }

  /** Seals nothing while `work` runs; `work` returns the chain to continue with. */
  async halt(work: () => Promise<{ chain: ChainRecord; last: Link | null }>): Promise<void> {
    await this.#halted
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#halted = promise
    try {
      while (this.#writing !== null) await this.#writing
      const { chain, last } = await work()
      this.#chain = chain
      this.#last = last
    } finally {
      this.#halted = null
      resolve()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#working
  }

  async #work(): Promise<void> {
    await Promise.resolve()
    while (this.#jobs.length > 0) {
      while (this.#halted !== null) await this.#halted
      this.#writing = this.#writeGroup(this.#jobs.slice(0, GROUP))
      await this.#writing
      this.#writing = null
    }
    this.#working = null
  }

  async #writeGroup(group: readonly Job[]): Promise<void> {
    const { spool, sealed } = this.#options
    const folder = spool.folder(this.#chain.incarnation)
    const made: { job: Job; batch: Batch; draft: Promise<unknown> }[] = []
    let problem: unknown = null
    let last = this.#last
    for (const job of group) {
      try {
        const { batch, parts } = this.#makeBatch(job, last)
        last = batch
        // The code below handles a failure when it is this batch's turn.
        made.push({ job, batch, draft: spool.draft(folder, batch, parts).then(() => null, asProblem) })
      } catch (thrown) {
        problem = thrown
        break
      }
    }
    let whole = 0
    for (const { batch, draft } of made) {
      const refusal = (await draft) ?? (await spool.publish(folder, batch).then(() => null, asProblem))
      if (refusal !== null) {
        problem = refusal
        break
      }
      whole++
    }
    await Promise.all(made.map(({ draft }) => draft))
    try {
      await syncFolder(folder)
    } catch (thrown) {
      problem = thrown
      // A power loss may lose their names, so they don't count; new files with the same names replace them.
      whole = 0
    }
    for (const { batch } of made.slice(whole)) await spool.forget(folder, batch)
    this.#jobs.splice(0, whole)
    for (const { job, batch } of made.slice(0, whole)) {
      this.#bytes -= job.result.payload.length
      this.#last = batch
      sealed(batch)
      job.resolve()
    }
    // Later batches must not take the place of one that will be retried: their order is the order of positions.
    if (whole < group.length) {
      for (const job of this.#jobs.splice(0)) {
        this.#bytes -= job.result.payload.length
        job.reject(problem)
      }
    }
  }

  #makeBatch({ result, slices }: Job, last: Link | null): { batch: Batch; parts: Uint8Array[] } {
    const { agent, keyId, namespace, clock, settings, key } = this.#options
    const { incarnation, cites } = this.#chain
    const sequence = (last?.sequence ?? 0) + 1
    // This is the indexer's own check: a batch that it would reject is never sealed.
    const manifest = manifestSchema.parse({
      version: 1,
      agent,
      key: keyId,
      incarnation,
      sequence,
      previous: last?.hash ?? null,
      cites: sequence === 1 ? cites : null,
      created: clock(),
      namespace,
      settings: settings(),
      events: result.events,
      bytes: result.bytes,
      encoding: result.encoding,
      root: result.root,
      sources: slices,
    })
    const { head, hash, frameOf } = sealManifest(manifest, key)
    const frame = frameOf(result.payload)
    const batch: Batch = {
      name: batchName(incarnation, sequence),
      incarnation,
      sequence,
      hash,
      events: result.events,
      slices,
      created: manifest.created,
      bytes: head.length + frame.length + result.payload.length,
      again: false,
    }
    return { batch, parts: [head, frame, result.payload] }
  }
}
