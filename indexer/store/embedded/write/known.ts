import { type AuditEvent, isDeclaredId, isSameEntry } from '../../../../schema/index.ts'
import type { Renaming } from '../../port.ts'
import { renamedId } from '../../renamed.ts'
import type { Renamed } from '../disk/index.ts'
import type { Found, Partition } from './partition.ts'
import { leafOf, type Prepared } from './prepare.ts'
import type { PreparedEvents } from './prepared-events.ts'

/** The sifted events of a parcel. Numbers are those of the parcel's events. */
export interface Sifted {
  readonly kept: readonly number[]
  /** Kept events whose id is known with another content or from another agent, with the ids under which they are kept. */
  readonly revisions: ReadonlyMap<number, Renamed>
  readonly duplicates: readonly number[]
  readonly collisions: readonly { readonly event: number; readonly reason: string }[]
  /** Kept events whose ids lie within a run that is there. */
  readonly strays: ReadonlySet<number>
  /** The kept events must not be joined to runs. */
  readonly alone: boolean
}

const NO_REVISIONS: ReadonlyMap<number, Renamed> = new Map()
const NO_STRAYS: ReadonlySet<number> = new Set()

/** The partitions that may already have events of a parcel: those of its category, and those of other categories for declared ids. */
export interface Places {
  readonly own: readonly Partition[]
  readonly others: readonly Partition[]
}

/**
 * Separates new events from those that a category has already, in any of its partitions. The ids of a batch are mostly a few ascending
 * runs. If a run touches no stored run, all its events are new, and that costs one lookup a run and partition. A record with a declared id
 * may have moved to another category, so such ids are looked up in all categories.
 */
export function sift(
  parcel: PreparedEvents,
  prepared: Prepared,
  partition: Partition,
  places: Places,
): Sifted {
  const runs = runsOf(parcel)
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

function allOf({ count }: PreparedEvents): number[] {
  const events = new Array<number>(count)
  for (let event = 0; event < count; event++) events[event] = event
  return events
}

/** Consecutive events of one source and generation whose ids ascend, by the events' numbers. */
interface Run {
  readonly first: number
  last: number
}

export function runsOf(parcel: PreparedEvents): Run[] {
  const runs: Run[] = []
  for (let event = 0; event < parcel.count; event++) {
    const run = runs[runs.length - 1]
    if (run !== undefined && parcel.follows(run.last, event)) run.last = event
    else runs.push({ first: event, last: event })
  }
  return runs
}

/** Whether two runs of the batch itself overlap. */
export function overlap(runs: readonly Run[], parcel: PreparedEvents): boolean {
  const sorted = runs.toSorted((a, b) => parcel.compareIds(a.first, b.first))
  return sorted.some((run, i) => i > 0 && parcel.compareIds(run.first, sorted[i - 1]!.last) <= 0)
}

function siftOneByOne(
  parcel: PreparedEvents,
  prepared: Prepared,
  partition: Partition,
  places: Places,
): Sifted {
  const kept: number[] = []
  const revisions = new Map<number, Renamed>()
  const duplicates: number[] = []
  const collisions: { event: number; reason: string }[] = []
  const strays = new Set<number>()
  /** The kept events, by id. */
  const here = new Map<string, number>()
  const lineOf = (event: number): Buffer =>
    prepared.lines.subarray(parcel.starts[event]!, parcel.ends[event]!)
  /** Returns everything that is stored under an id, and whether the id lies within a run of this partition without being in it. */
  const known = (id: string): { found: Found[]; within: boolean } => {
    const found: Found[] = []
    let within = false
    const before = here.get(id)
    if (before !== undefined) {
      const position = parcel.positions[before]!
      found.push({
        agent: prepared.agent,
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
  const ofThisAgent = (found: readonly Found[]): readonly Found[] =>
    found.filter(({ agent }) => agent === prepared.agent)
  const rename = (event: number, how: Renaming): boolean => {
    const id = renamedId(lineOf(event), how)
    const { found, within } = known(id)
    if (ofThisAgent(found).length > 0) return false
    // An event that another agent made under this derived id is not this agent's event.
    if (found.length > 0) return how !== 'own-revision' && rename(event, 'own-revision')
    keep(event, id, within)
    revisions.set(event, { id, how })
    return true
  }
  const renameOrDuplicate = (event: number, how: Renaming): void => {
    if (!rename(event, how)) duplicates.push(event)
  }
  for (let event = 0; event < parcel.count; event++) {
    const id = parcel.id(event)
    const leaf = leafOf(prepared.leaves, parcel.positions[event]!)
    const { found, within } = known(id)
    if (found.length === 0) {
      keep(event, id, within)
      continue
    }
    const saysTheSame = (ones: readonly Found[]): boolean => {
      if (ones.some((one) => leaf.equals(one.leaf))) return true
      const said = eventOf(lineOf(event))
      return ones.some(({ line }) => isSameEntry(eventOf(line), said))
    }
    let own = ofThisAgent(found)
    if (own.length === 0 && isDeclaredId(id) && prepared.authorship?.shares(eventOf(lineOf(event))) === true)
      own = found
    const [first] = own
    if (first === undefined) {
      // The id belongs to another agent: this agent's events are compared under an id of its own.
      const before = ofThisAgent(known(renamedId(lineOf(event), 'own')).found)
      if (before.length === 0) renameOrDuplicate(event, 'own')
      else if (saysTheSame(before)) duplicates.push(event)
      else renameOrDuplicate(event, 'own-revision')
    } else if (isDeclaredId(id)) {
      if (saysTheSame(own)) duplicates.push(event)
      else renameOrDuplicate(event, 'revision')
    } else if (own.some((one) => leaf.equals(one.leaf))) duplicates.push(event)
    else {
      const reason = `event ${id} is stored with another content: leaf ${first.leaf.toString('hex')} of ${first.where}; this one has leaf ${leaf.toString('hex')}`
      collisions.push({ event, reason })
    }
  }
  return { kept, revisions, duplicates, collisions, strays, alone: true }
}

const eventOf = (line: Buffer): AuditEvent => JSON.parse(line.toString('utf8')) as AuditEvent
