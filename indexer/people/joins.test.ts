import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Decided, type Listed, type Person, personsOf, type Seen, textOf } from './joins.ts'

const row = (
  system: string,
  name: string | null,
  id: string | null,
  email: string | null,
  count = 1,
): Seen => ({
  ...{ system, name, id, email, count },
})
const shown = (persons: readonly Person[]) =>
  persons.map(({ id, name, identifiers }) => ({ id, name, has: identifiers.map(textOf).sort() }))
const apart = (system: string, value: string): Decided => ({
  act: `apart ${value}`,
  ...{ by: 'anna', at: 1 },
  what: { kind: 'apart', account: { kind: 'name', system, value } },
})

describe('accounts are one person’s', () => {
  it('by an e-mail address that events of several systems carry, in whatever case and field', () => {
    const persons = personsOf(
      [
        row('erp', 'John Smith', 'U-1001', 'john.smith@brightline.example', 3),
        row('strapi', 'J. Smith', '7', 'John.Smith@Brightline.example'),
        row('connexcs', 'john.smith@brightline.example', null, null),
        row('erp', 'Sarah Jones', 'U-1002', 'sarah.jones@brightline.example'),
      ],
      [],
      [],
    )
    expect(shown(persons)).toEqual([
      {
        id: 'john.smith@brightline.example',
        name: 'John Smith',
        has: ['erp/John Smith', 'erp/U-1001', 'john.smith@brightline.example', 'strapi/7', 'strapi/J. Smith'],
      },
      {
        id: 'sarah.jones@brightline.example',
        name: 'Sarah Jones',
        has: ['erp/Sarah Jones', 'erp/U-1002', 'sarah.jones@brightline.example'],
      },
    ])
  })

  it('by an id that is unique everywhere, and by an id within one system alone', () => {
    const uuid = '3b5f3d86-268e-4c45-9c6b-f1e1a399f82a'
    const persons = personsOf(
      [
        row('microsoft-entra', 'jane', uuid, null),
        row('creatio', 'Jane Doe', uuid, null),
        row('strapi', 'Kai', '7', null),
        row('clockify', 'Zoe', '7', null),
      ],
      [],
      [],
    )
    expect(persons.map(({ identifiers }) => identifiers.length)).toEqual([2, 3, 2])
    expect(persons.map(({ id }) => id)).toEqual(['clockify/Zoe', 'creatio/Jane Doe', 'strapi/Kai'])
  })

  it('and each join tells which events say so', () => {
    const [person] = personsOf(
      [row('erp', 'John', null, 'j@x.example', 412), row('erp', 'John', null, 'j@x.example', 1)],
      [],
      [],
    )
    expect(person?.joins).toEqual([
      {
        one: { kind: 'email', value: 'j@x.example' },
        other: { kind: 'name', system: 'erp', value: 'John' },
        why: { kind: 'events', system: 'erp', count: 413 },
      },
    ])
  })
})

describe('strangers are not joined', () => {
  it('by a name that two of them have in one system', () => {
    const persons = personsOf(
      [
        row('erp', 'John Smith', 'U-1', 'john1@x.example'),
        row('erp', 'John Smith', 'U-2', 'john2@x.example'),
      ],
      [],
      [],
    )
    expect(shown(persons)).toEqual([
      { id: 'john1@x.example', name: 'John Smith', has: ['erp/U-1', 'john1@x.example'] },
      { id: 'john2@x.example', name: 'John Smith', has: ['erp/U-2', 'john2@x.example'] },
    ])
  })

  it('by a mailbox that more than three accounts of a system share', () => {
    const names = ['anna', 'bob', 'cleo', 'dan']
    const persons = personsOf(
      names.map((name) => row('erp', name, null, 'info@x.example')),
      [],
      [],
    )
    expect(persons.map(({ id }) => id)).toEqual(names.map((name) => `erp/${name}`))
  })

  it('by a name that is the same in two systems, or a number of a user that each host has', () => {
    const persons = personsOf(
      [
        row('erp', 'jane', null, null),
        row('github', 'jane', null, null),
        row('linux-auth', 'bob', '1000', null),
        row('linux-auth', 'eve', '1000', null),
      ],
      [],
      [],
    )
    expect(persons.map(({ id }) => id)).toEqual([
      'erp/jane',
      'github/jane',
      'linux-auth/bob',
      'linux-auth/eve',
    ])
  })
})

