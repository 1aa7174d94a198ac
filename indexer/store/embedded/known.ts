import type { Partition } from './partition.ts'
import { follows } from './partition.ts'
import { leafOf, type Parcel, type Prepared } from './prepare.ts'

/** Which events of a parcel are new. Numbers are those of the parcel's events. */
export interface Sifted {
  readonly kept: readonly number[]
  readonly duplicates: readonly number[]
  readonly collisions: readonly { readonly event: number; readonly reason: string }[]
  /** Kept events whose ids lie within a run that is there. */
  readonly strays: ReadonlySet<number>
  /** The kept events must not be joined to runs. */
  readonly alone: boolean
}

/**
 * Tells new events from those that a category has already, wherever in it. The ids of a batch are mostly a few ascending
 * runs; where no run touches one that is there, all its events are new, and that costs one look a run and partition.
 */
export function sift(
  parcel: Parcel,
  prepared: Prepared,
  partition: Partition,
  all: readonly Partition[],
): Sifted {
  const { ids } = parcel
  const runs: { first: string; last: string }[] = []
  for (const id of ids) {
    const run = runs[runs.length - 1]
    if (run !== undefined && follows(run.last, id)) run.last = id
    else runs.push({ first: id, last: id })
  }
  if (!overlap(runs) && !runs.some((run) => all.some((one) => one.touches(run.first, run.last)))) {
    return { kept: ids.map((_, i) => i), duplicates: [], collisions: [], strays: new Set(), alone: false }
  }
  return siftOneByOne(parcel, prepared, partition, all)
}

/** Whether two runs of the batch itself overlap. */
function overlap(runs: readonly { first: string; last: string }[]): boolean {
  const sorted = runs.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  return sorted.some((run, i) => i > 0 && run.first <= sorted[i - 1]!.last)
}

function siftOneByOne(
  parcel: Parcel,
  prepared: Prepared,
  partition: Partition,
  all: readonly Partition[],
): Sifted {
  const kept: number[] = []
  const duplicates: number[] = []
  const collisions: { event: number; reason: string }[] = []
  const strays = new Set<number>()
  const here = new Map<string, number>()
  for (const [event, id] of parcel.ids.entries()) {
    const leaf = leafOf(prepared.leaves, parcel.positions[event]!)
    const settle = (other: Buffer, where: string): void => {
      if (leaf.equals(other)) duplicates.push(event)
      else {
        const reason = `event ${id} is stored with another content: leaf ${other.toString('hex')} of ${where}; this one has leaf ${leaf.toString('hex')}`
        collisions.push({ event, reason })
      }
    }
    const before = here.get(id)
    if (before !== undefined) {
      settle(leafOf(prepared.leaves, before), `the same waybill, position ${before}`)
      continue
    }
    let found = false
    for (const one of all) {
      const look = one.find(id)
      if (look.found !== null) {
        settle(look.found.leaf, look.found.where)
        found = true
        break
      }
      if (look.within && one === partition) strays.add(event)
    }
    if (found) continue
    here.set(id, parcel.positions[event]!)
    kept.push(event)
  }
  return { kept, duplicates, collisions, strays, alone: true }
}
