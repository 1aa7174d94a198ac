import type { Ledger, SliceAnswer, SourceSlice } from '../../schema/wire/index.ts'
import type { Change, State } from '../state/index.ts'
import type { Batch } from './batch.ts'

/**
 * The ledger of a source: `read = stored + duplicate + filtered + dead + quarantined + discarded + pending`. The settled counts are in the
 * state; the pending ones come from the batches in the spool, so the two cannot drift apart.
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

/** Adds a slice to the ledger, except the outcome of its events. */
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

/** Moves a slice out of quarantine: it is pending again. */
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

/** The name of the combined ledger of all forgotten sources. */
export const RETIRED = 'retired'

/** Returns the changes that add the ledgers of forgotten sources to one sum: sources come and go with every rotation for years. */
export function retirement(state: Pick<State, 'get' | 'entries'>, pending: Iterable<Batch>): Change[] {
  const open = new Set([RETIRED])
  for (const batch of pending) for (const { source } of batch.slices) open.add(source)
  const changes: Change[] = []
  let retired = state.get<Settled>(ledgerKey(RETIRED)) ?? NOTHING
  for (const [key, ledger] of state.entries<Settled>(ledgerKey(''))) {
    const source = key.slice(ledgerKey('').length)
    // Quarantined events still have to be subtracted from the ledger of their source.
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

/** All ledgers, including the pending records of these batches. */
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

/** The sum of all ledgers. */
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
