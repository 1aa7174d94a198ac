import { CATEGORIES, type Category, TIERS, type Tier } from '../../schema/index.ts'
import type { StoredBytes, StoredPartition } from '../store/port.ts'
import type { Standing } from './standing.ts'
import type { RetentionTable } from './table.ts'

const DAY = 86_400_000
/** What arrived within it says how fast a category grows. */
const LOOK_BACK = 30 * DAY
/** What arrived in less says nothing about a day. */
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

export interface CategoryUse {
  readonly category: Category
  readonly searchable: number
  readonly archive: number | null
  readonly tiers: readonly TierUse[]
  readonly events: number
  readonly bytes: number
  /** `event.ingested` of the oldest event, ms. */
  readonly oldest: number | null
  /** Bytes that are added in a day, as of late; null where too little has come to tell. */
  readonly perDay: number | null
  /** What it will come to when as much expires as arrives; null where nothing expires. */
  readonly expected: number | null
  /** Past their searchable time, and kept since they are not in the archive. */
  readonly notArchived: readonly WaitingPartition[]
}

export interface StorageReport {
  readonly at: number
  readonly categories: readonly CategoryUse[]
  readonly otherBytes: number
  readonly bytes: number
  readonly disk: StoredBytes['disk']
  /** Bytes by which all categories together grow in a day: those that expire as fast as they grow count for nothing. */
  readonly growth: number | null
  /** In how many days the disk is full at this growth; null where it won't be, or can't be told. */
  readonly fullInDays: number | null
}

export type Judged = { readonly partition: StoredPartition; readonly standing: Standing }

/** What is used, by category and tier, and where that leads. */
export function storageReport(
  { otherBytes, disk }: StoredBytes,
  judged: readonly Judged[],
  {
    table,
    archived,
    now,
  }: { readonly table: RetentionTable; readonly archived: boolean; readonly now: number },
): StorageReport {
  const categories = CATEGORIES.map((category): CategoryUse => {
    const own = judged.filter(({ partition }) => partition.category === category)
    const partitions = own.map(({ partition }) => partition)
    const { searchable, archive } = table[category]
    const perDay = growthOf(partitions, now)
    const expires = archive === null || archived
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
    growth,
    fullInDays: disk === null || growth === null || growth <= 0 ? null : Math.floor(disk.free / growth),
  }
}

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
