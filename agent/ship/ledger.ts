import type { Ledger, SliceAnswer, SourceSlice } from '../../schema/wire/index.ts'
import type { Change, State } from '../state/index.ts'
import type { Batch } from './batch.ts'

/**
 * The account of a source: `read = stored + duplicate + filtered + dead + quarantined + discarded + pending`. What is settled
 * is in the state; what is pending is what the batches in the spool hold, so the two can't drift apart.
 */
export type Settled = Omit<Ledger, 'pending'>

export const ledgerKey = (source: string): string => `ledger/${source}`

export const NOTHING: Settled = {
  read: 0,
  stored: 0,
  duplicate: 0,
  filtered: 0,
  dead: 0,
  quarantined: 0,
  discarded: 0,
  skipped: 0,
  truncated: 0,
  errors: 0,
  dropped: 0,
}

/** What a slice adds to the account, apart from what became of its events. */
function withSlice(ledger: Settled, slice: SourceSlice, sign: 1 | -1): Settled {
  return {
    ...ledger,
    read: ledger.read + sign * slice.read,
    filtered: ledger.filtered + sign * slice.filtered,
    skipped: ledger.skipped + sign * slice.skipped,
    truncated: ledger.truncated + sign * slice.truncated,
    errors: ledger.errors + sign * slice.errors,
    dropped: ledger.dropped + sign * slice.dropped,
  }
}

export function acknowledged(ledger: Settled, slice: SourceSlice, answer: SliceAnswer): Settled {
  const next = withSlice(ledger, slice, 1)
  return {
    ...next,
    stored: next.stored + answer.stored,
    duplicate: next.duplicate + answer.duplicate,
    dead: next.dead + answer.dead,
  }
}

export function quarantined(ledger: Settled, slice: SourceSlice): Settled {
  const next = withSlice(ledger, slice, 1)
  return { ...next, quarantined: next.quarantined + slice.events }
}

/** Out of quarantine and pending again. */
export function retried(ledger: Settled, slice: SourceSlice): Settled {
  const next = withSlice(ledger, slice, -1)
  return { ...next, quarantined: next.quarantined - slice.events }
}

export function discarded(ledger: Settled, slice: SourceSlice): Settled {
  return {
    ...ledger,
    quarantined: ledger.quarantined - slice.events,
    discarded: ledger.discarded + slice.events,
  }
}

/** Under this name stand the accounts of sources that are forgotten, as one. */
export const RETIRED = 'retired'

/** Sources come and go with every rotation for years; what stays of those that are forgotten is their sum. */
export function retirement(state: Pick<State, 'get' | 'entries'>, pending: Iterable<Batch>): Change[] {
  const open = new Set([RETIRED])
  for (const batch of pending) for (const { source } of batch.slices) open.add(source)
  const changes: Change[] = []
  let retired = state.get<Settled>(ledgerKey(RETIRED)) ?? NOTHING
  for (const [key, ledger] of state.entries<Settled>(ledgerKey(''))) {
    const source = key.slice(ledgerKey('').length)
    // What is in quarantine still has to be taken off the account of its source.
    if (open.has(source) || ledger.quarantined > 0 || state.get(`source/${source}`) !== undefined) continue
    const { pending: _, ...sum } = sumOf([
      { ...retired, pending: 0 },
      { ...ledger, pending: 0 },
    ])
    retired = sum
    changes.push({ key, value: undefined })
  }
  return changes.length === 0 ? [] : [...changes, { key: ledgerKey(RETIRED), value: retired }]
}

/** All accounts as they stand, with what is pending in these batches. */
export function ledgersOf(
  settled: Iterable<[string, Settled]>,
  pending: Iterable<Batch>,
): Map<string, Ledger> {
  const ledgers = new Map<string, Ledger>()
  for (const [key, ledger] of settled) {
    ledgers.set(key.slice(ledgerKey('').length), { ...ledger, pending: 0 })
  }
  for (const batch of pending) {
    for (const slice of batch.slices) {
      const ledger = ledgers.get(slice.source) ?? { ...NOTHING, pending: 0 }
      ledgers.set(slice.source, ledger)
      addPending(ledger, slice)
    }
  }
  return ledgers
}

/** The sum of all accounts as they stand. */
export function totalOf(settled: Iterable<[string, Settled]>, pending: Iterable<Batch>): Ledger {
  const sum = sumOf([])
  for (const [, ledger] of settled) add(sum, ledger)
  for (const batch of pending) for (const slice of batch.slices) addPending(sum, slice)
  return sum
}

export function sumOf(ledgers: Iterable<Ledger>): Ledger {
  const sum: Ledger = { ...NOTHING, pending: 0 }
  for (const ledger of ledgers) {
    add(sum, ledger)
    sum.pending += ledger.pending
  }
  return sum
}

function add(sum: Ledger, ledger: Settled): void {
  sum.read += ledger.read
  sum.stored += ledger.stored
  sum.duplicate += ledger.duplicate
  sum.filtered += ledger.filtered
  sum.dead += ledger.dead
  sum.quarantined += ledger.quarantined
  sum.discarded += ledger.discarded
  sum.skipped += ledger.skipped
  sum.truncated += ledger.truncated
  sum.errors += ledger.errors
  sum.dropped += ledger.dropped
}

function addPending(ledger: Ledger, slice: SourceSlice): void {
  ledger.read += slice.read
  ledger.pending += slice.read
  ledger.skipped += slice.skipped
  ledger.truncated += slice.truncated
  ledger.errors += slice.errors
  ledger.dropped += slice.dropped
}

/** Whether every record that was read is accounted for. */
export function addsUp(ledger: Ledger): boolean {
  const { stored, duplicate, filtered, dead, quarantined: held, discarded: given, pending } = ledger
  return ledger.read === stored + duplicate + filtered + dead + held + given + pending
}
