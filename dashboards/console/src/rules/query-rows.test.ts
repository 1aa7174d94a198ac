import { expect, it } from 'vitest'
import { queryOfRows } from './query-rows.ts'

it('a row that is not complete asks for nothing yet', () => {
  expect(
    queryOfRows({
      join: 'and',
      rows: [
        { field: 'event.action', operator: 'is', value: 'export' },
        { field: '', operator: 'is', value: 'x' },
        { field: 'user.name', operator: 'is', value: ' ' },
      ],
    }),
  ).toBe('event.action: export')
})
