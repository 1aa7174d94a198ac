import { HASH_BYTES } from '../../../../schema/index.ts'
import type { NewDeadLetter, StoreBatch, WriteResult } from '../../port.ts'
import type { Sifted } from './known.ts'
import type { Outcome } from './partition.ts'
import type { Prepared } from './prepare.ts'
import type { PreparedEvents } from './prepared-events.ts'

/** A batch, and what became of it in each partition. */
export interface Settled {
  readonly batch: StoreBatch
  readonly prepared: Prepared
  readonly outcomes: readonly Outcome[]
}

/** Number of the source that each position belongs to. */
function sourceAt(batch: StoreBatch, position: number): number {
  let end = 0
  const { sources } = batch.manifest
  for (let i = 0; i < sources.length; i++) {
    end += sources[i]!.events
    if (position < end) return i
  }
  return Math.max(0, sources.length - 1)
}

export function outcomeOf(batch: StoreBatch, parcel: PreparedEvents, sifted: Sifted): Outcome {
  const bySource = (events: readonly number[]): [number, number][] => {
    const counts: [number, number][] = []
    let source = 0
    let end = batch.manifest.sources[0]?.events ?? 0
    for (const event of events) {
      const position = parcel.positions[event]!
      while (position >= end && source + 1 < batch.manifest.sources.length) {
        end += batch.manifest.sources[++source]!.events
      }
      const last = counts[counts.length - 1]
      if (last?.[0] === source) last[1]++
      else counts.push([source, 1])
    }
    return counts
  }
  return {
    stored: bySource(sifted.kept),
    duplicate: bySource(sifted.duplicates),
    ...(sifted.revisions.size > 0 && { revisions: sifted.revisions.size }),
    collisions: sifted.collisions.map(({ event, reason }) => ({
      position: parcel.positions[event]!,
      id: parcel.id(event),
      reason,
    })),
  }
}

/** Returns the answer to a batch, and its dead letters. */
export function resultOf({ batch, prepared, outcomes }: Settled): {
  result: WriteResult
  letters: NewDeadLetter[]
} {
  const sources = batch.manifest.sources.map(() => ({ stored: 0, duplicate: 0, dead: 0 }))
  const letters: NewDeadLetter[] = []
  const bury = (
    kind: 'invalid' | 'foreign' | 'collision',
    position: number,
    id: string,
    reason: string,
    line: Buffer,
  ): void => {
    const source = sourceAt(batch, position)
    const slice = sources[source]
    if (slice !== undefined) slice.dead++
    letters.push({
      kind,
      reason,
      eventId: id,
      position,
      source: batch.manifest.sources[source]?.source ?? '',
      line,
    })
  }
  for (const { kind, position, start, end, id, reason } of prepared.rejected) {
    bury(kind, position, id, reason, prepared.lines.subarray(start, end))
  }
  let stored = 0
  let duplicate = 0
  let revisions = 0
  let collisions = 0
  for (const outcome of outcomes) {
    for (const [source, count] of outcome.stored) {
      stored += count
      const slice = sources[source]
      if (slice !== undefined) slice.stored += count
    }
    for (const [source, count] of outcome.duplicate) {
      duplicate += count
      const slice = sources[source]
      if (slice !== undefined) slice.duplicate += count
    }
    revisions += outcome.revisions ?? 0
    collisions += outcome.collisions.length
    for (const { position, id, reason } of outcome.collisions) {
      bury('collision', position, id, reason, lineAt(prepared, position))
    }
  }
  letters.sort((a, b) => a.position - b.position)
  const reasons = letters
    .slice(0, 20)
    .map(({ position, eventId, reason }) => ({ position, id: eventId, reason }))
  return {
    result: {
      stored,
      duplicate,
      dead: letters.length,
      revisions,
      collisions,
      foreign: letters.filter(({ kind }) => kind === 'foreign').length,
      sources,
      reasons,
    },
    letters,
  }
}

function lineAt(prepared: Prepared, position: number): Buffer {
  for (const parcel of prepared.parcels.values()) {
    const event = parcel.positions.subarray(0, parcel.count).indexOf(position)
    if (event !== -1) return prepared.lines.subarray(parcel.starts[event]!, parcel.ends[event]!)
  }
  throw new Error(`no event at position ${position} of ${prepared.leaves.length / HASH_BYTES}`)
}
