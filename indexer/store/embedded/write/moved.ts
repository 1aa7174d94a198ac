import { leafHash, OperatorError, sha256 } from '../../../../schema/index.ts'
import type { Manifest } from '../../../../schema/wire/index.ts'
import type {
  BatchAdditions,
  Consignment,
  KeptLine,
  KeptWaybill,
  StoreBatch,
  WriteResult,
} from '../../port.ts'
import { renamedId } from '../../renamed.ts'
import type { KeptLeaves, Renamed } from '../disk/index.ts'
import { overlap, runsOf, type Sifted } from './known.ts'
import type { Partition } from './partition.ts'
import type { PreparedEvents } from './prepared-events.ts'

/** A waybill of another store as a batch: its lines are those that are stored there, and their fates are decided. */
export interface MovedBatch {
  readonly batch: StoreBatch
  readonly lines: readonly KeptLine[]
  readonly result: WriteResult
  readonly kept: KeptLeaves
}

export function movedBatch(
  waybill: KeptWaybill,
  lines: readonly KeptLine[],
  additions: BatchAdditions | undefined,
): MovedBatch {
  const { manifest, signature, at, result, leaves, sealed, fates } = waybill
  const read = JSON.parse(manifest.toString('utf8')) as Manifest
  const all = new Map([...leaves, ...sealed])
  for (const { position, line } of lines) if (!all.has(position)) all.set(position, leafHash(line))
  const positions = [...all.keys()].sort((a, b) => a - b)
  return {
    lines,
    result,
    kept: {
      // Of a waybill whose lines have all expired, an older store may have no hashes.
      positions: positions.length === read.events ? null : positions,
      hashes: Buffer.concat(positions.map((position) => all.get(position)!)),
      fates,
    },
    batch: {
      manifest: read,
      hash: sha256(manifest),
      manifestBytes: manifest,
      signature,
      ...linesOf(lines),
      ingested: at,
      ...(additions !== undefined && { additions }),
    },
  }
}

/** Lines and their leaf hashes one behind the other. */
export const linesOf = (lines: readonly KeptLine[]): { lines: Buffer; leaves: Buffer } => ({
  lines: Buffer.concat(lines.flatMap(({ line }) => [line, NEWLINE])),
  leaves: Buffer.concat(lines.map(({ line }) => leafHash(line))),
})

const NEWLINE = Buffer.from('\n')

/** The additions of these lines by their place in this list; undefined if there are none. */
export function additionsOf(lines: readonly KeptLine[]): BatchAdditions | undefined {
  const added = lines.flatMap(({ additions }, index) => (additions === '' ? [] : [{ index, additions }]))
  if (added.length === 0) return undefined
  return {
    positions: Uint32Array.from(added, ({ index }) => index),
    lines: Buffer.from(added.map(({ additions }) => additions).join('\n')),
  }
}

/** Gives the events of a parcel their places in their own waybill, in place of those in the list. */
export function setPositions(parcel: PreparedEvents, lines: readonly KeptLine[]): readonly KeptLine[] {
  const its: KeptLine[] = []
  for (let event = 0; event < parcel.count; event++) {
    const line = lines[parcel.positions[event]!]!
    parcel.positions[event] = line.position
    its.push(line)
  }
  return its
}

/** Keeps the events that are not here yet, under the ids that they had. */
export function siftMoved(parcel: PreparedEvents, lines: readonly KeptLine[], partition: Partition): Sifted {
  const revisions = new Map<number, Renamed>()
  for (const [event, { line, renamed }] of lines.entries())
    if (renamed !== null) revisions.set(event, { id: renamedId(line, renamed), how: renamed })
  const events = Array.from({ length: parcel.count }, (_, event) => event)
  const runs = runsOf(parcel)
  const isNew =
    revisions.size === 0 &&
    !overlap(runs, parcel) &&
    !runs.some(({ first, last }) => partition.touches(parcel.idBytes(first), parcel.idBytes(last)))
  const nothing = { duplicates: [], collisions: [], revisions }
  if (isNew) return { ...nothing, kept: events, strays: new Set(), alone: false }
  const kept: number[] = []
  const strays = new Set<number>()
  const here = new Set<string>()
  for (const event of events) {
    const id = revisions.get(event)?.id ?? parcel.id(event)
    const { found, within } = partition.find(id)
    if (found !== null || here.has(id)) {
      revisions.delete(event)
      continue
    }
    here.add(id)
    kept.push(event)
    if (within) strays.add(event)
  }
  return { ...nothing, kept, strays, alone: true }
}

/** A line of another store that this version would not store. */
export const refusedMove = (
  { agent, incarnation, sequence }: Pick<Consignment, 'agent' | 'incarnation' | 'sequence'>,
  position: number,
  reason: string,
): OperatorError =>
  new OperatorError(
    'WB-MOVE-REFUSED',
    `the event at position ${position} of waybill ${sequence} of ${agent}, incarnation ${incarnation}, can't be stored: ${reason}`,
  )
