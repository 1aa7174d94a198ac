import type { SourceSlice } from '../../schema/wire/index.ts'
import type { TaskSlice } from '../normalise/task.ts'
import type { Change } from '../state/index.ts'

/**
 * What the pump asks of an input. The pump pulls: an input reads when it is given a buffer, so that a blocked output
 * stops the reading and memory stays bounded.
 */
export interface Input {
  /** Finds its sources, takes up their positions, begins to observe. */
  start(): Promise<void>
  /**
   * Fills the buffer with slices of whole records, a fair share of each source that has something; null when there is nothing
   * to read now. What is handed out is not handed out again while the process lives, unless it is given back.
   */
  fill(buffer: Buffer, limits: { bytes: number; records: number }): Promise<Filled | null>
  /** Resolves when `fill` may find something, or when the signal fires. */
  wait(signal: AbortSignal): Promise<void>
  /** No worker could take these slices: they are read again, from the first of each source. */
  giveBack(slices: readonly TaskSlice[]): void
  /** Of these slices the batch was lost: they are read again. */
  readAgain(slices: readonly SourceSlice[]): void
  /** What to write down when these slices are acknowledged (or quarantined): part of that one durable write. */
  settled(slices: readonly SourceSlice[]): Change[]
  /** Everything that was there at the last sweep is handed out (an unfinished last line is not). */
  exhausted(): boolean
  /** Looks for files and changes now, not at the next sweep. */
  sweep(): Promise<void>
  /** This file is new or has grown: whoever wrote it says so. */
  hint(path: string): void
  status(): SourceStatus[]
  close(): Promise<void>
}

export interface Filled {
  readonly slices: readonly TaskSlice[]
  readonly bytes: number
  readonly records: number
}

export interface SourceStatus {
  readonly source: string
  readonly path: string
  readonly generation: number
  /** Bytes acknowledged, handed out, and there. */
  readonly position: number
  readonly read: number
  readonly size: number
  /** `reading`, `idle`, `held` (read from hold/), `blocked` with a reason, or `gone`. */
  readonly state: 'reading' | 'idle' | 'held' | 'blocked' | 'gone'
  readonly problem: string | null
  /** Bytes of a last line that has no newline yet. */
  readonly unfinished: number
  readonly lastRead: number | null
}
