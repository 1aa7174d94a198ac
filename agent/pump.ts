import { setTimeout } from 'node:timers/promises'
import { LIMITS } from '../schema/index.ts'
import type { SourceSlice } from '../schema/wire/index.ts'
import type { Filled, Input } from './inputs/index.ts'
import type { PipelineShape, Task, TaskResult, TaskSlice } from './normalise/index.ts'
import type { Shipper } from './ship/index.ts'

/**
 * Moves bytes from the inputs through the workers to the shipper. It pulls: a batch is read only when a worker is free and the spool has
 * room, so that a blocked output stops the reading and the existing buffers bound the memory.
 */
export interface PumpParts {
  readonly input: Input
  readonly normaliser: { run(task: Task): Promise<TaskResult> }
  readonly shipper: Pick<Shipper, 'hasRoom' | 'room' | 'seal'>
  /** The limit of buffers: one for each worker and one that is being filled. */
  readonly buffers: number
  /** Called with the counts of missing properties of a batch. */
  readonly shaped: (shapes: readonly PipelineShape[]) => void
  readonly clock: () => number
  readonly log: {
    warn(message: string): void
    error(message: string): void
  }
}

/** A record may begin within the limit of a task and still have the largest size of a record. */
const BUFFER_BYTES = LIMITS.taskBytes + LIMITS.recordBytes
const FULL = { bytes: LIMITS.taskBytes, records: LIMITS.batchRecords }
const RETRY_MS = 1000
const LOOK_AGAIN_MS = 200
const GATHER_MS = 100
/** The limit of batches that are not on the disk yet: while one is synced the next is read. */
const SEALING = 2

interface Outstanding {
  readonly filled: Filled
  readonly result: Promise<TaskResult | Error>
}

export class Pump {
  readonly #parts: PumpParts
  readonly #free: ArrayBuffer[] = []
  /** Tasks at the workers that are not sealed yet, oldest first: batches are sealed in the order in which they were read. */
  readonly #outstanding: Outstanding[] = []
  readonly #sealing: Promise<void>[] = []
  #stop: AbortSignal = AbortSignal.abort()
  #abandoned = false
  /** After a worker died: this many more records are read one at a time, to find the one that caused it. */
  #careful = 0
  #problem: string | null = null
  #killers = 0
  #busySince: number | null = null

  constructor(parts: PumpParts) {
    this.#parts = parts
  }

  /** The reason why nothing moves, in a sentence; null if all is well. */
  get problem(): string | null {
    return this.#problem
  }

  /**
   * Since when the present step has been at work, on the clock of `performance.now()`; null while the pump waits for records, for room in the spool or for the
   * disk. A step that never ends is a fault, however long such a wait is.
   */
  get busySince(): number | null {
    return this.#problem === null ? this.#busySince : null
  }

  /** Records that stopped a worker and were shipped unparsed. */
  get killers(): number {
    return this.#killers
  }

  /**
   * Runs until the signal fires. With `once` it runs until all present records have been read. Records that were already handed to workers
   * are sealed before it returns.
   */
  async run(signal: AbortSignal, { once = false } = {}): Promise<void> {
    const { input, shipper } = this.#parts
    this.#stop = signal
    if (once) await input.sweep()
    while (!signal.aborted) {
      this.#busySince = performance.now()
      const read = await this.#readOne()
      this.#busySince = performance.now()
      if (
        read
          ? this.#outstanding.length >= this.#parts.buffers - 1 || this.#careful > 0
          : this.#outstanding.length > 0
      ) {
        await this.#takeOldest()
      } else if (!read) {
        if (once && input.exhausted()) break
        for (const buffer of this.#free.splice(0)) release(buffer)
        this.#busySince = null
        await input.wait(once ? AbortSignal.any([signal, AbortSignal.timeout(LOOK_AGAIN_MS)]) : signal)
        // A few records are collected for a moment, so that each does not cost a batch.
        if (!once) await pause(GATHER_MS, signal)
      }
      if (!shipper.hasRoom()) {
        await this.#takeAll()
        this.#busySince = null
        await shipper.room(signal)
      }
    }
    await this.#takeAll()
    this.#busySince = null
  }

  async #readOne(): Promise<boolean> {
    const buffer = this.#free.pop() ?? new ArrayBuffer(BUFFER_BYTES)
    const limits = this.#careful > 0 ? { bytes: LIMITS.recordBytes, records: 1 } : FULL
    const filled = await this.#parts.input.fill(Buffer.from(buffer), limits)
    if (filled === null) {
      this.#free.push(buffer)
      return false
    }
    this.#outstanding.push({ filled, result: this.#normalise(filled.slices, buffer) })
    return true
  }

