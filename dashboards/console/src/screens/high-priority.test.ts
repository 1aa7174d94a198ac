import { describe, expect, it } from 'vitest'
import type { Event } from '../events/event.ts'
import {
  attemptsIn,
  bySeriousness,
  type Group,
  groupOf,
  NO_ATTEMPTS,
  NOBODY_TRIED,
  reasonOf,
} from './high-priority.ts'

const MINUTE = 60_000
const BEGIN = Date.UTC(2026, 0, 22, 2)

const signIn = (
  minute: number,
  account: string,
  outcome: 'success' | 'failure',
  ip = '203.0.113.45',
): Event => ({
  '@timestamp': new Date(BEGIN + minute * MINUTE).toISOString(),
  event: { category: ['authentication'], type: ['start'], outcome },
  source: { ip },
  user: { name: account },
})
const failed = (minute: number, account: string): Event => signIn(minute, account, 'failure')

describe('attempts to sign in from an address', () => {
  const of = (...events: Event[]) => attemptsIn(events).get('203.0.113.45')

  it('of several accounts within an hour, then a success, got in', () => {
    expect(of(failed(0, 'bob'), failed(1, 'grace'), signIn(2, 'grace', 'success'))).toEqual({
      accounts: 2,
      trying: true,
      entered: { at: BEGIN + 2 * MINUTE, as: 'grace', afterSeveral: true },
    })
  })

  it('of one account are many within an hour, or none to speak of', () => {
    const [four, five] = [4, 5].map((many) =>
      of(...Array.from({ length: many }, (_, at) => failed(at, 'bob')), signIn(9, 'bob', 'success')),
    )
    expect(four).toEqual({ accounts: 1, trying: false, entered: null })
    expect(five?.trying).toBe(true)
    expect(five?.entered).toEqual({ at: BEGIN + 9 * MINUTE, as: 'bob', afterSeveral: false })
  })

  it('are forgotten after an hour', () => {
    expect(of(failed(0, 'bob'), failed(61, 'grace'), signIn(62, 'grace', 'success'))?.trying).toBe(false)
  })

  it('do not count against another address', () => {
    const events = [failed(0, 'bob'), failed(1, 'grace'), signIn(2, 'bob', 'success', '192.0.2.1')]
    expect(attemptsIn(events).get('192.0.2.1')).toEqual(NO_ATTEMPTS)
  })

  it('keep the first sign-in, and a later one only if it is the first after several accounts', () => {
    const five = [0, 1, 2, 3, 4].map((minute) => failed(minute, 'bob'))
    const events = [...five, signIn(5, 'bob', 'success'), signIn(6, 'bob', 'success'), failed(7, 'grace')]
    expect(of(...events)?.entered?.at).toBe(BEGIN + 5 * MINUTE)
    expect(of(...events, signIn(8, 'grace', 'success'), signIn(9, 'grace', 'success'))?.entered).toEqual({
      at: BEGIN + 8 * MINUTE,
      as: 'grace',
      afterSeveral: true,
    })
  })
})

const group = (name: string, given: Partial<Group> = {}): Group => ({
  by: 'source.ip',
  name,
  q: '',
  count: 1,
  actions: [],
  user: null,
  users: 1,
  records: 0,
  last: 0,
  tried: NOBODY_TRIED,
  attempts: NO_ATTEMPTS,
  ...given,
})

describe('groups of high priority', () => {
  it('come the most serious first, whatever is newest', () => {
    const entered = { at: 1, as: 'grace', afterSeveral: true }
    const groups = [
      group('risk', { last: 9 }),
      group('tries', { last: 8, attempts: { ...NO_ATTEMPTS, trying: true } }),
      group('locked', { last: 7, actions: [{ name: 'Account Locked', count: 1 }] }),
      group('export', { last: 6, records: 5000 }),
      group('entered', { last: 1, attempts: { accounts: 2, trying: true, entered } }),
    ]
    expect(bySeriousness(groups).map(({ name }) => name)).toEqual([
      'entered',
      'export',
      'locked',
      'tries',
      'risk',
    ])
  })

  it('do not call a sign-in after one forgotten password an intrusion', () => {
    const entered = { at: 1, as: 'bob', afterSeveral: false }
    expect(reasonOf(group('x', { attempts: { accounts: 1, trying: true, entered } }))).toBe('tries')
  })

  it('name the user if it is one', () => {
    const latest = { '@timestamp': new Date(BEGIN).toISOString(), user: { name: 'bob' } }
    const counted = { key: '203.0.113.45', count: 3, latest, distinct: { 'user.name': 1 } }
    expect(groupOf('source.ip', 'audit.risk: high', counted)).toMatchObject({
      q: '(audit.risk: high) and (source.ip: "203.0.113.45")',
      user: 'bob',
      last: BEGIN,
    })
    expect(groupOf('source.ip', '', { ...counted, distinct: { 'user.name': 2 } }).user).toBeNull()
  })
})
