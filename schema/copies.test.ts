import { expect, test } from 'vitest'
import { mayHold, sameValuesAs, whatTellsOf } from './copies.ts'
import { FIELDS, type Field } from './fields.ts'
import { RELATED_FROM } from './related.ts'

/** The indexer's own data: its time, its seal, its names. */
const TELLS_NOTHING = [
  'event.ingested',
  'audit.revision_of',
  'audit.derived',
  'audit.seal.agent',
  'audit.seal.incarnation',
  'audit.seal.sequence',
  'audit.seal.position',
]

test('each field that the indexer adds is in the table of what it is taken from', () => {
  const all = Object.keys(FIELDS)
  const given = Object.entries<Field>(FIELDS).flatMap(([name, field]) =>
    field.derived === undefined ? [name] : [],
  )
  const found = (name: string): boolean =>
    given.some((field) => sameValuesAs([field]).includes(name) || whatTellsOf([field]).includes(name))
  expect(all.filter((name) => !given.includes(name) && !found(name))).toEqual(TELLS_NOTHING)
})

test('a copy is named with its source, and a source with its copy', () => {
  for (const [copy, sources] of Object.entries(RELATED_FROM))
    for (const source of sources) {
      expect(sameValuesAs([source])).toContain(copy)
      expect(sameValuesAs([copy])).toContain(source)
    }
  expect(sameValuesAs(['source.ip'])).toEqual(expect.arrayContaining(['log.source.address', 'related.ip']))
  // A field that only shares a copy with it is another field.
  expect(sameValuesAs(['source.ip'])).not.toContain('destination.ip')
  expect(sameValuesAs(['source.ip'])).not.toContain('source.port')
})

test('what is worked out from an address goes with it, and does not take the address along', () => {
  expect(whatTellsOf(['source.ip'])).toContain('source.geo.city_name')
  expect(sameValuesAs(['source.geo.city_name'])).toEqual(['source.geo.city_name'])
})

test('whole records hold all fields, and texts of the source any other', () => {
  expect(whatTellsOf(['user.name'])).toEqual(
    expect.arrayContaining(['event.original', 'audit.request', 'audit.response', 'audit.words']),
  )
  expect(mayHold('message', ['user.name', 'message'])).toEqual(['user.name'])
  expect(mayHold('user.name', ['user.email'])).toEqual([])
})
