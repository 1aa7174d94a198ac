import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lastUntil, nextAfter, parseCron } from './cron.ts'

const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const local = (time: number | null, zone: string): string =>
  time === null
    ? 'never'
    : Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone).toString().slice(0, 22)

function runs(expression: string, zone: string, from: string, count: number): string[] {
  const cron = parseCron(expression)
  const found: string[] = []
  let time: number | null = at(from)
  while (found.length < count && time !== null) {
    time = nextAfter(cron, zone, time)
    found.push(local(time, zone))
  }
  return found
}

describe('a cron expression', () => {
  it.each([
    ['0 6 * * *', ['2026-03-01T06:00:00+00', '2026-03-02T06:00:00+00']],
    ['0 0 1 * *', ['2026-04-01T00:00:00+00', '2026-05-01T00:00:00+00']],
    ['30 7 * * mon', ['2026-03-02T07:30:00+00', '2026-03-09T07:30:00+00']],
    ['0 0 * * 0', ['2026-03-08T00:00:00+00', '2026-03-15T00:00:00+00']],
    ['0 0 * * 7', ['2026-03-08T00:00:00+00', '2026-03-15T00:00:00+00']],
    [
      '*/20 5 1 jan,JUL *',
      [
        '2026-07-01T05:00:00+00',
        '2026-07-01T05:20:00+00',
        '2026-07-01T05:40:00+00',
        '2027-01-01T05:00:00+00',
      ],
    ],
    ['5/30 1-2 2 3 *', ['2026-03-02T01:05:00+00', '2026-03-02T01:35:00+00', '2026-03-02T02:05:00+00']],
    ['0 0 29 2 *', ['2028-02-29T00:00:00+00', '2032-02-29T00:00:00+00']],
    // Either day is enough.
    ['0 0 13 * fri', ['2026-03-06T00:00:00+00', '2026-03-13T00:00:00+00', '2026-03-20T00:00:00+00']],
    ['0 0 */10 * fri', ['2026-05-01T00:00:00+00']],
  ])('%s names %j', (expression, expected) => {
    expect(runs(expression, 'UTC', '2026-03-01T00:00:00Z', expected.length)).toEqual(expected)
  })

  it.each([
    ['0 6 * *', 'five fields'],
    ['0 6 * * * *', 'five fields'],
    ['60 * * * *', '"60" is no minute'],
    ['* 24 * * *', '"24" is no hour'],
    ['* * 0 * *', '"0" is no day of the month'],
    ['* * * foo *', '"foo" is no month'],
    ['* * * * 8', '"8" is no day of the week'],
    ['5-1 * * * *', '"5-1" is no minute'],
    ['*/0 * * * *', '"*/0" is no minute'],
    ['1,, * * * *', '"" is no minute'],
    ['1-2-3 * * * *', '"1-2-3" is no minute'],
    ['0 0 30 feb *', 'no day of any year'],
  ])('%s is refused with a sentence', (expression, said) => {
    expect(() => parseCron(expression)).toThrow(said)
  })
})

describe('where the clock is changed', () => {
  it('a time that does not exist runs once, at the first moment after', () => {
    expect(runs('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T03:00:00+02',
      '2026-03-30T02:30:00+02',
    ])
    expect(runs('30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', 2)).toEqual([
      '2026-03-08T03:00:00-04',
      '2026-03-09T02:30:00-04',
    ])
    // The clocks of Lord Howe move by half an hour.
    expect(runs('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00:00Z', 2)).toEqual([
      '2026-10-04T02:30:00+11',
      '2026-10-05T02:15:00+11',
    ])
    // Each of these is in the gap, or at its end: together they run once.
    expect(runs('0,20,40 2,3 * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z', 3)).toEqual([
      '2026-03-29T03:00:00+02',
      '2026-03-29T03:20:00+02',
      '2026-03-29T03:40:00+02',
    ])
  })

  it('a time that exists twice runs once', () => {
    expect(runs('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T02:30:00+02',
      '2026-10-26T02:30:00+01',
    ])
    expect(runs('30 1 * * *', 'America/New_York', '2026-10-31T12:00:00Z', 2)).toEqual([
      '2026-11-01T01:30:00-04',
      '2026-11-02T01:30:00-05',
    ])
    expect(runs('45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00:00Z', 2)).toEqual([
      '2026-04-05T01:45:00+11',
      '2026-04-06T01:45:00+10',
    ])
  })
})

