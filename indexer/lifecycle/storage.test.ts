import { expect, it } from 'vitest'
import type { StoredPartition } from '../store/port.ts'
import type { ArchiveUse } from './standing.ts'
import { type StorageReport, storageReport } from './storage.ts'
import { USUAL_TABLE } from './table.ts'

const DAY = 86_400_000
const NOW = 1000 * DAY
const partition = (more: Partial<StoredPartition>): StoredPartition => ({
  category: 'view',
  name: 'one',
  tier: 'hot',
  events: 10,
  bytes: 1000,
  first: NOW - 3 * DAY,
  last: NOW,
  open: false,
  ...more,
})
const report = (
  partitions: StoredPartition[],
  archived = false,
  archive: ArchiveUse | null = null,
): StorageReport =>
  storageReport(
    { partitions, otherBytes: 5, disk: { total: 1_000_000, free: 100_000 } },
    partitions.map((one) => ({ partition: one, standing: 'kept' })),
    { table: USUAL_TABLE, archive, expires: archived, now: NOW },
  )
const of = ({ categories }: StorageReport, category: string) =>
  categories.find((one) => one.category === category)

it('what is used is told by category and tier', () => {
  const all = report([
    partition({ category: 'change' }),
    partition({ category: 'change', tier: 'warm', bytes: 50 }),
    partition({ category: 'change', tier: 'warm', bytes: 70 }),
    partition({}),
  ])
  expect(of(all, 'change')?.tiers).toEqual([
    { tier: 'hot', partitions: 1, events: 10, bytes: 1000 },
    { tier: 'warm', partitions: 2, events: 20, bytes: 120 },
  ])
  expect(of(all, 'view')).toMatchObject({ events: 10, bytes: 1000, oldest: NOW - 3 * DAY })
  expect(of(all, 'api')).toMatchObject({ tiers: [], events: 0, bytes: 0, oldest: null, perDay: null })
  expect(all.bytes).toBe(2125)
})

it('growth is what the last 30 days brought, and says when the disk is full', () => {
  const all = report([
    partition({ bytes: 3000 }),
    partition({ bytes: 900_000, first: NOW - 50 * DAY, last: NOW - 40 * DAY }),
  ])
  // The older one has had its 30 days: as much expires as arrives.
  expect(of(all, 'view')).toMatchObject({ perDay: 1000, expected: 33_000 })
  expect([all.growth, all.fullInDays]).toEqual([null, null])
  const young = report([partition({ bytes: 3000 })])
  expect([young.growth, young.fullInDays]).toEqual([1000, 100])
})

it('what is never archived and waits for the archive grows for ever', () => {
  const old = partition({ category: 'api', first: NOW - 300 * DAY, last: NOW - 270 * DAY })
  const now = partition({ category: 'api', bytes: 3000 })
  expect(of(report([old, now]), 'api')).toMatchObject({ perDay: 1000, expected: null })
  expect(report([old, now]).fullInDays).toBe(100)
  expect(report([old, now], true).fullInDays).toBeNull()
})

it('less than an hour of events says nothing about a day', () => {
  expect(of(report([partition({ first: NOW - 1000 })]), 'view')?.perDay).toBeNull()
})

it('what the archive has of a category is told with its state', () => {
  const use: ArchiveUse = {
    place: 'the folder /mnt/archive',
    capacity: 50_000,
    bytes: 15_600,
    problem: null,
    categories: {
      security: { objects: 2, events: 40, bytes: 9000, damaged: 0 },
      change: { objects: 1, events: 4, bytes: 600, damaged: 1 },
    },
  }
  const all = report([], true, use)
  expect(all.archive).toMatchObject({ place: 'the folder /mnt/archive', capacity: 50_000, bytes: 15_600 })
  expect(of(all, 'security')).toMatchObject({
    archived: { objects: 2, bytes: 9000 },
    archiveStatus: 'current',
  })
  expect(of(all, 'change')).toMatchObject({ archived: { events: 4 }, archiveStatus: 'damaged' })
  expect(of(all, 'api')).toMatchObject({ archived: { objects: 0 }, archiveStatus: 'current' })
  expect(of(all, 'view')).toMatchObject({ archiveStatus: 'none' })
  expect(of(report([]), 'security')).toMatchObject({ archived: null, archiveStatus: 'absent' })
  expect(of(report([], true, { ...use, problem: 'full' }), 'api')).toMatchObject({ archiveStatus: 'failing' })
  const waiting = storageReport(
    { partitions: [], otherBytes: 0, disk: null },
    [{ partition: partition({ category: 'api' }), standing: 'not-archived' }],
    { table: USUAL_TABLE, archive: use, expires: true, now: NOW },
  )
  expect(of(waiting, 'api')).toMatchObject({ archiveStatus: 'waiting' })
})
