import { describe, expect, it } from 'vitest'
import { isPlausible, LocalTime, patternProblem, timeReader } from './time.ts'

const NOW = Date.UTC(2026, 0, 23)
const utc = new LocalTime('UTC')
const berlin = new LocalTime('Europe/Berlin')
const read = (text: string, format = 'auto', zone = utc): string | null => {
  const time = timeReader([format], zone).read(text, NOW)
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}

describe('times as sources write them', () => {
  it.each([
    ['2026-01-22T10:45:32.123Z', '2026-01-22T10:45:32.123Z'],
    ['2026-01-22T10:45:32.123999999Z', '2026-01-22T10:45:32.123Z'],
    ['2026-01-22 10:45:32', '2026-01-22T10:45:32.000Z'],
    ['2026-01-22 10:45:32,5 UTC', '2026-01-22T10:45:32.500Z'],
    ['2026/01/22 10:45', '2026-01-22T10:45:00.000Z'],
    ['2026-01-22T10:45:32+0530', '2026-01-22T05:15:32.000Z'],
    ['2026-01-22T10:45:32-08', '2026-01-22T18:45:32.000Z'],
    ['20260122T104532Z', '2026-01-22T10:45:32.000Z'],
    ['2026-01-22', '2026-01-22T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['1769078732', '2026-01-22T10:45:32.000Z'],
    ['1769078732.123', '2026-01-22T10:45:32.123Z'],
    ['1769078732123', '2026-01-22T10:45:32.123Z'],
    ['1769078732123456', '2026-01-22T10:45:32.123Z'],
    ['1769078732123456789', '2026-01-22T10:45:32.123Z'],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected)
  })

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-13-01',
    '2026-01-22T24:00:00Z',
    '2026-01-22T10:61:00Z',
    '2026-01/22',
    'yesterday',
    '',
    '1e9',
    '2026-01-22T10:45:32Zx',
  ])('%s is none', (text) => {
    expect(read(text)).toBe(null)
  })

  it('patterns of the operator', () => {
    expect(read('22.01.2026 10:45:32', 'DD.MM.YYYY HH:mm:ss', berlin)).toBe('2026-01-22T09:45:32.000Z')
    expect(read('Jan 5, 2026 12:05 AM', 'MMM DD, YYYY hh:mm A')).toBe('2026-01-05T00:05:00.000Z')
    expect(read('January 5, 2026 12:05 pm', 'MMM DD, YYYY hh:mm A')).toBe('2026-01-05T12:05:00.000Z')
    expect(read('5/1/2026 7:05:09.25 +0100', 'DD/MM/YYYY HH:mm:ss.SSS Z')).toBe('2026-01-05T06:05:09.250Z')
    expect(read('32.01.2026 10:45:32', 'DD.MM.YYYY HH:mm:ss')).toBe(null)
    expect(read('05.Foo.2026', 'DD.MMM.YYYY')).toBe(null)
    expect(patternProblem('HH:mm')).toContain('needs MM')
    expect(patternProblem('YYYY-MM-DD YYYY')).toContain('twice')
  })

  it('local times: winter, summer, the hour that is skipped and the hour that comes twice', () => {
    expect(read('2026-01-22 10:00:00', 'auto', berlin)).toBe('2026-01-22T09:00:00.000Z')
    expect(read('2026-07-22 10:00:00', 'auto', berlin)).toBe('2026-07-22T08:00:00.000Z')
    expect(read('2026-03-29 01:59:59', 'auto', berlin)).toBe('2026-03-29T00:59:59.000Z')
    expect(read('2026-03-29 02:30:00', 'auto', berlin)).toBe('2026-03-29T01:30:00.000Z')
    expect(read('2026-03-29 03:00:00', 'auto', berlin)).toBe('2026-03-29T01:00:00.000Z')
    expect(read('2026-10-25 02:30:00', 'auto', berlin)).toBe('2026-10-25T00:30:00.000Z')
    expect(read('2026-10-25 03:00:00', 'auto', berlin)).toBe('2026-10-25T02:00:00.000Z')
    expect(read('2026-01-22 10:00:00', 'auto', new LocalTime('Asia/Kathmandu'))).toBe(
      '2026-01-22T04:15:00.000Z',
    )
    // A time that says its zone has that zone.
    expect(read('2026-01-22T10:00:00Z', 'auto', berlin)).toBe('2026-01-22T10:00:00.000Z')
  })

  it('absurd times are told apart', () => {
    const now = Date.UTC(2026, 0, 22)
    expect(isPlausible(Date.UTC(1970, 0, 1), now)).toBe(false)
    expect(isPlausible(Date.UTC(1990, 0, 1), now)).toBe(true)
    expect(isPlausible(now + 86_400_000, now)).toBe(true)
    expect(isPlausible(now + 86_400_001, now)).toBe(false)
  })
})
