import { expect, it } from 'vitest'
import { differences, differenceText } from './step.ts'

it('what says the same in other words is the same', () => {
  const asPut = { settings: { index: { number_of_shards: 1, sort: { field: ['a', 'b'] } } }, roles: [] }
  const asGot = { settings: { index: { number_of_shards: '1', sort: { field: ['a', 'b'] } } } }
  expect(differences(asGot, asPut)).toEqual([])
})

it('what a cluster adds by itself is no difference', () => {
  const put = { phases: { delete: { actions: { delete: {} } } }, indices: [{ names: ['a'] }] }
  const got = {
    phases: { delete: { actions: { delete: { delete_searchable_snapshot: true } } } },
    indices: [{ names: ['a'], allow_restricted_indices: false }],
    transient_metadata: { enabled: true },
    modified_date_millis: 5,
  }
  expect(differences(got, put)).toEqual([])
})

it('each value that is other, missing or too much is told with its place', () => {
  const is = { a: { b: 1, gone: true }, list: ['x'] }
  const shouldBe = { a: { b: 2, more: 'y' }, list: ['x', 'z'] }
  expect(differences(is, shouldBe).flatMap(differenceText)).toEqual([
    '- a.b: 1',
    '+ a.b: 2',
    '- a.gone: true',
    '+ a.more: y',
    '- list: x',
    '+ list: x, z',
  ])
})
