import { expect, it } from 'vitest'
import { lastPeriod } from '../index.ts'

const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds

it.each([
  ['day', 'UTC', '2026-11-30T06:00:00Z', '2026-11-29T00:00:00Z', '2026-11-30T00:00:00Z'],
  ['day', 'Europe/Berlin', '2026-03-30T04:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  ['week', 'UTC', '2026-11-30T06:00:00Z', '2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z'],
  ['week', 'UTC', '2026-11-29T23:59:59Z', '2026-11-16T00:00:00Z', '2026-11-23T00:00:00Z'],
  ['month', 'America/New_York', '2026-12-01T05:00:00Z', '2026-11-01T04:00:00Z', '2026-12-01T05:00:00Z'],
  ['month', 'UTC', '2026-03-31T12:00:00Z', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'],
  ['quarter', 'UTC', '2026-02-28T00:00:00Z', '2025-10-01T00:00:00Z', '2026-01-01T00:00:00Z'],
  ['year', 'Asia/Tokyo', '2026-06-01T00:00:00Z', '2024-12-31T15:00:00Z', '2025-12-31T15:00:00Z'],
  // Midnight did not exist on this day.
  ['day', 'Asia/Beirut', '2026-03-30T12:00:00Z', '2026-03-28T22:00:00Z', '2026-03-29T21:00:00Z'],
] as const)('the last %s in %s at %s is from %s to %s', (period, zone, time, from, to) => {
  expect(lastPeriod(period, at(time), zone)).toEqual({ from: at(from), to: at(to) })
})
