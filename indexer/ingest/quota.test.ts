import { expect, test } from 'vitest'
import { Quotas } from './quota.ts'

const LIMITS = { events: 100, bytes: 10_000, newValues: 60 }

function made(): { quotas: Quotas; pass(ms: number): void } {
  let now = 1_000_000
  const quotas = new Quotas(
    () => LIMITS,
    () => now,
  )
  return {
    quotas,
    pass(ms) {
      now += ms
    },
  }
}

test('an agent within its quota is never slowed down, also with ten seconds of it at once', () => {
  const { quotas, pass } = made()
  expect(quotas.admit('a', { events: 1000, bytes: 9000 })).toBeNull()
  for (let second = 0; second < 100; second++) {
    pass(1000)
    expect(quotas.admit('a', { events: 100, bytes: 9000 })).toBeNull()
  }
  expect(quotas.slowed('a')).toBeNull()
})

test.each([
  ['events', { events: 1500, bytes: 1 }, 6],
  ['bytes', { events: 1, bytes: 150_000 }, 6],
] as const)('more %s wait until they have been made up for; others do not', (why, what, seconds) => {
  const { quotas, pass } = made()
  // A begun waybill is never cut: the debt is waited for afterwards.
  expect(quotas.admit('a', what)).toBeNull()
  expect(quotas.admit('a', what)).toEqual({ seconds, why, isNew: true })
  expect(quotas.admit('a', what)).toMatchObject({ isNew: false })
  expect(quotas.admit('b', what)).toBeNull()
  expect(quotas.slowed('a')).toMatchObject({ why })
  expect(quotas.slowed('b')).toBeNull()
  pass(seconds * 1000)
  expect(quotas.admit('a', what)).toBeNull()
})

test('new values are counted when the store has met them', () => {
  const { quotas, pass } = made()
  const one = { events: 1, bytes: 1 }
  expect(quotas.admit('a', one)).toBeNull()
  quotas.met('a', 90)
  expect(quotas.admit('a', one)).toMatchObject({ why: 'new values', seconds: 30 })
  pass(31_000)
  expect(quotas.admit('a', one)).toBeNull()
})

test('an episode is over when the agent has kept its quota for five minutes, and the next one is a new one', () => {
  const { quotas, pass } = made()
  const much = { events: 5000, bytes: 1 }
  quotas.admit('a', much)
  expect(quotas.admit('a', much)).toMatchObject({ isNew: true })
  pass(5 * 60_000 + 1)
  expect(quotas.slowed('a')).toBeNull()
  quotas.admit('a', much)
  expect(quotas.admit('a', much)).toMatchObject({ isNew: true })
})

test('a clock that is set back changes nothing', () => {
  const { quotas, pass } = made()
  quotas.admit('a', { events: 1500, bytes: 1 })
  pass(-3_600_000)
  expect(quotas.admit('a', { events: 1, bytes: 1 })).toMatchObject({ why: 'events' })
  pass(7000)
  expect(quotas.admit('a', { events: 1, bytes: 1 })).toBeNull()
})
