import { describe, expect, it } from 'vitest'
import { withoutWrong, wrongIn } from './address.ts'

const FIELDS = [
  { name: 'user.name', short: 'user', type: 'keyword', many: false, countable: true, about: '' },
  { name: 'message', short: null, type: 'text', many: false, countable: false, about: '' },
]
const wrong = (path: string, search: string): string[] =>
  wrongIn(path, search, FIELDS).map(({ name, sentence }) => `${name} ${sentence}`)

describe('an address', () => {
  it.each([
    ['/events', ''],
    [
      '/events',
      '?q=user%3A bob and (&range=now-3h&sort=-user.name&columns=user.name,message,audit.payload.a b',
    ],
    [
      '/events',
      '?range=1767225600000..1767312000000&f=user.name:["a"]&f=!user.name:[null]&event=ab-12&follow=yes',
    ],
    ['/', '?range=all'],
    ['/people', '?user=anna&with=&range=now-90d&with-range=now-2w'],
    ['/settings/users', ''],
  ])('that a screen understands is shown: %s%s', (path, search) => {
    expect(wrong(path, search)).toEqual([])
  })

  it.each([
    ['/', '?range=garbage', 'range is not a time'],
    ['/', '?range=', 'range is not a time'],
    ['/security', '?range=now-0d', 'range is not a time'],
    ['/events', '?range=2000000000000..1000000000000', 'range is not a time'],
    ['/events', '?range=1..2', 'range is not a time'],
    ['/people', '?with-range=yesterday', 'with-range is not a time'],
    ['/events', '?sort=message', 'The values of message can not be counted'],
    ['/events', '?sort=usr.name', 'There is no field usr.name'],
    ['/events', '?sort=user: x', 'is not the name of a field'],
    ['/events', '?columns=user.name,,message', 'does not name columns'],
    ['/events', '?columns=', 'does not name columns'],
    ['/events', '?columns=usr.name', 'There is no field usr.name'],
    ['/events', '?f=user.name:["bo', 'is not a filter. It may have been cut off'],
    ['/events', '?f=usr.name:["bo"]', 'There is no field usr.name'],
    ['/events', '?event=../x', 'is not the id of an event'],
    ['/events', '?follow=no', 'follow must be yes'],
    ['/events', '?page=3', 'page is unknown to this screen'],
    ['/events', '?range=now-1h&range=now-2h', 'range is given twice'],
    ['/settings/users', '?range=now-1h', 'range is unknown to this screen'],
  ])('that it does not is said, with what may stand there: %s%s', (path, search, said) => {
    const found = wrong(path, search)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(said)
  })

  it('is left with all that is right in it', () => {
    const search = '?q=a&range=garbage&f=x&columns=user.name&page=2'
    expect(withoutWrong('/events', search, wrongIn('/events', search, FIELDS))).toBe(
      '/events?q=a&columns=user.name',
    )
  })
})
