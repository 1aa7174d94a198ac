import { describe, expect, it } from 'vitest'
import { companionsOf, relationsOf } from './relations.ts'

const AT = '2026-11-18T10:00:00.000Z'
const named = (event: object, name: string) =>
  relationsOf({ '@timestamp': AT, ...event }).find((relation) => relation.name === name)

describe('what an event belongs together with', () => {
  const change = {
    event: { id: 'e-1', module: 'erp' },
    audit: { source_event_id: 'LOG-7', entity: { type: 'Customer', id: 'C-1' } },
  }

  it('is the same record, right before and right after', () => {
    const at = Date.parse(AT)
    expect(named(change, 'Previous event of this record')).toMatchObject({ to: at, sort: 'newest', near: 1 })
    expect(named(change, 'Next event of this record')).toMatchObject({ from: at, sort: 'oldest', near: 1 })
    expect(named(change, 'Next event of this record')?.q).toContain('audit.entity.id: "C-1"')
  })

  it('is what it caused: an approval that names it by the id of the source, or by ours', () => {
    expect(named(change, 'Effects')?.q).toBe(
      '(audit.parent.event_id: "LOG-7" or audit.parent.event_id: "e-1") and (event.module: "erp")',
    )
  })

  it('is what caused it, and what else that caused', () => {
    const approval = { event: { id: 'e-2' }, audit: { parent: { event_id: 'LOG-7' } } }
    expect(named(approval, 'Cause')?.q).toBe('audit.source_event_id: "LOG-7" or event.id: "LOG-7"')
    expect(named(approval, 'Caused by the same event')?.q).toBe('audit.parent.event_id: "LOG-7"')
    expect(named(change, 'Cause')).toBeUndefined()
  })

  it('is the last event of the record that caused it, if the source names no event', () => {
    const cascade = { event: { id: 'e-4', module: 'clockify' }, audit: { parent: { id: 'P-1' } } }
    const found = named(cascade, 'Last event of the record that caused it')
    expect(found).toMatchObject({ to: Date.parse(AT) + 1, sort: 'newest', near: 1 })
    expect(found?.q).toBe('(audit.entity.id: "P-1") and (event.module: "clockify")')
  })

  it('is no record, session or address where it names none', () => {
    expect(relationsOf({ '@timestamp': AT, event: { id: 'e-3' } }).map(({ name }) => name)).toEqual([
      'Effects',
    ])
  })
})

it('has companions: what shares its session, address or person within an hour', () => {
  const event = {
    '@timestamp': AT,
    user: { name: 'bob' },
    source: { ip: '203.0.113.9' },
    audit: { session: { id: 's-1' } },
  }
  const at = Date.parse(AT)
  expect(companionsOf(event)).toMatchObject({
    q: 'audit.session.id: "s-1" or source.ip: "203.0.113.9" or person: "bob"',
    from: at - 3_600_000,
    to: at + 3_600_000,
  })
  expect(companionsOf({ '@timestamp': AT, audit: { entity: { id: 'C-1' } } })).toBeNull()
})
