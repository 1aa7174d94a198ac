import { describe, expect, it } from 'vitest'
import { type Condition, DAYS } from '../../schema/rule.ts'
import { conditionText } from './condition-text.ts'
import { readRules, SUPPLIED_RULES } from './rules.ts'

const MINUTE = 60_000
const text = (condition: Condition, ...groupBy: string[]): string =>
  conditionText({ condition, groupBy: groupBy.map((field) => [field]) })

describe('a condition in words', () => {
  it('names its numbers and times, and for whom it counts', () => {
    const count = { kind: 'count', atLeast: 5, within: 10 * MINUTE } as const
    expect(text(count, 'source.ip')).toBe('5 or more events within 10 minutes, for each source.ip')
    expect(text({ kind: 'lasting', for: 90_000, of: count })).toBe(
      '5 or more events within 10 minutes, lasting 90 seconds',
    )
    expect(
      text({ kind: 'sum', field: 'audit.record_count', atLeast: 10_000, within: 60 * MINUTE }, 'user.name'),
    ).toBe('audit.record_count adds up to 10,000 or more within 1 hour, for each user.name')
    const day = 1440 * MINUTE
    expect(text({ kind: 'new-value', field: 'source.ip', within: 90 * day }, 'user.name')).toBe(
      'a new value of source.ip, unseen for 90 days, for each user.name',
    )
    expect(text({ kind: 'new-value', field: 'source.ip', within: day, atMost: 1 })).toBe(
      'a value of source.ip seen at most once in 1 day',
    )
    expect(text({ kind: 'ratio', atLeast: 3, minimum: 10, weeks: 4 })).toBe(
      '10 or more events in an hour, 3 times as many as at this hour in the past 4 weeks',
    )
    expect(text({ kind: 'sequence', next: ['event.outcome: success'], within: MINUTE })).toBe(
      'each event that is followed within 1 minute by event.outcome: success',
    )
    expect(text({ kind: 'sequence', next: ['a', 'a', 'b'], within: MINUTE }, 'source.ip')).toBe(
      'each event that is followed within 1 minute by 3 others in their order, for each source.ip',
    )
  })

  it('does not name groups where each event is judged alone', () => {
    expect(text({ kind: 'event' }, 'user.name')).toBe('each event')
    const night = { kind: 'schedule', from: 22 * 60, to: 6 * 60 } as const
    expect(text({ ...night, days: [...DAYS] })).toBe('each event from 22:00 to 06:00')
    const weekend = text({ ...night, from: 0, to: 1439, days: ['saturday', 'sunday'] }, 'user.name')
    expect(weekend).toBe('each event from 00:00 to 23:59, on Saturday, Sunday')
  })

  it('joins several conditions', () => {
    const parts = [{ kind: 'event' }, { kind: 'absence', for: 26 * 60 * MINUTE }] as const
    expect(text({ kind: 'any', of: parts })).toBe('each event, or no event for 26 hours')
    expect(text({ kind: 'all', of: [{ kind: 'not', of: parts[1] }, parts[0]] })).toBe(
      'not (no event for 26 hours), and each event',
    )
  })

  it('is one line for every rule that comes with Waybill', () => {
    const { rules } = readRules(SUPPLIED_RULES)
    expect(rules.length).toBeGreaterThan(30)
    for (const rule of rules) expect(conditionText(rule), rule.id).toMatch(/^[^\n]{10,160}$/)
  })
})
