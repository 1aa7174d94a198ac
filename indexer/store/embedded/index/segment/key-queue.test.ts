import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyQueue } from './key-queue.ts'

test('the keys of any dictionaries come in their order, equal ones by the dictionaries', () => {
  const dictionary = fc
    .array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 })
    .map((keys) => keys.toSorted((a, b) => a - b))
  fc.assert(
    fc.property(fc.array(dictionary, { maxLength: 20 }), (dictionaries) => {
      const queue = new KeyQueue(dictionaries.length)
      const places = dictionaries.map(() => 1)
      for (const [i, [key]] of dictionaries.entries()) if (key !== undefined) queue.add(i, key)
      const seen: [key: number, dictionary: number][] = []
      while (!queue.isEmpty) {
        const { first, firstKey } = queue
        seen.push([firstKey, first])
        const next = dictionaries[first]![places[first]!++]
        if (next === undefined) queue.end()
        else queue.next(next)
      }
      const all = dictionaries.flatMap((keys, i) => keys.map((key): [number, number] => [key, i]))
      expect(seen).toEqual(all.sort(([a, i], [b, k]) => a - b || i - k))
    }),
  )
})
