import { randomBytes } from 'node:crypto'
import type { Ledger } from '../../schema/wire/index.ts'
import type { Range } from '../ranges.ts'
import type { Log, State } from '../state/index.ts'
import { rangesOf, roomOf } from './batch.ts'
import { latest } from './chain.ts'
import { ledgerKey, ledgersOf, type Settled } from './ledger.ts'
import { heldIn } from './quarantine.ts'
import { Spool } from './spool.ts'
import { takeUp } from './takeup.ts'
import { NOTHING_COUNTED, type ShipStatus } from './types.ts'

export interface Account {
  readonly status: ShipStatus
  readonly ledgers: ReadonlyMap<string, Ledger>
  /** The same as `Shipper.sealed`. */
  readonly sealed: ReadonlyMap<string, readonly Range[]>
}

/** The state of shipping when no agent runs; the caller holds the folder's lock. */
export async function accountOf(dir: string, state: State, log: Log): Promise<Account> {
  const spool = new Spool(dir)
  const { chain, batches } = await takeUp(state, spool, log, () => randomBytes(16).toString('hex'))
  const own = batches.filter(({ incarnation }) => incarnation === chain.incarnation)
  const oldest = batches.length === 0 ? null : Math.min(...batches.map(({ created }) => created))
  return {
    sealed: rangesOf(batches),
    ledgers: ledgersOf(state.entries<Settled>(ledgerKey('')), batches),
    status: {
      incarnation: chain.incarnation,
      sealed: own.reduce((last, batch) => latest(last, batch), chain.head)?.sequence ?? 0,
      acknowledged: chain.acknowledged?.sequence ?? 0,
      spooledBatches: batches.length,
      spooledBytes: batches.reduce((sum, { bytes }) => sum + roomOf(bytes), 0),
      quarantined: heldIn(state),
      oldestPending: oldest === null ? null : Math.max(0, Date.now() - oldest),
      problem: null,
      lastAcknowledged: chain.acknowledgedAt,
      clockOffset: null,
      counters: NOTHING_COUNTED,
    },
  }
}
