import type { StoreBatch } from '../../indexer/store/index.ts'
import { batchOfLines, eventAt, idAt } from '../../indexer/store/testing/batches.ts'
import { canonical } from '../../schema/index.ts'

/** The batches for the recorded store, and its expected content: both are computed from numbers alone. */
export const LIVES = 3
const BATCHES_PER_LIFE = 14
const EVENTS = 24
const CATEGORIES = ['change', 'security', 'activity']
const WINDOWS = [Date.UTC(2026, 10, 2, 12), Date.UTC(2026, 11, 20, 12)]
/** Taken in long ago, so that the partition expires. */
const OLD = Date.UTC(2026, 0, 2)
export const isOld = (partition: string): boolean => partition.startsWith('view-')

export interface Numbered {
  readonly batch: StoreBatch
  /** Events that are found for good once it is acknowledged. */
  readonly ids: readonly string[]
  /** Lines that are no events. */
  readonly dead: number
}

export function batchesOf(life: number): Numbered[] {
  return Array.from({ length: BATCHES_PER_LIFE }, (_, i) => numbered(life * BATCHES_PER_LIFE + i + 1))
}

export const allBatches = (): Numbered[] => Array.from({ length: LIVES }, (_, life) => batchesOf(life)).flat()

function numbered(sequence: number): Numbered {
  const old = sequence % 7 === 0
  const ids: string[] = []
  const lines: string[] = []
  for (let i = 0; i < EVENTS; i++) {
    const offset = sequence * 1000 + i
    const category = old ? 'view' : CATEGORIES[(sequence + i) % CATEGORIES.length]
    lines.push(
      canonical(eventAt(offset, { audit: { category }, message: `number ${offset} of batch ${sequence}` })),
    )
    if (!old) ids.push(idAt(offset))
  }
  // A line of the batch before comes again, and one line is no event.
  if (sequence % 5 === 0) lines.push(canonical(eventAt((sequence - 1) * 1000, other(sequence - 1))))
  const dead = sequence % 6 === 0 ? 1 : 0
  if (dead > 0) lines.push('{"no":"event"}')
  const ingested = old ? OLD : WINDOWS[sequence % WINDOWS.length]!
  return { batch: batchOfLines(sequence, lines, { ingested }), ids, dead }
}

/** The first event of a batch, as that batch has it. */
function other(sequence: number): { [member: string]: unknown } {
  const category = sequence % 7 === 0 ? 'view' : CATEGORIES[sequence % CATEGORIES.length]
  return { audit: { category }, message: `number ${sequence * 1000} of batch ${sequence}` }
}
