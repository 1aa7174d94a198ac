import { HASH_BYTES } from '../../../schema/index.ts'
import type { DeadReason, NewDeadLetter, StoreBatch, WholeLine, WriteResult } from '../port.ts'

/** The outcome of one event. */
export type EventOutcome =
  | { readonly kind: 'stored'; readonly id: string; readonly revision: boolean }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'dead'; readonly why: DeadReason; readonly id: string; readonly reason: string }

/** A line that becomes a dead letter, and what identifies the line. */
export type BuriedEvent = Omit<NewDeadLetter, 'line'> & Pick<WholeLine, 'leaf' | 'at'>

const REASONS_TOLD = 20

/** Returns the answer to a batch, and the events that become dead letters. */
export function resultOf(
  batch: StoreBatch,
  outcomes: ReadonlyMap<number, EventOutcome>,
): { result: WriteResult; buried: BuriedEvent[] } {
  const sources = batch.manifest.sources.map(() => ({ stored: 0, duplicate: 0, dead: 0 }))
  const total = { stored: 0, duplicate: 0, dead: 0, revisions: 0, collisions: 0, foreign: 0 }
  const buried: BuriedEvent[] = []
  let source = 0
  let end = batch.manifest.sources[0]?.events ?? 0
  for (const position of [...outcomes.keys()].sort((a, b) => a - b)) {
    const outcome = outcomes.get(position)!
    while (position >= end && source + 1 < sources.length) end += batch.manifest.sources[++source]!.events
    total[outcome.kind]++
    const slice = sources[source]
    if (slice !== undefined) slice[outcome.kind]++
    if (outcome.kind === 'stored' && outcome.revision) total.revisions++
    if (outcome.kind !== 'dead') continue
    if (outcome.why === 'collision') total.collisions++
    if (outcome.why === 'foreign') total.foreign++
    const read = batch.manifest.sources[source]
    buried.push({
      position,
      kind: outcome.why,
      reason: outcome.reason,
      eventId: outcome.id,
      source: read?.source ?? '',
      leaf: batch.leaves.toString('hex', position * HASH_BYTES, (position + 1) * HASH_BYTES),
      at: read === undefined ? null : { path: read.path, from: read.from, to: read.to },
    })
  }
  const reasons = buried
    .slice(0, REASONS_TOLD)
    .map(({ position, eventId, reason }) => ({ position, id: eventId, reason }))
  return { result: { ...total, sources, reasons }, buried }
}
