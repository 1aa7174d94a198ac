import { expect, test } from 'vitest'
import { type Room, SharedBuffers } from './shared-buffers.ts'

const USUAL = 3_500_000

test('a room is used by one batch at a time, and again when it was given back', () => {
  const rooms = new SharedBuffers()
  const first = rooms.take(USUAL)
  const second = rooms.take(USUAL)
  expect(first).not.toBeNull()
  expect(second).not.toBe(first)
  rooms.give(first)
  expect(rooms.take(USUAL)).toBe(first)
})

test('a batch that fits in no room goes without, and takes nobody else’s', () => {
  const rooms = new SharedBuffers()
  const room = rooms.take(8 * 1024 * 1024)
  expect(room?.byteLength).toBe(8 * 1024 * 1024)
  expect(rooms.take(8 * 1024 * 1024 + 1)).toBeNull()
})

test('there are never more than a few, however many batches are in hand', () => {
  const rooms = new SharedBuffers()
  const taken = Array.from({ length: 40 }, () => rooms.take(USUAL))
  const given = taken.filter((room): room is Room => room !== null)
  expect(given).toHaveLength(16)
  for (const room of taken) rooms.give(room)
  expect(given).toContain(rooms.take(USUAL))
})
