import { describe, expect, it } from 'vitest'
import { fieldsLike, wantedAt } from './query-bar.tsx'

const at = (text: string) => wantedAt(text.replace('|', ''), text.indexOf('|'))

describe('completion in the query bar', () => {
  it('completes the name of a field where one may begin', () => {
    expect(at('us|')).toEqual({ kind: 'field', start: 0, prefix: 'us' })
    expect(at('action: login and out|')).toEqual({ kind: 'field', start: 18, prefix: 'out' })
    expect(at('(ent|')).toMatchObject({ kind: 'field', prefix: 'ent' })
  })

  it('completes the value of a field, also within quotation marks', () => {
    expect(at('user: bo|')).toEqual({ kind: 'value', start: 6, field: 'user', prefix: 'bo' })
    expect(at('user: "Bob M|')).toEqual({ kind: 'value', start: 6, field: 'user', prefix: 'Bob M' })
    expect(at('user:|')).toMatchObject({ kind: 'value', prefix: '' })
  })

  it('offers nothing for words that join, and nothing in nothing', () => {
    expect(at('user: bob and|')).toBeNull()
    expect(at('|')).toBeNull()
  })

  it('puts short names before long ones, and those that begin so before those that contain it', () => {
    const fields = [
      { name: 'related.user', short: null, about: '' },
      { name: 'user_agent.name', short: null, about: '' },
      { name: 'user.name', short: 'user', about: '' },
    ]
    expect(fieldsLike(fields, 'use').map(({ name }) => name)).toEqual([
      'user.name',
      'user_agent.name',
      'related.user',
    ])
  })
})
