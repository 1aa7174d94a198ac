import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../schema/index.ts'
import { type Alert, alertsOf, type ParsedRule, parseRule, RuleJudge } from './index.ts'

const MINUTE = 60_000
const START = Date.parse('2026-01-22T10:00:00Z')

const ruleWith = (
  condition: string,
  { group = '[user.name]', throttle = '1s', more = '' } = {},
): ParsedRule =>
  parseRule(
    `name: n
about: a
query: "action: login"
group-by: ${group}
condition: ${condition}
priority: low
channels: [security]
message: "{user.name} from {source.ip}, {count} times"
throttle: ${throttle}
response: r
${more}
examples:
  - { is: fires, fires: 1, events: [{ at: 2026-01-22T10:00:00Z }] }
  - { is: does not, fires: 0 }
`,
    'a-rule.yml',
  )

let number = 0
const login = (at: number, { user = 'jane', ...more }: { user?: string } & AuditEvent = {}): AuditEvent => ({
  '@timestamp': new Date(at).toISOString(),
  event: { id: `e${++number}`, action: 'Login' },
  user: { name: user },
  ...more,
})
const judged = (rule: ParsedRule, events: readonly AuditEvent[], zone = 'UTC'): Alert[] =>
  alertsOf(rule, events, { zone })

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const timesOf = (alerts: readonly Alert[]): number[] => alerts.map(({ at }) => at)

describe('a condition that has to last', () => {
  const rule = ruleWith('{ count: { at-least: 2, within: 5m, for: 10m } }')
  const every = (minutes: readonly number[]): AuditEvent[] =>
    minutes.map((minute) => login(START + minute * MINUTE))

  it('fires once it has held for that time, and not a minute earlier', () => {
    expect(timesOf(judged(rule, every([0, 4, 8, 12, 13])))).toEqual([])
    expect(timesOf(judged(rule, every([0, 4, 8, 12, 14])))[0]).toBe(START + 14 * MINUTE)
  })

  it('begins anew after a pause, and after an event that does not meet it', () => {
    expect(judged(rule, every([0, 4, 8, 14, 18, 22]))).toEqual([])
    expect(timesOf(judged(rule, every([0, 4, 8, 14, 18, 22, 26, 28])))).toEqual([START + 28 * MINUTE])
  })
})

describe('a rule about rare values', () => {
  const rule = ruleWith('{ rare-value: { field: source.ip, at-most: 2, within: 30d } }', { throttle: '1m' })
  const from = (ip: string, day: number): AuditEvent => login(START + day * DAY, { source: { ip } })

  it('fires while the group had the value at most this many times, and knows others', () => {
    const often = Array.from({ length: 6 }, (_, day) => from('192.0.2.1', day))
    const rare = [7, 8, 9, 10].map((day) => from('192.0.2.9', day))
    expect(timesOf(judged(rule, [...often, ...rare]))).toEqual(
      [1, 2, 7, 8, 9].map((day) => START + day * DAY),
    )
  })

  it('forgets what is longer ago', () => {
    const events = [from('192.0.2.1', 0), from('192.0.2.1', 1), from('192.0.2.1', 2), from('192.0.2.1', 31.5)]
    expect(timesOf(judged(rule, events)).at(-1)).toBe(START + 31.5 * DAY)
  })
})

