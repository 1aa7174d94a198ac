import { describe, expect, it } from 'vitest'
import { csvCell, csvHead, csvLine } from './csv.ts'

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

  it('writes changes as what they were and became', () => {
    const event = { audit: { changes: [{ field: 'limit', old: '1', new: '2' }] } }
    expect(csvLine(event, ['audit.changes'])).toBe('limit: 1 → 2\r\n')
  })

  it('writes a mark, a head and lines of fields', () => {
    const event = { user: { name: 'Zoë' }, event: { action: '=1' } }
    expect(csvHead(['user.name', 'event.action'])).toBe('\ufeffuser.name,event.action\r\n')
    expect(csvLine(event, ['user.name', 'event.action', 'audit.risk'])).toBe('Zoë,"\'=1",\r\n')
  })
})
