import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { itemsIn, valueIn } from './json-parts.ts'

const spaced = fc.constantFrom(undefined, 1, '\t')

describe('parts of a JSON document', () => {
  it('are the items of a list, as a parser finds them', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), spaced, (list, space) => {
        const text = JSON.stringify(list, null, space)
        const items = itemsIn(Buffer.from(text))
        expect(items.map((item): unknown => JSON.parse(item.toString()))).toEqual(JSON.parse(text))
        for (const item of items) expect(text).toContain(item.toString())
      }),
    )
  })

  it('are the value at a path, as a parser finds it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        spaced,
        (rest, value, space) => {
          const text = JSON.stringify({ ...rest, data: { ...rest, events: value } }, null, space)
          const found = valueIn(Buffer.from(` ${text}`), ['data', 'events'])
          expect(JSON.parse(found!.toString())).toEqual(JSON.parse(JSON.stringify(value)))
        },
      ),
    )
  })

  it('are none where a document has no such thing', () => {
    for (const text of ['[]', '1', '{"data":5}', '{"data":[{"events":1}]}', '{"x":{"data":{"events":1}}}'])
      expect(valueIn(Buffer.from(text), ['data', 'events'])).toBeNull()
    expect(itemsIn(Buffer.from('{"a":[1]}'))).toEqual([])
  })

  it('keep the last of members with one name, and names in escapes', () => {
    expect(valueIn(Buffer.from('{"a":1,"\\u0061":2.50}'), ['a'])?.toString()).toBe('2.50')
  })
})
