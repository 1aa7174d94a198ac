import { expect, it } from 'vitest'
import { columnName, FIRST_COLUMNS } from '../dashboards/console/src/events/columns.ts'
import { TITLES, USUAL_FIELDS } from '../indexer/columns.ts'

it('a column has the same title in the console, in a file and on the command line', () => {
  const shown = Object.fromEntries(Object.keys(TITLES).map((field) => [field, columnName(field)]))
  expect(shown).toEqual(TITLES)
})

it('the console, a file and the command line begin with the same columns', () => {
  expect(FIRST_COLUMNS).toEqual(USUAL_FIELDS)
})
