import { describe, expect, it } from 'vitest'
import { idOf } from '../events/event.ts'
import { lastChanges, pairsOf, placeAt, recordAt, recordQuery } from './record.ts'

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

describe('the moments of a record', () => {
  const at = (id: string, time: string, changes: object[]) => ({ ...event(id, changes), '@timestamp': time })
  const events = [
    at('1', '2026-01-01T10:00:00.000Z', [{ field: 'Limit', old: '10', new: '15' }]),
    at('2', '2026-01-01T11:00:00.000Z', [{ field: 'Terms', old: 'Net 30', new: 'Net 45' }]),
    at('3', '2026-01-01T12:00:00.000Z', [{ field: 'Limit', old: '15', new: '20' }]),
  ]

  it('are found by a time: the last event at or before it', () => {
    expect(placeAt(events, Date.parse('2026-01-01T11:00:00Z'))).toBe(1)
    expect(placeAt(events, Date.parse('2026-01-01T11:59:59Z'))).toBe(1)
    expect(placeAt(events, Date.parse('2026-01-01T09:00:00Z'))).toBe(-1)
    expect(placeAt(events, Date.parse('2027-01-01T00:00:00Z'))).toBe(2)
  })

  it('say which event changed each field last, and how often it was changed', () => {
    const told = (place: number) =>
      lastChanges(events, place).map(({ field, value, event, times }) => [field, value, idOf(event), times])
    expect(told(2)).toEqual([
      ['Limit', '20', '3', 2],
      ['Terms', 'Net 45', '2', 1],
    ])
    expect(told(0)).toEqual([['Limit', '15', '1', 1]])
  })

  it('are compared field by field', () => {
    const pairs = pairsOf(recordAt(events, 0), recordAt(events, 2))
    expect(pairs.map(({ field, one, other, differs }) => [field, one?.value, other?.value, differs])).toEqual(
      [
        ['Limit', '15', '20', true],
        ['Terms', 'Net 30', 'Net 45', true],
      ],
    )
    expect(pairsOf(recordAt(events, 0), recordAt(events, 0)).some(({ differs }) => differs)).toBe(false)
  })
})
