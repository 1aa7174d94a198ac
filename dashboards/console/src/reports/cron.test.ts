import { describe, expect, it } from 'vitest'
import { cronInWords, cronOf, nextTime, readCron, simpleOf } from './cron.ts'

const words = (text: string): string | null => {
  const cron = readCron(text)
  return cron === null ? null : cronInWords(cron)
}

describe('times of a schedule in words', () => {
  it.each([
    ['0 6 * * *', 'Every day at 06:00.'],
    ['0 6 1 * *', 'On the 1st of each month at 06:00.'],
    ['0 6 * * mon', 'Every Monday at 06:00.'],
    ['30 18 * * 1-5', 'Every day from Monday to Friday at 18:30.'],
    ['0 6,18 * * mon,thu', 'Every Monday and Thursday at 06:00 and 18:00.'],
    ['0 7 1,15,22 1,4,7,10 *', 'On the 1st, 15th and 22nd of January, April, July and October at 07:00.'],
    ['0 6 13 * fri', 'On the 13th of each month, and every Friday, at 06:00.'],
    [
      '0 6 */2 * fri',
      'On the 1st, 3rd, 5th, 7th, 9th, 11th, 13th, 15th, 17th, 19th, 21st, 23rd, 25th, 27th, 29th and 31st of each month if it is Friday, at 06:00.',
    ],
    ['0 * * * *', 'Every day each hour, on the hour.'],
    ['*/15 8-17 * * 0', 'Every Sunday at minute 0, 15, 30 and 45 of each hour from 08 to 17.'],
    ['* * * 2 *', 'Every day in February each minute of each hour.'],
  ])('%s: %s', (text, said) => {
    expect(words(text)).toBe(said)
  })

  it.each([
    '',
    '0 6 * *',
    '0 24 * * *',
    '60 6 * * *',
    '0 6 0 * *',
    '0 6 * * noday',
    '0 6 5-1 * *',
    '0/0 6 * * *',
  ])('"%s" is none', (text) => {
    expect(readCron(text)).toBeNull()
  })
})

describe('the next time', () => {
  const next = (text: string, zone: string, now: string): string | null => {
    const cron = readCron(text)
    const at = cron === null ? null : nextTime(cron, zone, Date.parse(now))
    return at === null ? null : new Date(at).toISOString()
  }

  it('is on the clock of the zone', () => {
    expect(next('0 6 1 * *', 'Europe/Berlin', '2026-11-30T12:00Z')).toBe('2026-12-01T05:00:00.000Z')
    expect(next('0 6 * * mon', 'America/New_York', '2026-11-30T12:00Z')).toBe('2026-12-07T11:00:00.000Z')
  })

  it('that the clock skips is when the clock goes on; one that it shows twice is once', () => {
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-03-29T00:00Z')).toBe('2026-03-29T01:00:00.000Z')
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-10-25T00:00Z')).toBe('2026-10-25T00:30:00.000Z')
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-10-25T00:45Z')).toBe('2026-10-26T01:30:00.000Z')
  })

  it('may be years away, or never', () => {
    expect(next('0 0 29 2 *', 'UTC', '2026-11-30T12:00Z')).toBe('2028-02-29T00:00:00.000Z')
    expect(next('0 0 30 2 *', 'UTC', '2026-11-30T12:00Z')).toBeNull()
  })
})

it('times that the form has controls for are the same after they were read and written', () => {
  for (const text of ['0 6 * * *', '30 18 * * mon', '0 0 * * sun', '5 7 31 * *']) {
    const cron = readCron(text)
    const simple = cron === null ? null : simpleOf(cron)
    expect(simple === null ? null : cronOf(simple)).toBe(text)
  }
  for (const text of ['0 6,7 * * *', '0 6 1 1 *', '0 6 1 * mon', '0 6 * * 1-5']) {
    const cron = readCron(text)
    expect(cron === null ? null : simpleOf(cron)).toBeNull()
  }
})
