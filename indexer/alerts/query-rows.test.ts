import { expect, it } from 'vitest'
import { queryRowsIn } from './index.ts'

const rowsOf = (text: string) => {
  const shown = queryRowsIn(`query: ${JSON.stringify(text)}\nname: ''\n`)
  return (
    shown && [shown.join, ...shown.rows.map(({ field, operator, value }) => `${field} ${operator} ${value}`)]
  )
}

it.each([
  ['', ['and']],
  ['action: export', ['and', 'event.action is export']],
  ['action: *export* and audit.record_count >= 1000 and not user: bot*x', null],
  [
    'action: *export* and audit.record_count >= 1000 and not user: bot',
    ['and', 'event.action contains export', 'audit.record_count gte 1000', 'user.name is-not bot'],
  ],
  [
    'user: adm* or source.ip: 192.0.2.0/24 or host.name: *',
    ['or', 'user.name begins adm', 'source.ip is 192.0.2.0/24', 'host.name exists '],
  ],
  ['not user.name: * and audit.risk < high', ['and', 'user.name missing ', 'audit.risk lt high']],
  ['action: a and (user: b or user: c)', null],
  ['"some words"', null],
])('the query %s is shown as rows, if rows can show it', (text, rows) => {
  expect(rowsOf(text)).toEqual(rows)
})

it('a text without a readable query has no rows', () => {
  for (const text of ['query: [', 'name: x', 'query: 5', 'query: "a: (b"', 'query: *x'])
    expect(queryRowsIn(text), text).toBeNull()
})
