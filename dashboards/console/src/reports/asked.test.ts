import { describe, expect, it } from 'vitest'
import {
  type Asked,
  askedOf,
  FIRST,
  filterOf,
  parametersOf,
  problemOf,
  readAsked,
  writeAsked,
} from './asked.ts'

const FULL: Asked = {
  period: 'dates',
  from: '2026-10-01',
  to: '2026-12-31',
  zone: 'America/New_York',
  users: ['Sarah, the first', 'bob'],
  people: ['jane@example.com'],
  entities: ['Customer'],
  systems: ['erp', 'crm'],
  success: false,
  failure: true,
  q: 'ip: 203.0.113.45 & more',
  formats: ['csv', 'xlsx'],
  paper: 'letter',
}

describe('the form of a report', () => {
  it('is the same after it was in an address; what is usual is not in it', () => {
    for (const asked of [FIRST, FULL, { ...FIRST, period: 'year' as const }])
      expect(readAsked(writeAsked(asked))).toEqual(asked)
    expect(writeAsked(FIRST)).toBe('')
    expect(writeAsked(FIRST, { preview: 'yes' })).toBe('?preview=yes')
  })

  it('asks with the names of the API; both outcomes mean all events', () => {
    expect(parametersOf(FULL)).toMatchObject({ from: '2026-10-01', to: '2026-12-31', outcomes: ['failure'] })
    expect(parametersOf(FIRST)).toMatchObject({ last: 'month', outcomes: [] })
    expect(parametersOf(FIRST)).not.toHaveProperty('zone')
  })

  it('of a schedule has what was asked for, without its period', () => {
    const parameters = filterOf(FULL)
    expect(Object.keys(parameters)).not.toContain('from')
    expect(filterOf(askedOf(parameters))).toEqual(parameters)
  })

  it('says what is missing', () => {
    expect(problemOf(FIRST, [])).toBeNull()
    expect(problemOf(FULL, ['users'])).toBeNull()
    expect(problemOf(FIRST, ['users'])).toContain('name at least one user or person')
    expect(problemOf({ ...FULL, to: '' }, [])).toContain('both dates')
    expect(problemOf({ ...FULL, to: '2026-09-30' }, [])).toContain('must not be after')
    expect(problemOf({ ...FULL, to: '2026-02-31' }, [])).toContain('both dates')
    expect(problemOf({ ...FULL, failure: false }, [])).toContain('or both')
  })
})
