import { describe, expect, it } from 'vitest'
import { averageSession } from './average-session.ts'

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
    expect(averageSession(events)).toBe(22.5 * 60_000)
  })

  it('do not begin with what failed, and have no length without both ends', () => {
    expect(averageSession([event(0, 'start', 'a', 'failure'), event(9, 'end', 'a')])).toBeNull()
    expect(averageSession([event(1, 'start', 'a')])).toBeNull()
  })
})
