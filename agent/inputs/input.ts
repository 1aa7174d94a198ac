import type { SourceSlice } from '../../schema/wire/index.ts'
import type { TaskSlice } from '../normalise/task.ts'
import type { Change } from '../state/index.ts'

/**
 * The interface between the pump and an input. The pump pulls: an input reads only when it gets a buffer. So a blocked output stops the
 * reading, and memory stays bounded.
 */
export interface Input {
  /** Finds its sources, loads their positions, begins to observe. */
  start(): Promise<void>
  /**
   * Fills the buffer with slices of whole records, a fair share of each source that has data; null when there is nothing to read now. A
   * slice is handed out only once while the process lives, unless it is given back.
   */
  fill(buffer: Buffer, limits: { bytes: number; records: number }): Promise<Filled | null>
  /** Resolves when `fill` may find something, or when the signal fires. */
  wait(signal: AbortSignal): Promise<void>
  /** Takes back slices that no worker could take: they are read again, from the first of each source. */
  giveBack(slices: readonly TaskSlice[]): void
  /** The batch with these slices was lost: they are read again. */
  readAgain(slices: readonly SourceSlice[]): void
  /** Returns the changes to store when these slices are acknowledged (or quarantined). They are part of that one durable write. */
  settled(slices: readonly SourceSlice[]): Change[]
  /** Whether everything that existed at the last sweep is handed out (an unfinished last line does not count). */
  exhausted(): boolean
  /** Looks for files and changes now, not at the next sweep. */
  sweep(): Promise<void>
  /** This file is new or has grown, as its writer reports. */
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
  /** The acknowledged bytes, the bytes that were handed out, and the present bytes. */
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
