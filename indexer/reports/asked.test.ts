import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PERIODS } from '../../schema/api/index.ts'
import { lastPeriod, listText, spanOf } from './asked.ts'

const at = (text: string): number => Date.parse(text)
const span = (from: string, to: string) => ({ from: at(from), to: at(to) })

test.each([
  ['day', '2026-03-30T10:00:00Z', 'Europe/Berlin', span('2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z')],
  ['week', '2026-11-30T00:30:00Z', 'UTC', span('2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z')],
  // On this clock it is Sunday still.
  ['week', '2026-11-30T00:30:00Z', 'America/New_York', span('2026-11-16T05:00:00Z', '2026-11-23T05:00:00Z')],
  ['month', '2026-03-01T00:00:00Z', 'UTC', span('2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z')],
  ['quarter', '2026-02-14T00:00:00Z', 'UTC', span('2025-10-01T00:00:00Z', '2026-01-01T00:00:00Z')],
  ['year', '2026-02-14T00:00:00Z', 'UTC', span('2025-01-01T00:00:00Z', '2026-01-01T00:00:00Z')],
] as const)('the last %s at %s in %s is over, and whole', (period, now, zone, expected) => {
  expect(lastPeriod(period, at(now), zone)).toEqual(expected)
})

test('periods follow each other without a gap, whatever the clock does', () => {
  const zone = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'America/Sao_Paulo',
  )
  const time = fc.integer({ min: at('2015-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') })
  fc.assert(
    fc.property(fc.constantFrom(...PERIODS), time, zone, (period, now, zone) => {
      const last = lastPeriod(period, now, zone)
      expect(last.to).toBeLessThanOrEqual(now)
      expect(lastPeriod(period, last.to, zone)).toEqual(last)
      expect(lastPeriod(period, last.to - 1, zone).to).toBe(last.from)
    }),
  )
})

test('a date begins on the clock of the zone, and as an end it includes that day', () => {
  const now = at('2026-06-01T00:00:00Z')
  expect(spanOf({ from: '2026-01-01', to: '2026-01-31' }, now, 'America/New_York')).toEqual(
    span('2026-01-01T05:00:00Z', '2026-02-01T05:00:00Z'),
  )
  expect(spanOf({ from: '2026-01-01T00:00:00Z', to: 'now' }, now, 'UTC')).toEqual(
    span('2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z'),
  )
  expect(spanOf({}, now, 'UTC')).toEqual(span('2026-05-01T00:00:00Z', '2026-06-01T00:00:00Z'))
})

test.each([
  [{ last: 'month', from: '2026-01-01' } as const, 'either `last`, or `from` and `to`'],
  [{ from: '2026-02-01', to: '2026-01-01' }, 'expected a time before `to`'],
  [{ from: 'some day' }, 'from:'],
])('%j is refused with a sentence', (parameters, said) => {
  expect(() => spanOf(parameters, at('2026-06-01T00:00:00Z'), 'UTC')).toThrow(said)
})

test('a zone that there is not is refused with an example', () => {
  expect(() => spanOf({ last: 'day' }, 0, 'Mars/North')).toThrow('such as Europe/Berlin')
})

test('a list is a text that people read', () => {
  expect(listText([])).toBe('')
  expect(listText(['a'])).toBe('a')
  expect(listText(['a', 'b', 'c'])).toBe('a, b and c')
  expect(
    listText(
      Array.from({ length: 13 }, (_, i) => `${i}`),
      'or',
    ),
  ).toBe('0, 1, 2, 3, 4, 5, 6, 7, 8, 9 or 3 more')
})
