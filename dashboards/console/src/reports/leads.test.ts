import { describe, expect, it } from 'vitest'
import { leadsOf } from './leads.ts'

const PERIOD = { from: 1_000_000, to: 2_000_000 }
const asked = (to: string | null) => {
  const search = new URLSearchParams((to ?? '').split('?')[1])
  return { q: search.get('q'), range: search.get('range') }
}

describe('a figure of a report', () => {
  it('leads to the events of its value within the period', () => {
    const leads = leadsOf({ query: 'category: security', by: 'user.name', rows: [] }, PERIOD)
    expect(asked(leads.row('a "b"', 0))).toEqual({
      q: '(category: security) and (user.name: "a \\"b\\"")',
      range: '1000000..2000000',
    })
    expect(asked(leads.row('(none)', 1)).q).toBe('(category: security) and (not user.name: *)')
    expect(asked(leads.whole)).toEqual({ q: 'category: security', range: '1000000..2000000' })
    expect(leads.event('e-1')).toBe('/events/e-1')
  })

  it('with a condition of its own leads to what meets it', () => {
    const leads = leadsOf({ query: 'a: 1', by: null, rows: ['', 'b: 2'] }, PERIOD)
    expect(asked(leads.row('All', 0)).q).toBe('a: 1')
    expect(asked(leads.row('Some', 1)).q).toBe('(a: 1) and (b: 2)')
  })

  it('of a time leads to that time, as far as it is in the period', () => {
    const leads = leadsOf({ query: 'a: 1', by: null, rows: [] }, PERIOD)
    expect(asked(leads.span(900_000, 1_500_000)).range).toBe('1000000..1500000')
    expect(asked(leads.span(1_500_000, 2_500_000)).range).toBe('1500000..2000000')
    expect(leads.row('09:00', 3)).toBeNull()
  })

  it('that is not of events leads nowhere', () => {
    const leads = leadsOf(undefined, PERIOD)
    expect([leads.whole, leads.row('x', 0), leads.span(0, 1), leads.event('e')]).toEqual([
      null,
      null,
      null,
      null,
    ])
  })
})
