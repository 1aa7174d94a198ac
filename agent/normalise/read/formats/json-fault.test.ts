import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonFault } from './json-fault.ts'

describe('what is wrong with a record that is not JSON', () => {
  it.each([
    ['', 'the record ends at character 0, before a value'],
    ['{"a":1', 'the record ends at character 6, before the { is closed'],
    ['{"a":"x', 'the text that opens at character 6 is not closed'],
    ['{"a":1,}', 'expected a name in quotes, found }, at character 8'],
    ["{'a':1}", "expected a name in quotes, found ', at character 2"],
    ['{"a" 1}', 'expected a colon, found 1, at character 6'],
    ['{"a":1 "b":2}', 'expected a comma or }, found ", at character 8'],
    ['[1 2]', 'expected a comma or ], found 2, at character 4'],
    ['{"a":1} x', 'x behind the end of the value, at character 9'],
    ['{"a":undefined}', 'expected a value, found u, at character 6'],
    ['{"a":01}', 'expected a value, found 0, at character 6'],
    ['{"a":"\\x"}', '\\x is not an escape, at character 7'],
    ['{"a":"\\😀"}', '\\😀 is not an escape, at character 7'],
    ['{"a":😀}', 'expected a value, found U+1F600, at character 6'],
    ['{"a":"\t"}', 'a control character (U+0009) in a text, at character 7'],
    ['2026-01-22 login', 'expected a value, found 2, at character 1'],
    ['<13>1', 'expected a value, found <, at character 1'],
  ])('%s', (text, problem) => {
    expect(() => JSON.parse(text)).toThrow()
    expect(jsonFault(text)).toContain(problem)
  })

  it('finds something in whatever JSON.parse refuses', () => {
    const damaged = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('"', '}', ']', ',', ':', '0', 'x', '\\', '\n', '', '😀', '\\😀'),
      )
      .map(([text, at, sign]) => {
        const place = at % (text.length + 1)
        return text.slice(0, place) + sign + text.slice(place + 1)
      })
    fc.assert(
      fc.property(damaged, (text) => {
        try {
          JSON.parse(text)
        } catch {
          const fault = jsonFault(text)
          expect(fault).toMatch(/^Not JSON: .*character \d+.*\.$/s)
          expect(fault.isWellFormed()).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
