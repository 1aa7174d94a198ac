import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../schema/index.ts'
import { type Alert, alertsOf, parseRule, type Rule, RuleJudge } from './index.ts'

const MINUTE = 60_000
const START = Date.parse('2026-01-22T10:00:00Z')

const ruleWith = (condition: string, { group = '[user.name]', throttle = '1s' } = {}): Rule =>
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
const judged = (rule: Rule, events: readonly AuditEvent[], zone = 'UTC'): Alert[] =>
  alertsOf(rule, events, { zone })

describe('a rule that counts', () => {
  const rule = ruleWith('{ count: { at-least: 3, within: 10m } }')

  it('fires with the event that completes the window, and names those in it', () => {
    const events = [0, 4, 10].map((minute) => login(START + minute * MINUTE))
    const [alert, ...others] = judged(rule, events)
    expect(others).toEqual([])
    expect(alert).toEqual({
      rule: 'a-rule',
      at: START + 10 * MINUTE,
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
            if (fires) quiet.set(name, at + 1000)
            expect(judge.judge(event)?.count ?? 0).toBe(fires ? seen.length : 0)
          })
        },
      ),
    )
  })
})

describe('a throttle', () => {
  it('keeps a group quiet for its time, and no other group', () => {
    const rule = ruleWith('event', { throttle: '1h' })
    const at = (minute: number, user: string) => login(START + minute * MINUTE, { user })
    const alerts = judged(rule, [at(0, 'a'), at(1, 'b'), at(59, 'a'), at(60, 'a')])
    expect(alerts.map(({ group, at }) => [group['user.name'], (at - START) / MINUTE])).toEqual([
      ['a', 0],
      ['b', 1],
      ['a', 60],
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
