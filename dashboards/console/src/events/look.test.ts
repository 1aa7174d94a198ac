import { describe, expect, it } from 'vitest'
import { moved, readLook } from './look.ts'

const FIRST = { columns: null, widths: {}, wrapped: [], density: 'comfortable' }

describe('what a browser keeps of the list', () => {
  it('is read as it was written', () => {
    const look = {
      columns: ['@timestamp', 'audit.changes'],
      widths: { 'audit.changes': 300 },
      wrapped: ['message'],
      density: 'compact',
    }
    expect(readLook(JSON.stringify(look))).toEqual(look)
  })

  it('is the first look where there is nothing, or nothing that can be read', () => {
    for (const text of [null, '', '{', '[]', 'null', '{"columns":[],"widths":7,"wrapped":"x","density":9}'])
      expect(readLook(text)).toEqual(FIRST)
  })

  it('loses only the parts that are wrong', () => {
    const text = '{"columns":["a b","user.name",4,"user.name"],"widths":{"user.name":9,"message":"x"}}'
    expect(readLook(text)).toEqual({ ...FIRST, columns: ['user.name'], widths: { 'user.name': 48 } })
  })
})

describe('a column that is moved', () => {
  it('takes its new place, and the others keep their order', () => {
    expect(moved(['a', 'b', 'c', 'd'], 'b', 2)).toEqual(['a', 'c', 'b', 'd'])
    expect(moved(['a', 'b', 'c', 'd'], 'd', 0)).toEqual(['d', 'a', 'b', 'c'])
  })

  it('stays within the table', () => {
    expect(moved(['a', 'b', 'c'], 'a', -1)).toEqual(['a', 'b', 'c'])
    expect(moved(['a', 'b', 'c'], 'c', 9)).toEqual(['a', 'b', 'c'])
  })
})
