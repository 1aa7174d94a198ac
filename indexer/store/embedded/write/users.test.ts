import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Users } from './users.ts'

test('each name has a number of its own, however it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }), { maxLength: 50 }), (names) => {
      const users = new Users()
      const numbers = new Map<string, number>()
      for (const name of names) {
        const bytes = Buffer.from(`x${name}y`)
        const number = users.of(bytes, 1, bytes.length - 1)
        expect(users.ofName(name)).toBe(number)
        expect(users.name(number)).toBe(name)
        expect(number).toBe(numbers.get(name) ?? number)
        numbers.set(name, number)
      }
      expect(new Set(numbers.values()).size).toBe(numbers.size)
    }),
    { numRuns: 500 },
  )
})
