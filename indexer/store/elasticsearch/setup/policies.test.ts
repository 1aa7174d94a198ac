import { expect, it } from 'vitest'
import { type Rule, USUAL_TABLE } from '../../../lifecycle/table.ts'
import { durationOf, policyOf } from './definitions.ts'

const DAY = 86_400_000
const rule = (more: Partial<Rule>): Rule => ({
  searchable: 100 * DAY,
  archive: null,
  warm: null,
  cold: null,
  ...more,
})

it('an index is rolled over after a tenth of the searchable time', () => {
  expect(policyOf(USUAL_TABLE.activity).phases.hot?.actions?.rollover).toMatchObject({ max_age: '36d' })
  expect(policyOf(rule({ searchable: 5 * DAY })).phases.hot?.actions?.rollover).toMatchObject({
    max_age: '720m',
  })
})

it('a policy deletes nothing where there is an archive, and else only what Waybill has left over', () => {
  for (const { archive, ...rest } of Object.values(USUAL_TABLE))
    expect('delete' in policyOf({ archive, ...rest }).phases).toBe(archive === null)
  expect(policyOf(rule({})).phases.delete?.min_age).toBe('110d')
})

it('tiers are those of the table, and none begins while retries may still be written', () => {
  const { phases } = policyOf(rule({ warm: 60_000, cold: 30 * DAY }))
  expect([phases.warm?.min_age, phases.cold?.min_age]).toEqual(['1d', '30d'])
  expect(Object.keys(policyOf(USUAL_TABLE.view).phases)).toEqual(['hot', 'delete'])
})

it('times are told in units that Elasticsearch has', () => {
  expect([730 * DAY, 90 * 60_000, 1500].map(durationOf)).toEqual(['730d', '90m', '1500ms'])
})
