import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wordsOf } from '../../../../schema/index.ts'
import { beginningRange, FIELD_REGION, seedOf, Terms, valueKey, wordKey } from './terms.ts'

const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[A-Za-z0-9 .\-_@]{0,200}$/),
)

test('the words of a text have the same terms whichever way they are read', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const terms = new Terms(1)
      terms.addWords(text)
      const keys = Array.from({ length: terms.count }, (_, i) => terms.keyAt(i))
      expect(keys).toEqual(wordsOf(text).map(wordKey))
    }),
    { numRuns: 2000 },
  )
})

test('all words that begin alike lie in the range of their beginning', () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 2, max: 10 }), (text, length) => {
      for (const word of wordsOf(text)) {
        const range = beginningRange(word.slice(0, length))
        if (range === undefined) continue
        const key = wordKey(word)
        expect(key).toBeGreaterThanOrEqual(range.first)
        expect(key).toBeLessThanOrEqual(range.last)
      }
    }),
  )
})

test('values of fields lie above all words, and compare with A to Z as a to z', () => {
  const seed = seedOf('user.name')
  fc.assert(
    fc.property(texts, (text) => {
      expect(valueKey(seed, text)).toBeGreaterThanOrEqual(FIELD_REGION * 2 ** 32)
      for (const word of wordsOf(text)) expect(wordKey(word)).toBeLessThan(FIELD_REGION * 2 ** 32)
    }),
  )
  expect(valueKey(seed, 'Jane')).toBe(valueKey(seed, 'jANE'))
  expect(valueKey(seed, 'jane')).not.toBe(valueKey(seedOf('user.email'), 'jane'))
})
