import { expect, it } from 'vitest'
import { Conditions } from './condition.ts'
import { EventTypes } from './events.ts'
import type { Condition, EventType } from './integration.ts'

const type = (id: string, when: Condition): EventType => ({
  id,
  title: id,
  group: 'all',
  when,
  set: [],
  mandatory: false,
  recorded: true,
})
const is = (name: string, ...oneOf: string[]): Condition => ({ name, oneOf })

it('words that several types ask for are told apart from all others, whatever was asked before', () => {
  const types = new EventTypes(
    [
      type('failed', { all: [is('kind', 'login', 'auth'), is('result', 'failed')] }),
      type('in', is('kind', 'login')),
      type('proof', is('kind', 'auth')),
      type('out', is('kind', 'logout')),
      type('ended', { all: [is('kind', 'end'), is('result', 'ok')] }),
      type('broken', is('kind', 'end')),
    ],
    new Conditions((name) => ['kind', 'result'].indexOf(name)),
  )
  const found = (...texts: string[]): string | undefined =>
    types.of({ member: (source) => texts[source], field: () => undefined })?.type.id
  for (let round = 0; round < 2; round++) {
    expect(found('login', 'ok')).toBe('in')
    expect(found('login', 'failed')).toBe('failed')
    expect(found('auth', 'ok')).toBe('proof')
    expect(found('auth', 'failed')).toBe('failed')
    expect(found('logout', 'ok')).toBe('out')
    expect(found('logout', 'failed')).toBe('out')
    expect(found('end', 'ok')).toBe('ended')
    expect(found('end', 'failed')).toBe('broken')
  }
})

it('a type that two members decide by being unequal is told for each pair of them', () => {
  const types = new EventTypes(
    [
      type('other', { name: 'account', differsFrom: 'by' }),
      type('own', { all: [is('account', 'anna'), { name: 'by', exists: true }] }),
    ],
    new Conditions((name) => ['account', 'by'].indexOf(name)),
  )
  const found = (...texts: string[]): string | undefined =>
    types.of({ member: (source) => texts[source], field: () => undefined })?.type.id
  for (let round = 0; round < 2; round++) {
    expect(found('anna', 'anna')).toBe('own')
    expect(found('anna', 'bert')).toBe('other')
    expect(found('carl', 'carl')).toBeUndefined()
    expect(found('anna')).toBe('other')
  }
})

it('a record is asked only what its earlier answers leave open', () => {
  const types = new EventTypes(
    [
      type('in', is('kind', 'login')),
      type('job', {
        all: [is('kind', 'job'), { any: [is('name', 'backup'), { name: 'name', matches: 'sync' }] }],
      }),
      type('out', { not: { any: [is('kind', 'login', 'job'), is('state', 'open')] } }),
    ],
    new Conditions((name) => ['kind', 'name', 'state'].indexOf(name)),
  )
  const asked = (...texts: string[]): [string | undefined, number[]] => {
    const sources: number[] = []
    const found = types.of({
      member: (source) => {
        sources.push(source)
        return texts[source]
      },
      field: () => undefined,
    })
    return [found?.type.id, sources]
  }
  for (const texts of [['login'], ['job', 'backup'], ['job', 'other'], ['end']]) asked(...texts)
  expect(asked('login', 'sync', 'open')).toEqual(['in', [0]])
  expect(asked('job', 'backup')).toEqual(['job', [0, 1]])
  expect(asked('job', 'other')).toEqual([undefined, [0, 1]])
  expect(asked('end')).toEqual(['out', [0, 2]])
})
