import { describe, expect, it } from 'vitest'
import { headerTime } from '../read/syslog/timestamp.ts'
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
    ['2026-01-22T24:00:00Z', '2026-01-23T00:00:00.000Z'],
    ['1601-01-01T00:00:00Z', '1601-01-01T00:00:00.000Z'],
    ['0', '1970-01-01T00:00:00.000Z'],
    ['-1', '1969-12-31T23:59:59.000Z'],
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
    '2026-01-22T24:00:01Z',
    '0000-00-00',
    '0000-00-00 00:00:00',
    '0095-01-22T10:00:00Z',
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
    // A time with a zone keeps that zone.
    expect(read('2026-01-22T10:00:00Z', 'auto', berlin)).toBe('2026-01-22T10:00:00.000Z')
  })

  it('absurd times are told apart', () => {
    const now = Date.UTC(2026, 0, 22)
    expect(isPlausible(Date.UTC(1970, 0, 1), now)).toBe(false)
    expect(isPlausible(Date.UTC(1990, 0, 1), now)).toBe(true)
    expect(isPlausible(now + 86_400_000, now)).toBe(true)
    expect(isPlausible(now + 86_400_001, now)).toBe(false)
  })

  describe('a time without a year is the latest one that is not more than a day ahead, in headers as in records', () => {
    it.each([
      ['2026-01-23T00:00:00Z', 'Jan 22 10:00:00', '2026-01-22T10:00:00.000Z'],
      ['2026-01-23T00:00:00Z', 'Jan 23 23:59:59', '2026-01-23T23:59:59.000Z'],
      ['2026-01-23T00:00:00Z', 'Jan 24 00:00:00', '2026-01-24T00:00:00.000Z'],
      ['2026-01-23T00:00:00Z', 'Jan 24 00:00:01', '2025-01-24T00:00:01.000Z'],
      // The result is not the nearest time, which would be half a year ahead.
      ['2026-09-01T00:00:00Z', 'Nov 29 12:00:00', '2025-11-29T12:00:00.000Z'],
      ['2026-01-01T00:00:30Z', 'Dec 31 23:59:59', '2025-12-31T23:59:59.000Z'],
      ['2025-12-31T23:59:30Z', 'Jan  1 00:00:10', '2026-01-01T00:00:10.000Z'],
      ['2026-01-23T00:00:00Z', 'Feb 29 12:00:00', '2024-02-29T12:00:00.000Z'],
      ['2028-02-28T18:00:00Z', 'Feb 29 12:00:00', '2028-02-29T12:00:00.000Z'],
      ['2028-02-27T18:00:00Z', 'Feb 29 12:00:00', '2024-02-29T12:00:00.000Z'],
    ])('read at %s, %s is %s', (received, text, expected) => {
      const now = Date.parse(received)
      expect(timeReader(['MMM DD HH:mm:ss'], utc).read(text, now)).toBe(Date.parse(expected))
      expect(headerTime(`${text} web-1 app: x`, { received: now, zone: utc })?.time).toBe(
        Date.parse(expected),
      )
      expect(headerTime(`${text}.000 web-1 app: x`, { received: now, zone: utc })?.time).toBe(
        Date.parse(expected),
      )
    })

    it('in zones whose year begins before or after that of UTC, and over the change of clocks', () => {
      const at = (text: string, received: string, zone: LocalTime): number | undefined =>
        headerTime(`${text} web-1 app: x`, { received: Date.parse(received), zone })?.time
      const kiritimati = new LocalTime('Pacific/Kiritimati')
      expect(at('Jan  1 00:30:00', '2025-12-30T12:00:00Z', kiritimati)).toBe(Date.UTC(2025, 11, 31, 10, 30))
      const honolulu = new LocalTime('Pacific/Honolulu')
      expect(at('Dec 31 20:00:00', '2026-01-01T06:00:00Z', honolulu)).toBe(Date.UTC(2026, 0, 1, 6))
      expect(at('Oct 25 02:30:00', '2026-10-25T03:00:00Z', berlin)).toBe(Date.UTC(2026, 9, 25, 0, 30))
      expect(at('Mar 29 02:30:00', '2026-03-29T03:00:00Z', berlin)).toBe(Date.UTC(2026, 2, 29, 1, 30))
    })

    it('NaN where no year has such a day', () => {
      expect(timeReader(['MMM DD HH:mm:ss'], utc).read('Feb 30 12:00:00', NOW)).toBeNaN()
      expect(headerTime('Feb 30 12:00:00 web-1 app: x', { received: NOW, zone: utc })?.time).toBeNaN()
    })
  })
})
