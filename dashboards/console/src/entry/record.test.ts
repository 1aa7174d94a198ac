import { describe, expect, it } from 'vitest'
import { recordAt, recordQuery } from './record.ts'

const event = (id: string, changes: object[]) => ({
  '@timestamp': '2026-01-01T00:00:00.000Z',
  event: { id, module: 'erp' },
  audit: { changes, entity: { type: 'Customer', id: 'C"1' } },
})
const EVENTS = [
  event('1', [{ field: 'Limit', old: '10', new: '15' }]),
  event('2', [{ field: 'Terms', old: 'Net 30', new: 'Net 45' }]),
  event('3', [{ field: 'Limit', old: '15', new: null }]),
]
const valuesAt = (place: number) =>
  Object.fromEntries(recordAt(EVENTS, place).map(({ field, value }) => [field, value]))

describe('a record as it was', () => {
  it('has at each moment what the events up to then left', () => {
    expect(valuesAt(0)).toEqual({ Limit: '15', Terms: 'Net 30' })
    expect(valuesAt(1)).toEqual({ Limit: '15', Terms: 'Net 45' })
    expect(valuesAt(2)).toEqual({ Limit: null, Terms: 'Net 45' })
  })

  it('has before the first change what that change replaced', () => {
    expect(valuesAt(-1)).toEqual({ Limit: '10', Terms: 'Net 30' })
    expect(recordAt(EVENTS, -1).every(({ earlier }) => earlier)).toBe(true)
  })

  it('says which event told a value', () => {
    expect(recordAt(EVENTS, 1).find(({ field }) => field === 'Limit')).toMatchObject({
      from: '1',
      earlier: false,
    })
  })

  it('is asked for by source, kind and id, safely', () => {
    expect(recordQuery(EVENTS[0] ?? {})).toBe(
      'audit.entity.id: "C\\"1" and audit.entity.type: "Customer" and event.module: "erp"',
    )
  })
})
