import { describe, expect, it } from 'vitest'
import { columnOf, csvCell, csvHead, csvLine } from './columns.ts'

describe('a CSV that spreadsheets may open', () => {
  it.each(['=HYPERLINK("http://x")', '+1+1', '-1+cmd|A0', '@SUM(A1)', '\t=1', ' =1', '\r=1', '|x', '\0=1'])(
    'keeps %j as text',
    (formula) => expect(csvCell(formula)).toMatch(/^"?'/),
  )

  it('leaves numbers and words as they are', () => {
    expect([csvCell('-12.5'), csvCell('Bob'), csvCell('')]).toEqual(['-12.5', 'Bob', ''])
  })

  it('quotes what would break a line or a column', () => {
    expect(csvCell('a,"b"\nc')).toBe('"a,""b""\nc"')
  })

  it('writes a mark, plain titles and lines of cells', () => {
    const event = { user: { name: 'Zoë' }, event: { action: '=1' } }
    const columns = ['@timestamp', 'user.name', 'event.action', 'audit.payload.x'].map(columnOf)
    expect(csvHead(columns)).toBe('\ufeffTime (UTC),User,Action,audit.payload.x\r\n')
    expect(csvLine(event, columns)).toBe(',Zoë,"\'=1",\r\n')
  })
})

describe('a column holds what a reader looks for in it', () => {
  const cell = (field: string, event: object): string => columnOf(field).of({ ...event })

  it('a record by its type, its name and its id', () => {
    const entity = { type: 'Customer', id: 'CUST-12345', name: 'Acme' }
    expect(cell('audit.entity.name', { audit: { entity } })).toBe('Customer Acme (CUST-12345)')
    expect(cell('audit.entity.name', { audit: { entity: { ...entity, name: undefined } } })).toBe(
      'Customer CUST-12345',
    )
    expect(cell('audit.entity.name', { audit: { entity: { name: 'Acme', id: 'Acme' } } })).toBe('Acme')
    expect(cell('audit.entity.name', {})).toBe('')
  })

  it('an outcome with its attempts', () => {
    const audit = { attempt: { count: 5, max: 5 } }
    expect(cell('event.outcome', { event: { outcome: 'failure' }, audit })).toBe('failure 5/5')
    expect(cell('event.outcome', { event: { outcome: 'failure' }, audit: { attempt: { count: 3 } } })).toBe(
      'failure 3',
    )
    expect(cell('event.outcome', { event: { outcome: 'success' } })).toBe('success')
  })

  it('who did it, or else the account that was tried', () => {
    expect(
      cell('user.name', { user: { name: 'jane', full_name: 'Jane Doe', target: { name: 'bob' } } }),
    ).toBe('Jane Doe')
    expect(cell('user.name', { user: { target: { name: 'bob' } } })).toBe('bob')
    expect(cell('user.name', { user: { effective: { name: 'root' } } })).toBe('root')
  })

  it('changes as text', () => {
    const changes = [
      { field: 'limit', old: '1', new: '2' },
      { field: 'terms', new: 'Net 30' },
    ]
    expect(cell('audit.changes', { audit: { changes } })).toBe('limit: 1 → 2; terms: (none) → Net 30')
  })
})
