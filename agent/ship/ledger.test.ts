import { expect, it } from 'vitest'
import { acknowledged, addsUp, discarded, NOTHING, quarantined, retried } from './ledger.ts'
import { batchOfRecords, SOURCE_A } from './testing/records.ts'

const [slice] = batchOfRecords(SOURCE_A, 0, 20).slices
const whole = (ledger: typeof NOTHING, pending = 0): boolean => addsUp({ ...ledger, pending })

it('what became of the events of a slice is counted where it belongs, and each account adds up', () => {
  const ledger = acknowledged(NOTHING, slice!, { stored: 10, duplicate: 5, dead: 3 })
  expect(ledger).toMatchObject({ read: 20, stored: 10, duplicate: 5, dead: 3, filtered: 2 })
  expect(whole(ledger)).toBe(true)

  const held = quarantined(NOTHING, slice!)
  expect(held).toMatchObject({ read: 20, quarantined: 18, filtered: 2 })
  expect(whole(held)).toBe(true)
  expect(retried(held, slice!)).toEqual(NOTHING)
  expect(discarded(held, slice!)).toMatchObject({ read: 20, quarantined: 0, discarded: 18, filtered: 2 })
  expect(whole(discarded(held, slice!))).toBe(true)
})

it('an account that is off by one in either direction does not add up', () => {
  const ledger = acknowledged(NOTHING, slice!, { stored: 18, duplicate: 0, dead: 0 })
  expect(whole({ ...ledger, read: 21 })).toBe(false)
  expect(whole({ ...ledger, read: 19 })).toBe(false)
  expect(whole(ledger, 1)).toBe(false)
})
