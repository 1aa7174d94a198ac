import { expect, test } from 'vitest'
import { FIRST_PACE, MOST_IN_FLIGHT, nextPace, type Pace, type Trip } from './bulk.ts'

const MIB = 1024 * 1024
const after = (pace: Pace, trips: readonly Partial<Trip>[]): Pace =>
  trips.reduce((now: Pace, trip) => nextPace(now, { ms: 100, bytes: MIB, refused: false, ...trip }), pace)
const times = (n: number, trip: Partial<Trip>): Partial<Trip>[] => Array.from({ length: n }, () => trip)

test('a cluster that answers as fast as ever gets one more request after each round, up to the most', () => {
  expect(after(FIRST_PACE, times(2, {})).limit).toBe(3)
  expect(after(FIRST_PACE, times(5, {})).limit).toBe(4)
  expect(after(FIRST_PACE, times(1000, {})).limit).toBe(MOST_IN_FLIGHT)
})

test('a request turned away halves what is in flight, and one always stays', () => {
  const fast = after(FIRST_PACE, times(1000, {}))
  expect(after(fast, [{ refused: true }]).limit).toBe(MOST_IN_FLIGHT / 2)
  expect(after(fast, times(10, { refused: true })).limit).toBe(1)
})

test('requests that wait in the cluster take some away again', () => {
  const fast = after(FIRST_PACE, times(1000, {}))
  expect(after(fast, times(3, { ms: 400 })).limit).toBe(MOST_IN_FLIGHT - 3)
})

test('a larger request may take longer', () => {
  const fast = after(FIRST_PACE, times(1000, {}))
  expect(after(fast, times(3, { ms: 400, bytes: 4 * MIB })).limit).toBe(MOST_IN_FLIGHT)
})

test('a cluster that has become slower for good is the new measure in time', () => {
  const slow = after(after(FIRST_PACE, times(1000, {})), times(2000, { ms: 400 }))
  expect(slow.limit).toBe(MOST_IN_FLIGHT)
})
