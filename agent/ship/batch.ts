import type { Sha256 } from '../../schema/index.ts'
import type { SealedWaybill, SourceSlice } from '../../schema/wire/index.ts'
import { type Range, withRange } from '../ranges.ts'

/** A sealed batch on the disk; its bytes stay there. */
export interface Batch {
  /** `<incarnation>-<sequence>`: the name of its file without the suffix. */
  readonly name: string
  readonly incarnation: string
  readonly sequence: number
  readonly hash: Sha256
  readonly events: number
  readonly slices: readonly SourceSlice[]
  /** The time of sealing, in ms since 1970. */
  readonly created: number
  /** The size of the file, which is the request's body. */
  readonly bytes: number
  /** Whether an operator sends it again out of quarantine: its positions are settled already. */
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

/** The part of the spool's window that a batch uses: even a small file takes a block of the disk and an entry in memory. */
export const roomOf = (bytes: number): number => bytes + 4096

/** Records read for a batch, all sources together. */
export const recordsOf = (batch: Batch): number => batch.slices.reduce((sum, slice) => sum + slice.read, 0)

/** The ranges of each source in these batches, by `source/generation`; batches out of quarantine are settled already. */
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