/** A field of some values, and the text for it. */
const field = (from: number, to: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: 1, max: 20 }).map((step) => `*/${step}`),
    fc
      .array(
        fc
          .tuple(fc.integer({ min: from, max: to }), fc.integer({ min: from, max: to }))
          .map(([a, b]) => (a === b ? String(a) : `${Math.min(a, b)}-${Math.max(a, b)}`)),
        { minLength: 1, maxLength: 3 },
      )
      .map((items) => items.join(',')),
  )

/** The plain meaning of a field, minute by minute. */
function has(part: string, from: number, to: number, value: number): boolean {
  return part.split(',').some((item) => {
    const [range = '', step = '1'] = item.split('/')
    const [first = '', last = first] = range === '*' ? [String(from), String(to)] : range.split('-')
    return value >= Number(first) && value <= Number(last) && (value - Number(first)) % Number(step) === 0
  })
}

const MINUTE = 60_000

describe('any expression, in any zone', () => {
  const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu']
  // Around the changes of the clocks, and between.
  const STARTS = [
    '2026-03-07T00:00:00Z',
    '2026-03-28T00:00:00Z',
    '2026-04-04T00:00:00Z',
    '2026-10-03T00:00:00Z',
    '2026-10-24T00:00:00Z',
    '2026-10-31T00:00:00Z',
    '2027-02-27T00:00:00Z',
  ]
  it('runs at the minutes that a clock on the wall shows first, and once after a gap', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom(...STARTS),
        fc.tuple(field(0, 59), field(0, 23), field(1, 31), fc.constant('*'), field(0, 6)),
        (zone, start, parts) => {
          const from = at(start)
          const to = from + 2 * 24 * 60 * MINUTE
          const cron = parseCron(parts.join(' '))
          const matches = (clock: Temporal.PlainDateTime): boolean => {
            const [minute, hour, day, , weekday] = parts
            const isDay = has(day, 1, 31, clock.day)
            const isWeekday = has(weekday, 0, 6, clock.dayOfWeek % 7)
            const isOn =
              day.startsWith('*') || weekday.startsWith('*') ? isDay && isWeekday : isDay || isWeekday
            return has(minute, 0, 59, clock.minute) && has(hour, 0, 23, clock.hour) && isOn
          }
          const expected: number[] = []
          const shown = new Set<string>()
          let before = Temporal.Instant.fromEpochMilliseconds(from - 180 * MINUTE).toZonedDateTimeISO(zone)
          shown.add(before.toPlainDateTime().toString())
          for (let time = from - 179 * MINUTE; time <= to; time += MINUTE) {
            const now = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone)
            let isDue = false
            // What the clock shows now for the first time: one minute, or all that it skipped.
            for (
              let clock = before.toPlainDateTime().add({ minutes: 1 });
              Temporal.PlainDateTime.compare(clock, now.toPlainDateTime()) <= 0;
              clock = clock.add({ minutes: 1 })
            ) {
              if (!shown.has(clock.toString()) && matches(clock)) isDue = true
              shown.add(clock.toString())
            }
            before = now
            if (isDue && time > from) expected.push(time)
          }
          const found: number[] = []
          for (
            let time = nextAfter(cron, zone, from);
            time !== null && time <= to;
            time = nextAfter(cron, zone, time)
          )
            found.push(time)
          expect(found).toEqual(expected)
          const last = expected.at(-1)
          if (last !== undefined) expect(lastUntil(cron, zone, to)).toBe(last)
        },
      ),
      { numRuns: 40 },
    )
  })
})
