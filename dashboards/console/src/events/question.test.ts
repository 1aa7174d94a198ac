import { describe, expect, it } from 'vitest'
import {
  all,
  nextSort,
  type Question,
  queryOf,
  queryOfFilter,
  readQuestion,
  toggled,
  writeQuestion,
} from './question.ts'

const question: Question = {
  q: 'user: bob',
  range: 'now-24h',
  filters: [
    { field: 'event.action', values: ['Created time (personal, timer)', null], not: false },
    { field: 'user.name', values: ['O"Hara \\ & Söhne: [1]'], not: true },
  ],
  sort: 'oldest',
  columns: ['@timestamp', 'user.name'],
  own: true,
}

describe('what the viewer looks for', () => {
  it('comes back from the address as it went in', () => {
    expect(readQuestion(writeQuestion(question))).toEqual(question)
  })

  it('leaves the address short where nothing was chosen', () => {
    expect(writeQuestion(readQuestion(''))).toBe('')
  })

  it('quotes values, so that none can be taken for a part of the query', () => {
    expect(queryOfFilter({ field: 'user.name', values: ['a" or *: "b\\'], not: false })).toBe(
      'user.name: ("a\\" or *: \\"b\\\\")',
    )
  })

  it('asks for events without a value, too', () => {
    expect(queryOfFilter({ field: 'user.name', values: ['bob', null], not: false })).toBe(
      '(user.name: ("bob") or not user.name: *)',
    )
    expect(queryOfFilter({ field: 'user.name', values: [null], not: true })).toBe('not (not user.name: *)')
  })

  it('puts conditions into parentheses only where there are several', () => {
    expect(all('a or b')).toBe('a or b')
    expect(all('a or b', '', 'c')).toBe('(a or b) and (c)')
  })

  it('counts the values of a field without the filter on it', () => {
    expect(queryOf(question, 'event.action')).not.toContain('event.action')
    expect(queryOf(question, 'event.action')).toContain('user.name')
  })

  it('chooses a value and gives it up again', () => {
    const once = toggled([], 'event.outcome', 'failure')
    expect(once).toEqual([{ field: 'event.outcome', values: ['failure'], not: false }])
    expect(toggled(once, 'event.outcome', 'failure')).toEqual([])
    expect(toggled(once, 'event.outcome', 'success')[0]?.values).toEqual(['failure', 'success'])
  })

  it('is sorted by a column from its first value, then from its last, then by time again', () => {
    let sorted: Question = { ...question, sort: 'newest' }
    const steps = [1, 2, 3].map(() => {
      sorted = { ...sorted, sort: nextSort(sorted, 'user.name') }
      return readQuestion(writeQuestion(sorted)).sort
    })
    expect(steps).toEqual(['user.name', '-user.name', 'newest'])
    expect(nextSort(sorted, '@timestamp')).toBe('oldest')
    expect(nextSort({ ...sorted, sort: 'user.name' }, '@timestamp')).toBe('newest')
  })
})
