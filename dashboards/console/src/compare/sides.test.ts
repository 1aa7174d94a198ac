import { describe, expect, it } from 'vitest'
import { isSide, periodBefore, queryOfSide, readSide, rowsOf, writeSide } from './sides.ts'

const counted = (counts: Record<string, number>, others = 0) => ({
  buckets: Object.entries(counts).map(([key, count]) => ({ key, count })),
  others,
})

describe('a side of a comparison', () => {
  it('is read from the address as it was written, also with signs in its value', () => {
    for (const text of ['', 'user:anna', 'record:C-1', 'user:DOMAIN\\anna: "x"'])
      expect(writeSide(readSide(text))).toBe(text)
    expect(isSide('user:anna')).toBe(true)
    expect(isSide('user:')).toBe(false)
    expect(isSide('nobody')).toBe(false)
  })

  it('finds the events of its user, of its record, or all', () => {
    expect(queryOfSide(readSide('user:an"na'))).toBe('user.name: "an\\"na"')
    expect(queryOfSide(readSide('record:C-1'))).toBe('audit.entity.id: "C-1"')
    expect(queryOfSide(readSide(''))).toBe('')
  })
})

it('the period before has the same length, and ends where the period begins', () => {
  expect(periodBefore('1700000000000..1700000600000', 9000)).toBe('1699999400000..1700000000000')
  expect(periodBefore('now-1h', 1_700_007_200_000)).toBe('1700000000000..1700003600000')
  expect(periodBefore('all', 9000)).toBe('all')
})

describe('two counts', () => {
  it('are compared value by value, what differs most first, and say what only one has', () => {
    expect(
      rowsOf(counted({ login: 5, export: 1, view: 3 }), counted({ login: 5, view: 40, delete: 2 })),
    ).toEqual([
      { key: 'view', one: 3, other: 40, only: null },
      { key: 'delete', one: 0, other: 2, only: 'other' },
      { key: 'export', one: 1, other: 0, only: 'one' },
      { key: 'login', one: 5, other: 5, only: null },
    ])
  })

  it('do not call a value missing that is only not among the most frequent ones', () => {
    expect(rowsOf(counted({ login: 5 }), counted({ view: 9 }, 20))).toEqual([
      { key: 'view', one: 0, other: 9, only: 'other' },
      { key: 'login', one: 5, other: null, only: null },
    ])
  })
})
