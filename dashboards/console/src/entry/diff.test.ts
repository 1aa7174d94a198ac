import { describe, expect, it } from 'vitest'
import { difference, linesOf, sideBySide, wordsOf } from './diff.ts'

const plain = (before: string[], after: string[]) =>
  difference(before, after).map(({ kind, text }) => `${{ same: ' ', old: '-', new: '+' }[kind]}${text}`)

describe('the difference between two texts', () => {
  it('names what went and what came, and keeps what stayed', () => {
    expect(plain(['a', 'b', 'c'], ['a', 'x', 'c', 'd'])).toEqual([' a', '-b', '+x', ' c', '+d'])
  })

  it('is nothing where nothing changed, and all where all did', () => {
    expect(plain(['a'], ['a'])).toEqual([' a'])
    expect(plain([], ['a', 'b'])).toEqual(['+a', '+b'])
    expect(plain(['a'], [])).toEqual(['-a'])
  })

  it('gives both texts back', () => {
    const before = 'the quick brown fox jumps over'.split(' ')
    const after = 'quick red fox over the jumps'.split(' ')
    const steps = difference(before, after)
    expect(steps.filter(({ kind }) => kind !== 'new').map(({ text }) => text)).toEqual(before)
    expect(steps.filter(({ kind }) => kind !== 'old').map(({ text }) => text)).toEqual(after)
  })

  it('is soon done with texts of a hundred thousand lines', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => `a${index}`)
    const others = many.map((line) => `${line}b`)
    expect(difference(many, others)).toHaveLength(200_000)
  })

  it('puts what was replaced beside what replaced it', () => {
    expect(sideBySide(difference(['a', 'b', 'c'], ['a', 'x', 'y', 'c']))).toEqual([
      { old: 'a', new: 'a' },
      { old: 'b', new: 'x' },
      { old: null, new: 'y' },
      { old: 'c', new: 'c' },
    ])
  })

  it('takes JSON apart by its members, and leaves what only looks like it', () => {
    expect(linesOf('{"a":1,"b":[2]}')).toEqual(['{', '  "a": 1,', '  "b": [', '    2', '  ]', '}'])
    expect(linesOf('{not json}')).toEqual(['{not json}'])
  })

  it('finds words in any script', () => {
    expect(wordsOf('Bäckerei 北斗: 12')).toEqual(['Bäckerei', ' ', '北斗', ':', ' ', '12'])
  })
})