  async #normalise(
    slices: readonly TaskSlice[],
    buffer: ArrayBuffer,
    opaque = false,
  ): Promise<TaskResult | Error> {
    try {
      return await this.#parts.normaliser.run({
        buffer,
        slices,
        now: this.#parts.clock(),
        ...(opaque ? { opaque: true } : {}),
      })
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  async #takeAll(): Promise<void> {
    while (this.#outstanding.length > 0) await this.#takeOldest()
    await Promise.all(this.#sealing)
  }

  async #takeOldest(): Promise<void> {
    const oldest = this.#outstanding.shift()
    if (oldest === undefined) return
    let result = await oldest.result
    if (result instanceof Error) {
      if (oldest.filled.records > 1 || this.#careful === 0) {
        await this.#stepBack(oldest, result)
        return
      }
      result = await this.#shipUnparsed(oldest.filled, result)
    }
    if (this.#careful > 0) this.#careful -= Math.max(1, oldest.filled.records)
    this.#free.push(result.buffer)
    this.#parts.shaped(result.shapes)
    // Batches are sealed one after the other, even if a disk delays one: positions grow in the order of sealing.
    const before = this.#sealing.at(-1)
    const slices = slicesOf(oldest.filled.slices, result)
    const batch = result
    const seal = (async () => {
      await before
      await this.#seal(batch, slices)
      this.#sealing.shift()
    })()
    this.#sealing.push(seal)
    if (this.#sealing.length >= SEALING) await this.#sealing[0]
  }

  /**
   * Handles the death of a worker over a batch. Everything that was read after the batch is given back too, since positions only grow by
   * sealing in order. Then as many records as the batch had are read one by one.
   */
  async #stepBack(oldest: Outstanding, reason: Error): Promise<void> {
    const later = this.#outstanding.splice(0)
    for (const one of later) {
      const result = await one.result
      if (!(result instanceof Error)) this.#free.push(result.buffer)
    }
    for (const one of [...later.reverse(), oldest]) this.#parts.input.giveBack(one.filled.slices)
    this.#careful = Math.max(1, oldest.filled.records)
    const paths = [...new Set(oldest.filled.slices.map((slice) => slice.path))].join(', ')
    this.#parts.log.warn(
      `A worker stopped (${reason.message}) over ${oldest.filled.records} records of ${paths}. The agent reads them again one by one.`,
    )
  }

  /** Ships the single record that stopped a worker as it is, as a record that did not parse. */
  async #shipUnparsed(filled: Filled, reason: Error): Promise<TaskResult> {
    const slice = filled.slices[0]
    this.#killers++
    this.#parts.log.error(
      `The record at byte ${slice?.offset} of ${slice?.path} stops its parser (${reason.message}). The agent ships it unparsed.`,
    )
    for (;;) {
      this.#parts.input.giveBack(filled.slices)
      const buffer = new ArrayBuffer(BUFFER_BYTES)
      const again = await this.#parts.input.fill(Buffer.from(buffer), {
        bytes: LIMITS.recordBytes,
        records: 1,
      })
      if (again === null || !sameSlices(again.slices, filled.slices)) {
        throw new Error(
          `the record at byte ${slice?.offset} of ${slice?.path} could not be read a second time`,
        )
      }
      const result = await this.#normalise(again.slices, buffer, true)
      if (!(result instanceof Error)) return result
      this.#parts.log.error(`A worker can't even ship a record unparsed (${result.message}); trying again.`)
      await pause(RETRY_MS, this.#stop)
    }
  }

  /** Seals a batch. If the disk refuses the spool, it waits: the batch stays in memory, and nothing more is read. */
  async #seal(result: TaskResult, slices: readonly SourceSlice[]): Promise<void> {
    while (!this.#abandoned) {
      try {
        await this.#parts.shipper.seal(result, slices)
        this.#problem = null
        if (result.payload.buffer instanceof ArrayBuffer) release(result.payload.buffer)
        return
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        if (this.#problem === null)
          this.#parts.log.error(`A batch can't be spooled: ${reason} The agent stops reading until it can.`)
        this.#problem = reason
        // The agent stops with the disk full: for the next start, unsealed records were never handed out.
        if (this.#stop.aborted) this.#abandoned = true
        else await pause(RETRY_MS, this.#stop)
      }
    }
  }
}

/** Releases the memory now; the collector would let tens of megabytes accumulate first. */
function release(buffer: ArrayBuffer): void {
  buffer.transfer(0)
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined)
}

function sameSlices(a: readonly TaskSlice[], b: readonly TaskSlice[]): boolean {
  return (
    a.length === b.length &&
    a.every((slice, i) => {
      const other = b[i]!
      return (
        slice.source === other.source &&
        slice.generation === other.generation &&
        slice.offset === other.offset
      )
    })
  )
}

/** The manifest's entries for a batch: the records that were read, joined with their results. */
function slicesOf(slices: readonly TaskSlice[], result: TaskResult): SourceSlice[] {
  return slices.map((slice, i) => {
    const became = result.slices[i]
    if (became === undefined)
      throw new Error(`the worker answered for ${result.slices.length} of ${slices.length} slices`)
    return {
      source: slice.source,
      generation: slice.generation,
      path: slice.path,
      from: slice.offset,
      to: slice.to,
      ...became,
    }
  })
}
