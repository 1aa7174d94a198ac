import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matches, parseQuery } from '../../../query/index.ts'
import { categoryFits, withinCategory } from './candidates.ts'

const query = (text: string) => parseQuery(text, { now: 0 })

describe('a query within the partition of a category', () => {
  it('asks no more of the category, and nothing where the category leaves nothing', () => {
    const asked = query('user: jane* and not category: view')
    expect(withinCategory(asked, 'change')).toEqual(query('user: jane*'))
    expect(withinCategory(asked, 'view')).toEqual({ kind: 'none' })
    expect(categoryFits(query('category: (api or view)'), 'system')).toBe(false)
    expect(withinCategory(query('category: system or user: x'), 'system')).toEqual({ kind: 'all' })
  })

  it('finds what it found', () => {
    const condition = fc.constantFrom(
      'category: view',
      'category: (api or view)',
      'category: *',
      'user: jane',
      'user: j*',
      'outcome: failure',
    )
    const { text } = fc.letrec<{ text: string }>((tie) => ({
      text: fc.oneof(
        { maxDepth: 4 },
        condition,
        tie('text').map((part) => `not (${part})`),
        fc
          .tuple(tie('text'), fc.constantFrom('and', 'or'), tie('text'))
          .map(([a, how, b]) => `(${a}) ${how} (${b})`),
      ),
    }))
    const category = fc.constantFrom('view', 'api', 'change')
    const user = fc.constantFrom({ name: 'jane' }, { name: 'john' }, { name: 'amir' }, {})
    const outcome = fc.constantFrom('failure', 'success')
    fc.assert(
      fc.property(text, category, user, outcome, (asked, own, who, how) => {
        const event = { audit: { category: own }, user: who, event: { outcome: how } }
        expect(matches(withinCategory(query(asked), own), event)).toBe(matches(query(asked), event))
      }),
    )
  })
})
