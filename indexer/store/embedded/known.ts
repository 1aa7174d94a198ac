import { type AuditEvent, isDeclaredId, isSameEntry, revisionEventId } from '../../../schema/index.ts'
import type { Parcel } from './parcel.ts'
import type { Found, Partition } from './partition.ts'
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

/** Where events of a parcel may be already: in the category's partitions, and those with a declared id in those of other categories. */
export interface Places {
  readonly own: readonly Partition[]
  readonly others: readonly Partition[]
}

/**
 * Tells new events from those that a category has already, wherever in it. The ids of a batch are mostly a few ascending
 * runs; where no run touches one that is there, all its events are new, and that costs one look a run and partition.
 * What a record says under a declared id may have moved it to another category: so for such an id all categories are asked.
 */
export function sift(parcel: Parcel, prepared: Prepared, partition: Partition, places: Places): Sifted {
  const runs: Run[] = []
  for (let event = 0; event < parcel.count; event++) {
    const run = runs[runs.length - 1]
    if (run !== undefined && parcel.follows(run.last, event)) run.last = event
    else runs.push({ first: event, last: event })
  }
  const touched = ({ first, last }: Run): boolean => {
    const touches = (one: Partition): boolean => one.touches(parcel.idBytes(first), parcel.idBytes(last))
    return places.own.some(touches) || (parcel.isDeclared(first) && places.others.some(touches))
  }
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
  return siftOneByOne(parcel, prepared, partition, places)
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

function siftOneByOne(parcel: Parcel, prepared: Prepared, partition: Partition, places: Places): Sifted {
  const kept: number[] = []
  const revisions = new Map<number, string>()
  const duplicates: number[] = []
  const collisions: { event: number; reason: string }[] = []
  const strays = new Set<number>()
  /** What is kept, by id. */
  const here = new Map<string, number>()
  const lineOf = (event: number): Buffer =>
    prepared.lines.subarray(parcel.starts[event]!, parcel.ends[event]!)
  /** All that is stored under an id; whether the id lies in a run of this partition without being in it. */
  const known = (id: string): { found: Found[]; within: boolean } => {
    const found: Found[] = []
    let within = false
    const before = here.get(id)
    if (before !== undefined) {
      const position = parcel.positions[before]!
      found.push({
        leaf: leafOf(prepared.leaves, position),
        line: lineOf(before),
        where: `the same waybill, position ${position}`,
      })
    }
    for (const one of isDeclaredId(id) ? [...places.own, ...places.others] : places.own) {
      const look = one.find(id)
      if (look.found !== null) found.push(look.found)
      else if (look.within && one === partition) within = true
      // Under a minted id there is one event.
      if (found.length > 0 && !isDeclaredId(id)) break
    }
    return { found, within }
  }
  const keep = (event: number, id: string, within: boolean): void => {
    if (within) strays.add(event)
    here.set(id, event)
    kept.push(event)
  }
  for (let event = 0; event < parcel.count; event++) {
    const id = parcel.id(event)
    const leaf = leafOf(prepared.leaves, parcel.positions[event]!)
    const { found, within } = known(id)
    const [first] = found
    if (first === undefined) keep(event, id, within)
    else if (found.some((one) => leaf.equals(one.leaf))) duplicates.push(event)
    else if (isDeclaredId(id)) {
      const revision = revisionEventId(id, leaf)
      const again = known(revision)
      const said = eventOf(lineOf(event))
      if (again.found.length > 0 || found.some(({ line }) => isSameEntry(eventOf(line), said)))
        duplicates.push(event)
      else {
        keep(event, revision, again.within)
        revisions.set(event, revision)
      }
    } else {
      const reason = `event ${id} is stored with another content: leaf ${first.leaf.toString('hex')} of ${first.where}; this one has leaf ${leaf.toString('hex')}`
      collisions.push({ event, reason })
    }
  }
  return { kept, revisions, duplicates, collisions, strays, alone: true }
}

const eventOf = (line: Buffer): AuditEvent => JSON.parse(line.toString('utf8')) as AuditEvent