describe('a rule about a ratio', () => {
  const rule = ruleWith('{ ratio: { at-least: 3, minimum: 4, weeks: 2 } }', { throttle: '2h' })
  const times = (count: number, at: number): AuditEvent[] =>
    Array.from({ length: count }, (_, i) => login(at + i * MINUTE))

  it('fires with the event that makes it this many times the usual of that hour', () => {
    const past = [...times(3, START - 14 * DAY), ...times(1, START - 7 * DAY)]
    expect(timesOf(judged(rule, [...past, ...times(5, START)]))).toEqual([])
    expect(timesOf(judged(rule, [...past, ...times(6, START)]))).toEqual([START + 5 * MINUTE])
  })

  it('fires at the minimum where there was nothing in that hour, and never without a past', () => {
    const elsewhere = times(2, START - 9 * DAY)
    expect(timesOf(judged(rule, [...elsewhere, ...times(9, START)]))).toEqual([START + 3 * MINUTE])
    expect(judged(rule, times(50, START))).toEqual([])
  })

  it('counts within the hour of the clock', () => {
    const past = times(2, START - 7 * DAY)
    const around = Array.from({ length: 6 }, (_, i) => login(START + HOUR + (i - 3) * MINUTE))
    expect(judged(rule, [...past, ...around])).toEqual([])
  })

  it('means the same hour of the clock, also where the clock was set in between', () => {
    const winter = Date.parse('2026-03-27T10:05:00Z')
    const summer = Date.parse('2026-04-03T09:05:00Z')
    const events = [...times(2, winter - 7 * DAY), ...times(2, winter), ...times(5, summer)]
    expect(timesOf(judged(rule, events, 'Europe/Berlin'))).toEqual([])
    expect(timesOf(judged(rule, events, 'UTC'))).toEqual([summer + 3 * MINUTE])
  })
})

describe('times at which events do not count', () => {
  it('are hours of days, or one time; a holiday counts as a Sunday', () => {
    const hours = ruleWith('event', {
      more: 'except-times: [{ from: "10:00", to: "12:00", days: [sunday] }]',
    })
    const thursday = login(START)
    const sunday = login(START + 3 * DAY)
    expect(timesOf(judged(hours, [thursday, sunday]))).toEqual([START])
    const holidays = new Set(['2026-01-22'])
    expect(alertsOf(hours, [thursday], { zone: 'UTC', holidays })).toEqual([])
    const once = ruleWith('event', {
      more: 'except-times: [{ since: 2026-01-22T10:00:00Z, until: 2026-01-22T11:00:00Z }]',
    })
    expect(timesOf(judged(once, [login(START), login(START + HOUR)]))).toEqual([START + HOUR])
  })

  it.each([
    ['on a holiday no working hours', 'monday, tuesday, wednesday, thursday, friday', []],
    ['on a holiday the hours of Sundays', 'saturday, sunday', [START]],
  ])('%s', (_, days, fires) => {
    const rule = ruleWith(`{ schedule: { from: "08:00", to: "18:00", days: [${days}] } }`)
    expect(
      timesOf(alertsOf(rule, [login(START)], { zone: 'UTC', holidays: new Set(['2026-01-22']) })),
    ).toEqual(fires)
  })

  it('a night belongs to the day on which it began, also before a holiday', () => {
    const rule = ruleWith('{ schedule: { from: "22:00", to: "06:00", days: [sunday] } }')
    const at = Date.parse('2026-01-23T03:00:00Z')
    const holidays = new Set(['2026-01-22'])
    expect(timesOf(alertsOf(rule, [login(at)], { zone: 'UTC', holidays }))).toEqual([at])
    expect(alertsOf(rule, [login(at)], { zone: 'UTC', holidays: new Set(['2026-01-23']) })).toEqual([])
  })
})

