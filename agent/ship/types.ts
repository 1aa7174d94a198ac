import type { Ledger, SourceSlice } from '../../schema/wire/index.ts'
import type { TaskResult } from '../normalise/task.ts'
import type { Change } from '../state/index.ts'

/** What the pump asks of the shipper. */
export interface Shipper {
  /** Takes up the spool: what was sealed is sent again as it is. */
  start(): Promise<void>
  /** How far each source is sealed by batches in the spool and in quarantine, by `source/generation`. */
  sealedPositions(): ReadonlyMap<string, number>
  /** Whether the spool has room for one batch more. */
  hasRoom(): boolean
  room(signal: AbortSignal): Promise<void>
  /** Gives the batch its number, signs and spools it; resolves when it is on the disk. Batches are sealed in the order of the calls. */
  seal(result: TaskResult, slices: readonly SourceSlice[]): Promise<void>
  /** Resolves when nothing is in the spool. */
  drained(signal: AbortSignal): Promise<void>
  status(): ShipStatus
  ledgers(): ReadonlyMap<string, Ledger>
  /** Stops sending; what is in the spool stays there. */
  close(): Promise<void>
}

export interface ShipperHooks {
  /** What the inputs want written down with an acknowledgement. */
  settled(slices: readonly SourceSlice[]): Change[]
}

export interface ShipStatus {
  readonly incarnation: string
  readonly sealed: number
  readonly acknowledged: number
  readonly spooledBatches: number
  readonly spooledBytes: number
  readonly quarantined: number
  readonly oldestPending: number | null
  /** Why nothing is being acknowledged at present, in a sentence; null when all is well. */
  readonly problem: string | null
  readonly lastAcknowledged: number | null
}
