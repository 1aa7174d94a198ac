import { describe, expect, it } from 'vitest'
import { Budget } from './aggregate-bounds.ts'

describe('the time of an answer', () => {
  it('is over at once where more work is foreseen than it has room for, and not before', () => {
    let now = 0
    const budget = new Budget(100, () => now)
    now = 40
    budget.foresee(60)
    expect(budget.partiality).toBeNull()
    budget.foresee(61)
    expect(budget.late).toBe(true)
    expect(budget.partiality?.reason).toBe('time')
  })
})