it('somebody who changed the address has the name without an address, too', () => {
  const persons = personsOf(
    [row('erp', 'Jane', 'U-1', 'jane.doe@x.example'), row('erp', 'Jane', 'U-1', 'jane.roe@x.example')],
    [],
    [],
  )
  expect(shown(persons)).toEqual([
    {
      id: 'jane.doe@x.example',
      name: 'Jane',
      has: ['erp/Jane', 'erp/U-1', 'jane.doe@x.example', 'jane.roe@x.example'],
    },
  ])
})

it('the operator’s list and decisions join what no event does', () => {
  const seen = [
    row('erp', 'Jane', null, 'jane@x.example'),
    row('linux-auth', 'jdoe', null, null),
    row('github', 'octo', '9', null),
  ]
  const listed: Listed[] = [
    {
      id: 'jane',
      name: 'Jane Doe',
      accounts: [
        { kind: 'email', value: 'jane@x.example' },
        { kind: 'name', system: 'linux-auth', value: 'jdoe' },
      ],
    },
  ]
  const same: Decided = {
    ...{ act: 'a1', by: 'anna', at: 5 },
    what: {
      kind: 'same',
      one: { kind: 'name', system: 'linux-auth', value: 'jdoe' },
      other: { kind: 'id', system: 'github', value: '9' },
    },
  }
  const [person, ...others] = personsOf(seen, listed, [same])
  expect(others).toEqual([])
  expect(person).toMatchObject({ id: 'jane', name: 'Jane Doe' })
  expect(person?.joins.map(({ why }) => why.kind).sort()).toEqual(['act', 'events', 'events', 'list'])
})

it('an account that was kept apart is a person of its own, and nobody else’s', () => {
  const seen = [row('erp', 'Jane', 'U-1', 'jane@x.example'), row('strapi', 'Jane', null, 'jane@x.example')]
  const persons = personsOf(seen, [], [apart('strapi', 'Jane')])
  expect(shown(persons)).toEqual([
    { id: 'jane@x.example', name: 'Jane', has: ['erp/Jane', 'erp/U-1', 'jane@x.example'] },
    { id: 'strapi/Jane', name: 'Jane', has: ['strapi/Jane'] },
  ])
})

describe('whatever events carry', () => {
  const name = fc.constantFrom(null, 'Jane', 'jane', 'Bob', 'bob@x.example', 'Eve')
  const seen = fc.array(
    fc.record({
      system: fc.constantFrom('erp', 'strapi', 'linux-auth'),
      name,
      id: fc.constantFrom(null, '1', '2', '3b5f3d86-268e-4c45-9c6b-f1e1a399f82a'),
      email: fc.constantFrom(null, 'jane@x.example', 'bob@x.example', 'BOB@x.example'),
      count: fc.integer({ min: 1, max: 9 }),
    }),
    { maxLength: 14 },
  )

  it('each identifier is one person’s, and the order of the rows does not matter', () => {
    fc.assert(
      fc.property(seen, fc.infiniteStream(fc.nat()), (rows, numbers) => {
        const persons = personsOf(rows, [], [])
        const all = persons.flatMap(({ identifiers }) => identifiers.map((one) => textOf(one).toLowerCase()))
        // A name and an id of a system may have the same text.
        expect(new Set(persons.map(({ id }) => id)).size).toBe(persons.length)
        expect(all.length).toBeGreaterThanOrEqual(persons.length)
        const order = new Map(rows.map((one) => [one, numbers.next().value ?? 0]))
        const mixed = rows.toSorted((a, b) => order.get(a)! - order.get(b)!)
        const groups = (of: readonly Person[]) =>
          of
            .map(({ identifiers }) =>
              identifiers
                .map((one) => textOf(one).toLowerCase())
                .sort()
                .join(),
            )
            .sort()
        expect(groups(personsOf(mixed, [], []))).toEqual(groups(persons))
      }),
    )
  })
})
