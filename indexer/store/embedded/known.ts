import { isDeclaredId, revisionEventId } from '../../../schema/index.ts'
import type { Parcel } from './parcel.ts'
import type { Partition } from './partition.ts'
import { leafOf, type Prepared } from './prepare.ts'

/** Which events of a parcel are new. Numbers are those of the parcel's events. */
export interface Sifted {
  readonly kept: readonly number[]
  /** Kept events that are another content under a declared key, with the ids under which they are kept. */
  readonly revisions: ReadonlyMap<number, string>
  readonly duplicates: readonly number[]
  readonly collisions: readonly { readonly event: number; readonly reason: string }[]
  /** Kept events whose ids lie within a run that is there. */
  readonly strays: ReadonlySet<number>
  /** The kept events must not be joined to runs. */
  readonly alone: boolean
}

const NO_REVISIONS: ReadonlyMap<number, string> = new Map()
const NO_STRAYS: ReadonlySet<number> = new Set()

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
  const runs: Run[] = []
  for (let event = 0; event < parcel.count; event++) {
    const run = runs[runs.length - 1]
    if (run !== undefined && parcel.follows(run.last, event)) run.last = event
    else runs.push({ first: event, last: event })
  }
  const touched = ({ first, last }: Run): boolean =>
    all.some((one) => one.touches(parcel.idBytes(first), parcel.idBytes(last)))
  if (!overlap(runs, parcel) && !runs.some(touched)) {
    return {
      kept: allOf(parcel),
      revisions: NO_REVISIONS,
      duplicates: [],
      collisions: [],
      strays: NO_STRAYS,
      alone: false,
    }
  }
  return siftOneByOne(parcel, prepared, partition, all)
}

function allOf({ count }: Parcel): number[] {
  const events = new Array<number>(count)
  for (let event = 0; event < count; event++) events[event] = event
  return events
}

/** Events of which each one's id follows the one's before, by their numbers. */
interface Run {
  readonly first: number
  last: number
}

/** Whether two runs of the batch itself overlap. */
function overlap(runs: readonly Run[], parcel: Parcel): boolean {
  const sorted = runs.toSorted((a, b) => parcel.compareIds(a.first, b.first))
  return sorted.some((run, i) => i > 0 && parcel.compareIds(run.first, sorted[i - 1]!.last) <= 0)
}

function siftOneByOne(
  parcel: Parcel,
  prepared: Prepared,
  partition: Partition,
  all: readonly Partition[],
): Sifted {
  const kept: number[] = []
  const revisions = new Map<number, string>()
  const duplicates: number[] = []
  const collisions: { event: number; reason: string }[] = []
  const strays = new Set<number>()
  /** Positions of what is kept, by id. */
  const here = new Map<string, number>()
  const known = (
    id: string,
  ): { leaf: Buffer; where: string; within: boolean } | { leaf: null; within: boolean } => {
    const before = here.get(id)
    if (before !== undefined) {
      return {
        leaf: leafOf(prepared.leaves, before),
        where: `the same waybill, position ${before}`,
        within: false,
      }
    }
    let within = false
    for (const one of all) {
      const look = one.find(id)
      if (look.found !== null) return { ...look.found, within: look.within }
      if (look.within && one === partition) within = true
    }
    return { leaf: null, within }
  }
  const keep = (event: number, id: string, within: boolean): void => {
    if (within) strays.add(event)
    here.set(id, parcel.positions[event]!)
    kept.push(event)
  }
  for (let event = 0; event < parcel.count; event++) {
    const id = parcel.id(event)
    const leaf = leafOf(prepared.leaves, parcel.positions[event]!)
    const look = known(id)
    if (look.leaf === null) keep(event, id, look.within)
    else if (leaf.equals(look.leaf)) duplicates.push(event)
    else if (isDeclaredId(id)) {
      const revision = revisionEventId(id, leaf)
      const again = known(revision)
      if (again.leaf !== null) duplicates.push(event)
      else {
        keep(event, revision, again.within)
        revisions.set(event, revision)
      }
    } else {
      const reason = `event ${id} is stored with another content: leaf ${look.leaf.toString('hex')} of ${look.where}; this one has leaf ${leaf.toString('hex')}`
      collisions.push({ event, reason })
    }
  }
  return { kept, revisions, duplicates, collisions, strays, alone: true }
}
