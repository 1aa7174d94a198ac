import { expect, it } from 'vitest'
import type { StoredPartition } from '../store/port.ts'
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
const report = (partitions: StoredPartition[], archived = false): StorageReport =>
  storageReport(
    { partitions, otherBytes: 5, disk: { total: 1_000_000, free: 100_000 } },
    partitions.map((one) => ({ partition: one, standing: 'kept' })),
    { table: USUAL_TABLE, archived, now: NOW },
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
