import { expect, it } from 'vitest'
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
    (name) => ['kind', 'result'].indexOf(name),
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
