import type { Ledger, SourceSlice } from '../../schema/wire/index.ts'
import type { TaskResult } from '../normalise/task.ts'
import type { Range } from '../ranges.ts'
import type { Change } from '../state/index.ts'

/** The interface between the pump and the shipper. */
export interface Shipper {
  /** Reads the spool, so that `sealed` is known, and sends nothing yet. */
  takeUp(): Promise<void>
  /** Begins to send, the spool first, in the order of sealing; from then on it calls the hooks. Reads the spool if that was not done. */
  start(): Promise<void>
  /** The ranges of each source in the batches of the spool, by `source/generation`. */
  sealed(): ReadonlyMap<string, readonly Range[]>
  /** Whether another batch is wanted: the spool has room, and not enough batches wait to be sent. */
  hasRoom(): boolean
  /** Resolves when there is room, or when the signal fires. */
  room(signal: AbortSignal): Promise<void>
  /**
   * Gives the batch its number, signs and spools it; resolves when it is on the disk. Batches are sealed in the order of the calls. If the
   * disk refuses it, it gets no number. The later calls that are pending at that time get none either: they reject too.
   */
  seal(result: TaskResult, slices: readonly SourceSlice[]): Promise<void>
  /** Resolves when the spool is empty, or when the signal fires. */
  drained(signal: AbortSignal): Promise<void>
  status(): ShipStatus
  /** The ledgers, by source. */
  ledgers(): ReadonlyMap<string, Ledger>
  /** The sum of the ledgers. */
  total(): Ledger
  /** Carries out the operator's decision about a batch that was rejected permanently. */
  quarantine(batch: string, action: QuarantineAction): Promise<QuarantineDecision>
  /** Stops sending; the batches in the spool stay there. */
  close(): Promise<void>
}

export type QuarantineAction = 'retry' | 'discard'

export interface QuarantineDecision {
  readonly batch: string
  readonly action: QuarantineAction
  readonly events: number
}

export interface ShipperHooks {
  /** The changes that the inputs want to store with an acknowledgement. */
  settled(slices: readonly SourceSlice[]): Change[]
  /** A batch with these slices cannot be sent any more: they have to be read again. */
  lost(slices: readonly SourceSlice[]): void
}

export interface ShipStatus {
  readonly incarnation: string
  readonly sealed: number
  readonly acknowledged: number
  readonly spooledBatches: number
  readonly spooledBytes: number
  readonly quarantined: number
  /** The age of the oldest batch in the spool, in ms. */
  readonly oldestPending: number | null
  /** The reason why nothing is being acknowledged now, in a sentence; null if all is well. */
  readonly problem: string | null
  readonly lastAcknowledged: number | null
  /** The lead of the indexer's clock over this one in ms, at the last heartbeat. */
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
