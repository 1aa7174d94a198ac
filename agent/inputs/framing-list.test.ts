import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Framing, forEachRecord, scannerFor, wholeRecords } from './framing.ts'

const list: Framing = { kind: 'json-list', names: ['data', 'results'] }
const either: Framing = { kind: 'csv', quote: '"', json: ['data'] }

function recordsIn(framing: Framing, text: string): string[] {
  const bytes = Buffer.from(text)
  const found: string[] = []
  forEachRecord(framing, bytes, 0, bytes.length, (start, end) =>
    found.push(bytes.toString('utf8', start, end)),
  )
  return found
}

describe('records in lists of JSON', () => {
  it.each([
    ['[{"a":1},{"a":2}]', ['{"a":1}', '{"a":2}']],
    ['[\n  {"a":1},\n  {"a":2}\n]\n', ['{"a":1}', '{"a":2}']],
    [
      '[\n  {\n    "a": [1, {"b": "]}"}]\n  },\n  {"a": 2}\n]',
      ['{\n    "a": [1, {"b": "]}"}]\n  }', '{"a": 2}'],
    ],
    ['{"data":[{"a":1}],"total":1}\n', ['{"a":1}']],
    [
      '{"meta":{"x":[1]},"results":[{"a":1},{"a":2}],"page":{"n":[1,{"y":2}]}}\n{"a":3}\n',
      ['{"a":1}', '{"a":2}', '{"a":3}'],
    ],
    ['{"a":{"data":[1]}}\n', ['{"a":{"data":[1]}}']],
    ['{"a":[{"b":1},{"b":2}]},{"a":2}\n', ['{"a":[{"b":1},{"b":2}]}', '{"a":2}']],
    ['{"a":"[{"},{"b":"}]"}\n', ['{"a":"[{"}', '{"b":"}]"}']],
    ['{"a":"\\"}","b":{"c":"\\\\"}}\n', ['{"a":"\\"}","b":{"c":"\\\\"}}']],
    ['{"data" : [{"a":{"b":1}}]}\n', ['{"a":{"b":1}}']],
    ['{"data":"none","a":1}\n', ['{"data":"none","a":1}']],
    ['{"a":1}\n{"a":2}\n', ['{"a":1}', '{"a":2}']],
    ['\ufeff{"a":1}\r\n\r\n{"a":2}', ['{"a":1}', '{"a":2}']],
    ['{"a":"torn\n{"a":2}\n', ['{"a":"torn', '{"a":2}']],
    ['{"a":{"b":1}\n{"a":2}\n', ['{"a":{"b":1}', '{"a":2}']],
    ['no json\n{"a":2}\n', ['no json', '{"a":2}']],
    ['[]\n', []],
    ['{"data":[]}\n', []],
  ])('%j', (text, expected) => {
    expect(recordsIn(list, text)).toEqual(expected)
  })

  // -0 is written as 0.
  const value = fc.jsonValue({ maxDepth: 3 }).map((one): unknown => JSON.parse(JSON.stringify(one)))
  const record = fc.dictionary(fc.constantFrom('a', 'b', 'data2', '"q"', '\\', '}', ']'), value, {
    minKeys: 1,
    maxKeys: 4,
  })
  const layout = fc.constantFrom(undefined, 1, '\t')

  it('each object of a random document is one record, in whatever pieces the bytes come', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 5 }),
        layout,
        fc.boolean(),
        fc.nat(),
        (records, indent, wrapped, cut) => {
          const document = wrapped ? { page: [{ n: 1 }], data: records, total: records.length } : records
          const text = `${JSON.stringify(document, null, indent)}\n`
          expect(recordsIn(list, text).map((one) => JSON.parse(one))).toEqual(records)

          // The main thread cuts at a boundary that it finds; the worker continues from there.
          const bytes = Buffer.from(text)
          const { end } = wholeRecords(list, bytes, 0, cut % bytes.length, Number.POSITIVE_INFINITY)
          const parts = [bytes.subarray(0, end), bytes.subarray(end)]
          const found = parts.flatMap((part) => recordsIn(list, part.toString()))
          expect(found.map((one) => JSON.parse(one))).toEqual(records)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('a line is the records that it is byte by byte, whatever is in it', () => {
    const part = fc.constantFrom(
      ...['{', '}', '[', ']', '"a":', '"data":', '"data" : ', '"results":', ',', ' ', '1', '"', '\\"', '\\'],
      ...['{"a":', '"},{"', '"x"', '"}]"', '"[{"', '[{"b":1}]', '{"data":['],
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const line = `{"first":${parts.join('')}}`
        fc.pre(isBalanced(line))
        const bytes = Buffer.from(`${line}\n{"next":1}\n`)
        const whole = scannerFor(list).next(bytes, 0, bytes.length)
        const scanner = scannerFor(list)
        let end = -1
        // The scanner never sees the end of the line.
        for (let to = 1; end === -1 && to <= line.length; to++) end = scanner.next(bytes, to - 1, to)
        // Only the whole text shows what separates the record from the next: commas, and blanks on both sides.
        const untilSeparators = (place: number): string =>
          bytes.toString('utf8', 0, place).replace(/[\s,]+$/, '')
        expect(untilSeparators(whole)).toBe(untilSeparators(end))
      }),
      { numRuns: 3000 },
    )
  })

  it('a scanner that is given a record in pieces finds the end that it finds in the whole', () => {
    fc.assert(
      fc.property(record, layout, fc.integer({ min: 1, max: 7 }), (record, indent, step) => {
        const bytes = Buffer.from(`${JSON.stringify({ x: 1, ...record }, null, indent)}\n{"next":1}\n`)
        const whole = scannerFor(list).next(bytes, 0, bytes.length)
        const scanner = scannerFor(list)
        let at = 0
        let end = -1
        for (let to = step; end === -1; to += step) {
          end = scanner.next(bytes, at, Math.min(to, bytes.length))
          at = scanner.scanned
        }
        // A comma or the line's end, which may follow on its line, comes with the next piece.
        expect(bytes.toString('utf8', 0, end).trim()).toBe(bytes.toString('utf8', 0, whole).trim())
      }),
      { numRuns: 500 },
    )
  })

  it('cost the same however much stands behind them: twelve megabytes of lines without a bracket take no half a minute', () => {
    const text = '{"a":"0123456789012345678901234567890123456789"}\n'.repeat(250_000)
    expect(recordsIn(list, text)).toHaveLength(250_000)
  }, 5_000)
})

/** Whether brackets outside of strings are balanced: for any other line, each method of reading may give a different result. */
function isBalanced(line: string): boolean {
  const open: string[] = []
  for (const [sign] of line.replace(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/["[\]{}]/g)) {
    if (sign === '"') return false
    if (sign === '{' || sign === '[') open.push(sign)
    else if (open.pop() !== (sign === '}' ? '{' : '[')) return false
  }
  return open.length === 0
}

describe('rows of CSV and records of JSON in one input', () => {
  it('are told apart record by record', () => {
    const text = 'a,b\n1,"x\ny"\n{"data": [\n {"a":1},\n {"a":2}\n],\n "total": 2}\n"q",2\n,{"a":3}\n'
    expect(recordsIn(either, text)).toEqual(['a,b', '1,"x\ny"', '{"a":1}', '{"a":2}', '"q",2', '{"a":3}'])
  })
})
