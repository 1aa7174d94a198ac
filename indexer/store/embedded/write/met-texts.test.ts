import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MetTexts } from './scan.ts'

test('each text is its own, however many share a slot', () => {
  const met = new MetTexts()
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[ -~]{1,6}$/), { minLength: 1, maxLength: 50 }), (texts) => {
      for (const text of texts) {
        const bytes = Buffer.from(`x${text}y`)
        expect(met.text(bytes, 1, bytes.length - 1)).toBe(text)
      }
    }),
    { numRuns: 500 },
  )
})
