import { describe, expect, it } from 'vitest'
import { cardLines, FIRST_COLUMNS } from './columns.ts'

describe('the lines of a card', () => {
  it('are one for the time and the outcome, one for two short fields, and one for each long one', () => {
    expect(cardLines(['@timestamp', 'event.outcome'])).toBe(1)
    expect(cardLines(['@timestamp', 'user.name', 'event.action', 'source.ip'])).toBe(3)
    expect(cardLines(['user.name', 'audit.entity.name'])).toBe(2)
    expect(cardLines(FIRST_COLUMNS)).toBe(6)
  })

  it('are two for a message, which may have the line of the changes where these are shown', () => {
    expect(cardLines(['message'])).toBe(2)
    expect(cardLines(['message', 'audit.changes'])).toBe(2)
  })
})
