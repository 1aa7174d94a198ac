import { describe, expect, it } from 'vitest'
import { changeText, realChanges } from './change-text.ts'

const changed = (changes: readonly unknown[], audit = {}) => ({ audit: { changes, ...audit } })

describe('the changes of an event on one line', () => {
  it('are the first change and the number of the others', () => {
    const limit = { field: 'Credit Limit', old: '$15,500', new: '$13,000' }
    expect(changeText(changed([limit]))).toBe('Credit Limit $15,500 → $13,000')
    const others = [
      { field: 'Terms', old: '30', new: '45' },
      { field: 'Owner', old: 'Ann', new: 'Bob' },
    ]
    expect(changeText(changed([limit, ...others]))).toBe('Credit Limit $15,500 → $13,000, +2')
  })

  it('leave out fields whose value is the same, unless there are no others', () => {
    const same = { field: 'Status', old: 'Active', new: 'Active' }
    expect(changeText(changed([same, { field: 'Limit', old: '1', new: '2' }]))).toBe('Limit 1 → 2')
    expect(changeText(changed([same]))).toBe('Status Active → Active')
  })

  it('tell an empty value from one that the source did not record', () => {
    expect(changeText(changed([{ field: 'Fax', old: null, new: '123' }]))).toBe('Fax (empty) → 123')
    expect(changeText(changed([{ field: 'Fax', old: '123', new: null }]))).toBe('Fax 123 → (empty)')
    expect(changeText(changed([{ field: 'Fax', new: '123' }]))).toBe('Fax (not recorded) → 123')
    const unknown = changed([{ field: 'Fax', old: null, new: null }], { old_unknown: true })
    expect(changeText(unknown)).toBe('Fax (not recorded) → (empty)')
    expect(realChanges(unknown)).toHaveLength(1)
  })

  it('are one line of a bounded length, whatever the values are', () => {
    expect(changeText(changed([{ field: 'Note', old: 'a\n\tb', new: 'c' }]))).toBe('Note a b → c')
    expect(changeText(changed([{ field: 'Note', old: null, new: 'x'.repeat(5000) }])).length).toBeLessThan(
      400,
    )
  })

  it('are nothing where the event has none', () => {
    expect(changeText({})).toBe('')
    expect(changeText(changed([]))).toBe('')
  })
})
