import fc from 'fast-check'
import { expect, it } from 'vitest'
import { OPERATORS, queryOfRows, type Row } from '../dashboards/console/src/rules/query-rows.ts'
import { newRule } from '../dashboards/console/src/rules/rule-text.ts'
import { parseRule, queryRowsIn } from '../indexer/alerts/index.ts'

const readBack = (query: string) => queryRowsIn(`query: ${JSON.stringify(query)}`)

it('what the rows write is what the indexer reads: the same rows', () => {
  const value = fc
    .string({ minLength: 1, maxLength: 12, unit: 'binary' })
    .filter((text) => text.trim() !== '')
  const row = fc.record({
    field: fc.constant('user.name'),
    operator: fc.constantFrom(...(Object.keys(OPERATORS) as Row['operator'][])),
    value,
  })
  const rows = fc.record({
    join: fc.constantFrom('and' as const, 'or' as const),
    rows: fc.array(row, { minLength: 2, maxLength: 4 }),
  })
  const told = ({ field, operator, value }: Row): Row => ({
    field,
    operator,
    value: operator === 'exists' || operator === 'missing' ? '' : value,
  })
  fc.assert(
    fc.property(rows, (given) => {
      expect(readBack(queryOfRows(given))).toEqual({ join: given.join, rows: given.rows.map(told) })
    }),
    { numRuns: 100 },
  )
})

it('a new rule is valid, whatever its query contains', () => {
  const text = newRule('user.name: "a \\"b\\" # c"')
  expect(parseRule(text, 'new.yml')).toMatchObject({
    asked: 'user.name: "a \\"b\\" # c"',
    throttle: 3_600_000,
  })
})
