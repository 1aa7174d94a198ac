import { CATEGORIES, type Category, TIERS, type Tier } from '../../schema/index.ts'
import type { StoredBytes, StoredPartition } from '../store/port.ts'
import type { ArchivedCategory, ArchiveUse, Standing } from './standing.ts'
import type { RetentionTable } from './table.ts'

const DAY = 86_400_000
/** The period whose arrivals show how fast a category grows. */
const LOOK_BACK = 30 * DAY
/** A shorter period is too short to estimate a day. */
const LEAST_SPAN = 3_600_000

export interface TierUse {
  readonly tier: Tier
  readonly partitions: number
  readonly events: number
  readonly bytes: number
}

export interface WaitingPartition {
  readonly name: string
  readonly events: number
  readonly bytes: number
  readonly since: number
}

/**
 * - `none`: the table says that it is not archived
 * - `absent`: it should be archived, and the settings name no archive
 * - `failing`: the last run failed
 * - `damaged`: an object of it was damaged when it was last read back
 * - `waiting`: events are past their searchable time and not in the archive yet
 * - `current`: all that should be in the archive is there
 */
export const ARCHIVE_STATUS = ['none', 'absent', 'failing', 'damaged', 'waiting', 'current'] as const
export type ArchiveStatus = (typeof ARCHIVE_STATUS)[number]

export interface CategoryUse {
  readonly category: Category
  readonly searchable: number
  readonly archive: number | null
  readonly tiers: readonly TierUse[]
  readonly events: number
  readonly bytes: number
  /** `event.ingested` of the oldest event, ms. */
  readonly oldest: number | null
  /** Bytes that were added in a day recently; null if there is too little data. */
  readonly perDay: number | null
  /** The bytes at which as much expires as arrives; null if nothing expires. */
  readonly expected: number | null
  /** Partitions past their searchable time that are kept since they are not in the archive. */
  readonly notArchived: readonly WaitingPartition[]
  /** What the archive has of it; null without an archive. */
  readonly archived: ArchivedCategory | null
  readonly archiveStatus: ArchiveStatus
}

export interface StorageReport {
  readonly at: number
  readonly categories: readonly CategoryUse[]
  readonly otherBytes: number
  readonly bytes: number
  readonly disk: StoredBytes['disk']
  /** The archive; null if the settings name none. */
  readonly archive: Pick<ArchiveUse, 'place' | 'capacity' | 'bytes' | 'problem'> | null
  /** Bytes by which all categories together grow in a day: those that expire as fast as they grow count for nothing. */
  readonly growth: number | null
  /** The days until the disk is full at this growth; null if it won't be, or if that is unknown. */
  readonly fullInDays: number | null
}

export type Judged = { readonly partition: StoredPartition; readonly standing: Standing }

/** Reports the used storage, by category and tier, and its expected growth. */
export function storageReport(
  { otherBytes, disk }: StoredBytes,
  judged: readonly Judged[],
  {
    table,
    archive: use,
    expires: isDeleted,
    now,
  }: {
    readonly table: RetentionTable
    readonly archive: ArchiveUse | null
    /** Whether partitions leave the store once they are in the archive. */
    readonly expires: boolean
    readonly now: number
  },
): StorageReport {
  const categories = CATEGORIES.map((category): CategoryUse => {
    const own = judged.filter(({ partition }) => partition.category === category)
    const partitions = own.map(({ partition }) => partition)
    const { searchable, archive } = table[category]
    const perDay = growthOf(partitions, now)
    const expires = archive === null || isDeleted
    const isWaiting = own.some(({ standing }) => standing === 'not-archived')
    const archived = use === null ? null : (use.categories[category] ?? NOTHING)
    return {
      category,
      searchable,
      archive,
      tiers: TIERS.map((tier) => useOf(tier, partitions)).filter(({ partitions: count }) => count > 0),
      events: sum(partitions, 'events'),
      bytes: sum(partitions, 'bytes'),
      oldest: partitions.length === 0 ? null : Math.min(...partitions.map(({ first }) => first)),
      perDay,
      expected: perDay === null || !expires ? null : Math.round((perDay * searchable * 1.1) / DAY),
      notArchived: own
        .filter(({ standing }) => standing === 'not-archived')
        .map(({ partition: { name, events, bytes, last } }) => ({
          name,
          events,
          bytes,
          since: last + searchable,
        })),
      archived,
      archiveStatus:
        archive === null
          ? 'none'
          : use === null || archived === null
            ? 'absent'
            : archived.damaged > 0
              ? 'damaged'
              : use.problem !== null
                ? 'failing'
                : isWaiting
                  ? 'waiting'
                  : 'current',
    }
  })
  const growing = categories.filter(
    ({ expected, oldest, searchable }) => expected === null || oldest === null || oldest > now - searchable,
  )
  const known = growing.flatMap(({ perDay }) => (perDay === null ? [] : [perDay]))
  const growth = known.length === 0 ? null : known.reduce((all, one) => all + one, 0)
  return {
    at: now,
    categories,
    otherBytes,
    bytes: categories.reduce((all, { bytes }) => all + bytes, otherBytes),
    disk,
    archive: use && { place: use.place, capacity: use.capacity, bytes: use.bytes, problem: use.problem },
    growth,
    fullInDays: disk === null || growth === null || growth <= 0 ? null : Math.floor(disk.free / growth),
  }
}

const NOTHING: ArchivedCategory = { objects: 0, events: 0, bytes: 0, damaged: 0 }

const sum = (partitions: readonly StoredPartition[], of: 'events' | 'bytes'): number =>
  partitions.reduce((all, partition) => all + partition[of], 0)

function useOf(tier: Tier, partitions: readonly StoredPartition[]): TierUse {
  const here = partitions.filter((partition) => partition.tier === tier)
  return { tier, partitions: here.length, events: sum(here, 'events'), bytes: sum(here, 'bytes') }
}

function growthOf(partitions: readonly StoredPartition[], now: number): number | null {
  const recent = partitions.filter(({ last }) => last >= now - LOOK_BACK)
  if (recent.length === 0) return null
  const span = now - Math.min(...recent.map(({ first }) => first))
  return span < LEAST_SPAN ? null : Math.round((sum(recent, 'bytes') / span) * DAY)
}
