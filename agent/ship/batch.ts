import type { Sha256 } from '../../schema/index.ts'
import type { SealedWaybill, SourceSlice } from '../../schema/wire/index.ts'
import { type Range, withRange } from '../ranges.ts'

/** A batch that is sealed and on the disk; its bytes stay there. */
export interface Batch {
  /** `<incarnation>-<sequence>`: the name of its file, without what marks it. */
  readonly name: string
  readonly incarnation: string
  readonly sequence: number
  readonly hash: Sha256
  readonly events: number
  readonly slices: readonly SourceSlice[]
  /** When it was sealed, ms since 1970. */
  readonly created: number
  /** Size of the file, which is the request's body. */
  readonly bytes: number
  /** It was in quarantine and is sent again at the operator's word: its positions are settled already. */
  readonly again: boolean
}

export const batchName = (incarnation: string, sequence: number): string =>
  `${incarnation}-${String(sequence).padStart(12, '0')}`

const NAME = /^([0-9a-f]{32})-(\d{12,16})$/

export function parseBatchName(name: string): { incarnation: string; sequence: number } | null {
  const found = NAME.exec(name)
  return found === null ? null : { incarnation: found[1]!, sequence: Number(found[2]) }
}

export function batchOf(waybill: SealedWaybill, bytes: number, again: boolean): Batch {
  const { manifest, hash } = waybill
  return {
    name: batchName(manifest.incarnation, manifest.sequence),
    incarnation: manifest.incarnation,
    sequence: manifest.sequence,
    hash,
    events: manifest.events,
    slices: manifest.sources,
    created: manifest.created,
    bytes,
    again,
  }
}

/** What a batch takes of the spool's window: a small file still takes a block of the disk and its account in memory. */
export const roomOf = (bytes: number): number => bytes + 4096

/** Records read for a batch, all sources together. */
export const recordsOf = (batch: Batch): number => batch.slices.reduce((sum, slice) => sum + slice.read, 0)

/** What these batches hold of each source, by `source/generation`; those out of quarantine are settled already. */
export function rangesOf(batches: Iterable<Batch>): Map<string, readonly Range[]> {
  const ranges = new Map<string, readonly Range[]>()
  for (const batch of batches) {
    if (batch.again) continue
    for (const { source, generation, from, to } of batch.slices) {
      const key = `${source}/${generation}`
      ranges.set(key, withRange(ranges.get(key) ?? [], [from, to]))
    }
  }
  return ranges
}
