import type { Ledger, SourceSlice } from '../../schema/wire/index.ts'
import type { TaskResult } from '../normalise/task.ts'
import type { Range } from '../ranges.ts'
import type { Change } from '../state/index.ts'

/** What the pump asks of the shipper. */
export interface Shipper {
  /** Reads what is in the spool, so that `sealed` is known, and sends nothing yet. */
  takeUp(): Promise<void>
  /** Begins to send, the spool first, as it was sealed; from then on the hooks are called. Takes the spool up where that wasn't done. */
  start(): Promise<void>
  /** What batches in the spool hold of each source, by `source/generation`. */
  sealed(): ReadonlyMap<string, readonly Range[]>
  /** Whether one batch more is wanted: the spool has room, and what waits to be sent is not enough already. */
  hasRoom(): boolean
  /** Resolves when there is room, or when the signal fires. */
  room(signal: AbortSignal): Promise<void>
  /**
   * Gives the batch its number, signs and spools it; resolves when it is on the disk. Batches are sealed in the order of the calls. When
   * the disk refuses it, it has no number, and neither have those called for behind it at that time: they reject too.
   */
  seal(result: TaskResult, slices: readonly SourceSlice[]): Promise<void>
  /** Resolves when nothing is in the spool, or when the signal fires. */
  drained(signal: AbortSignal): Promise<void>
  status(): ShipStatus
  /** By source. */
  ledgers(): ReadonlyMap<string, Ledger>
  /** The sum of them. */
  total(): Ledger
  /** What the operator decides about a batch that was refused for good. */
  quarantine(batch: string, action: QuarantineAction): Promise<QuarantineDecision>
  /** Stops sending; what is in the spool stays there. */
  close(): Promise<void>
}

export type QuarantineAction = 'retry' | 'discard'

export interface QuarantineDecision {
  readonly batch: string
  readonly action: QuarantineAction
  readonly events: number
}

export interface ShipperHooks {
  /** What the inputs want written down with an acknowledgement. */
  settled(slices: readonly SourceSlice[]): Change[]
  /** A batch of these can't be sent any more: they are to be read again. */
  lost(slices: readonly SourceSlice[]): void
}

export interface ShipStatus {
  readonly incarnation: string
  readonly sealed: number
  readonly acknowledged: number
  readonly spooledBatches: number
  readonly spooledBytes: number
  readonly quarantined: number
  /** Age in ms of the oldest batch in the spool. */
  readonly oldestPending: number | null
  /** Why nothing is being acknowledged at present, in a sentence; null when all is well. */
  readonly problem: string | null
  readonly lastAcknowledged: number | null
  /** What the indexer's clock is ahead of this one, in ms, as of the last heartbeat. */
  readonly clockOffset: number | null
  /** Since this shipper started. */
  readonly counters: ShipCounters
}

export interface ShipCounters {
  readonly requests: number
  /** Requests that settled nothing. */
  readonly retries: number
  readonly acknowledged: number
  readonly refused: number
  /** Answers 401 and 403. */
  readonly unauthorised: number
  readonly forks: number
  /** Batches whose file was damaged or gone. */
  readonly damaged: number
}

export const NOTHING_COUNTED: ShipCounters = {
  requests: 0,
  retries: 0,
  acknowledged: 0,
  refused: 0,
  unauthorised: 0,
  forks: 0,
  damaged: 0,
}