describe('a rule that counts', () => {
  const rule = ruleWith('{ count: { at-least: 3, within: 10m } }')

  it('fires with the event that completes the window, and names those in it', () => {
    const events = [0, 4, 10].map((minute) => login(START + minute * MINUTE))
    const [alert, ...others] = judged(rule, events)
    expect(others).toEqual([])
    expect(alert).toEqual({
      rule: 'a-rule',
      at: START + 10 * MINUTE,
      last: START + 10 * MINUTE,
      group: { 'user.name': 'jane' },
      count: 3,
      message: 'jane from ?, 3 times',
      events: events.map((event) => (event.event as { id: string }).id),
    })
  })

  it('is silent when the last comes a millisecond too late', () => {
    expect(judged(rule, [login(START), login(START + 1), login(START + 10 * MINUTE + 1)])).toEqual([])
  })

  it('says the same in whatever order events arrive', () => {
    const events = [0, 1, 2, 30, 31, 32].map((minute) => login(START + minute * MINUTE))
    expect(judged(rule, events.toReversed())).toEqual(judged(rule, events))
    expect(judged(rule, events)).toHaveLength(2)
  })

  it('does not judge an event without what it is grouped by', () => {
    const nobody = [0, 1, 2].map((minute) => ({ ...login(START + minute * MINUTE), user: {} }))
    expect(judged(rule, nobody)).toEqual([])
  })

  it('finds just the windows that a plain look at all events finds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ minute: fc.integer({ min: 0, max: 60 }), user: fc.constantFrom('a', 'b') }), {
          maxLength: 40,
        }),
        (given) => {
          const events = given
            .toSorted((x, y) => x.minute - y.minute)
            .map(({ minute, user }) => login(START + minute * MINUTE, { user }))
          const judge = new RuleJudge(ruleWith('{ count: { at-least: 3, within: 10m } }'), { zone: 'UTC' })
          const quiet = new Map<unknown, number>()
          events.forEach((event, index) => {
            const at = Date.parse(String(event['@timestamp']))
            const name = (event.user as { name: string }).name
            const seen = events
              .slice(0, index + 1)
              .filter((other) => (other.user as { name: string }).name === name)
              .filter((other) => at - Date.parse(String(other['@timestamp'])) <= 10 * MINUTE)
            const fires = seen.length >= 3 && at >= (quiet.get(name) ?? 0)
            if (seen.length >= 3) quiet.set(name, at + 1000)
            expect(judge.judge(event)?.count ?? 0).toBe(fires ? seen.length : 0)
          })
        },
      ),
    )
  })
})

describe('a throttle', () => {
  it('makes one alert of what follows within its time, in each group', () => {
    const rule = ruleWith('event', { throttle: '1h' })
    const at = (minute: number, user: string) => login(START + minute * MINUTE, { user })
    const alerts = judged(rule, [at(0, 'a'), at(1, 'b'), at(59, 'a'), at(60, 'a'), at(120, 'a')])
    expect(alerts.map(({ group, at }) => [group['user.name'], (at - START) / MINUTE])).toEqual([
      ['a', 0],
      ['b', 1],
      ['a', 120],
    ])
  })
})

describe('a schedule', () => {
  const rule = ruleWith('{ schedule: { from: "22:00", to: "06:00", days: [friday] } }')
  const at = (time: string, zone: string) => judged(rule, [login(Date.parse(time))], zone).length

  it("is that of the organisation's clock, in summer as in winter", () => {
    expect(at('2026-01-23T21:30:00Z', 'Europe/Berlin')).toBe(1)
    expect(at('2026-07-24T20:30:00Z', 'Europe/Berlin')).toBe(1)
    expect(at('2026-07-24T19:30:00Z', 'Europe/Berlin')).toBe(0)
    expect(at('2026-01-23T21:30:00Z', 'UTC')).toBe(0)
  })

  it('counts the small hours to the day before', () => {
    expect(at('2026-01-24T03:00:00Z', 'UTC')).toBe(1)
    expect(at('2026-01-23T03:00:00Z', 'UTC')).toBe(0)
  })
})

describe('different values', () => {
  it('are counted once each', () => {
    const rule = ruleWith('{ distinct: { field: source.ip, at-least: 2, within: 1h } }')
    const from = (minute: number, ip: string) => login(START + minute * MINUTE, { source: { ip } })
    expect(judged(rule, [from(0, '10.0.0.1'), from(1, '10.0.0.1'), from(2, '10.0.0.1')])).toEqual([])
    expect(judged(rule, [from(0, '10.0.0.1'), from(1, '10.0.0.2')])).toHaveLength(1)
  })
})
