import { describe, expect, it } from 'vitest'
import { sessionsOf } from './sessions-of.ts'

const event = (minute: number, type: string, session: string, outcome = 'success') => ({
  '@timestamp': new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
  event: { type: [type], outcome, module: 'erp' },
  audit: { session: { id: session } },
})

describe('the sessions of a user', () => {
  it('are as long as from sign-in to sign-out', () => {
    const events = [
      event(0, 'start', 'a'),
      event(5, 'start', 'b'),
      event(20, 'end', 'b'),
      event(30, 'end', 'a'),
    ]
    expect(sessionsOf(events)).toEqual({ count: 2, failed: 0, average: 22.5 * 60_000 })
  })

  it('count what failed apart, and have no length without an end', () => {
    expect(sessionsOf([event(0, 'start', '', 'failure'), event(1, 'start', 'a')])).toEqual({
      count: 1,
      failed: 1,
      average: null,
    })
  })
})
