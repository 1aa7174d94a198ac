import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Framing, forEachRecord, lastBoundary, scannerFor, wholeRecords } from './framing.ts'

const LINES: Framing = { kind: 'lines' }
const JSON_VALUES: Framing = { kind: 'json' }
const CSV: Framing = { kind: 'csv', quote: '"' }
const JOURNALD: Framing = { kind: 'journald' }
const START: Framing = { kind: 'start', pattern: '^\\d{4}-' }

function recordsOf(framing: Framing, text: string | Buffer): string[] {
  const bytes = Buffer.from(text)
  const found: string[] = []
  forEachRecord(framing, bytes, 0, bytes.length, (start, end) =>
    found.push(bytes.toString('utf8', start, end)),
  )
  return found
}

const wholePart = (framing: Framing, text: string): string =>
  text.slice(0, lastBoundary(framing, Buffer.from(text), 0, Buffer.byteLength(text)))

describe('lines', () => {
  it('end at LF or CR LF, and a blank line is an empty record', () => {
    expect(recordsOf(LINES, 'a\r\nb\n\nc\n')).toEqual(['a', 'b', '', 'c'])
  })

  it('keep a lone CR and a NUL', () => {
    expect(recordsOf(LINES, 'a\rb\0c\n')).toEqual(['a\rb\0c'])
  })

  it('leave a last line without newline for later', () => {
    expect(wholePart(LINES, 'a\nb\nc')).toBe('a\nb\n')
    expect(wholePart(LINES, 'abc')).toBe('')
  })

  it('are counted up to the limit of records', () => {
    const bytes = Buffer.from('1\n2\n3\n4\n')
    expect(wholeRecords(LINES, bytes, 0, bytes.length, 3)).toEqual({ end: 6, records: 3 })
  })

  it('are not looked for behind the bytes that were read', () => {
    const bytes = Buffer.from('abc\nleft over\n')
    expect(wholeRecords(LINES, bytes, 0, 3, 10)).toEqual({ end: 0, records: 0 })
  })
})

describe('a start pattern', () => {
  const text = '2026-01-01 first\n  at a\n  at b\n2026-01-02 second\n  at c\n'

  it('gathers the lines that follow a start', () => {
    expect(recordsOf(START, text)).toEqual(['2026-01-01 first\n  at a\n  at b', '2026-01-02 second\n  at c'])
  })

  it('keeps the last record until the next start is there', () => {
    expect(wholePart(START, text)).toBe('2026-01-01 first\n  at a\n  at b\n')
  })

  it('does not try a line that is not there whole', () => {
    expect(wholePart(START, '2026-01-01 first\n2026')).toBe('')
  })
})

describe('JSON values', () => {
  it('may span lines, and hold brackets and escaped quotes in strings', () => {
    const first = '{\n  "a": "}{\\"[",\n  "b": [1,\n{"c": 2}]\n}'
    expect(recordsOf(JSON_VALUES, `${first}\n{"d":4} {"e":5}\r\n`)).toEqual([first, '{"d":4}', '{"e":5}'])
  })

  it('wait for their closing bracket', () => {
    expect(wholePart(JSON_VALUES, '{"a":1}\n{"b":{}')).toBe('{"a":1}\n')
  })

  it('that were torn off do not swallow those behind them', () => {
    expect(recordsOf(JSON_VALUES, '{"a":"torn\n{"b":2}\n')).toEqual(['{"a":"torn', '{"b":2}'])
    expect(recordsOf(JSON_VALUES, '{"a":1\n{"b":2}\n')).toEqual(['{"a":1', '{"b":2}'])
    expect(recordsOf(JSON_VALUES, 'garbage }\n{"b":2}\n')).toEqual(['garbage }', '{"b":2}'])
  })

  it('may follow a byte order mark', () => {
    expect(recordsOf(JSON_VALUES, '\ufeff{"a":1}\n').map((record) => JSON.parse(record))).toEqual([{ a: 1 }])
  })
})

describe('CSV', () => {
  it('keeps newlines and doubled quotes of a quoted field', () => {
    expect(recordsOf(CSV, 'id,text\r\n1,"two\nlines, ""quoted"""\n2,plain\n')).toEqual([
      'id,text',
      '1,"two\nlines, ""quoted"""',
      '2,plain',
    ])
  })

  it('takes a quote in the middle of a field as it is', () => {
    expect(recordsOf(CSV, '1,5" disk\n2,x\n')).toEqual(['1,5" disk', '2,x'])
  })

  it('waits for the end of a quoted field', () => {
    expect(wholePart(CSV, '1,a\n2,"b\nc')).toBe('1,a\n')
  })
})

describe('for every framing', () => {
  const framings = [LINES, START, JSON_VALUES, CSV, JOURNALD]
  const piece = fc.constantFrom(
    'a',
    '"',
    '\n',
    '\r\n',
    '{',
    '}',
    '[',
    ']',
    ',',
    '\\',
    '2026-1',
    'ü',
    '\0',
    ' ',
  )
  const texts = fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join('')))

  it('a record found in small steps ends where it ends in one', () => {
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(...framings),
        (bytes, step, framing) => {
          const whole = scannerFor(framing)
          whole.reset()
          const expected = whole.next(bytes, 0, bytes.length)
          const stepping = scannerFor(framing)
          stepping.reset()
          let found = -1
          let from = 0
          for (let to = 0; to < bytes.length && found === -1; ) {
            to = Math.min(bytes.length, to + step)
            found = stepping.next(bytes.subarray(0, to), from, to)
            from = stepping.scanned
          }
          // With small steps, a JSON value's line ending may come with the next record: both are white space.
          const trimmed = (end: number) =>
            end === -1 ? -1 : bytes.toString('latin1', 0, end).trimEnd().length
          expect(trimmed(found)).toBe(trimmed(expected))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('slices cut anywhere hold the records of the whole', () => {
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(...framings),
        (bytes, limit, framing) => {
          const all: string[] = []
          const end = lastBoundary(framing, bytes, 0, bytes.length)
          forEachRecord(framing, bytes, 0, end, (a, b) => all.push(bytes.toString('latin1', a, b)))
          const sliced: string[] = []
          for (let from = 0; from < end; ) {
            const cut = wholeRecords(framing, bytes, from, bytes.length, limit)
            forEachRecord(framing, bytes, from, cut.end, (a, b) =>
              sliced.push(bytes.toString('latin1', a, b)),
            )
            from = cut.end
          }
          expect(sliced).toEqual(all)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

it('joins the lines of one key, and no others', () => {
  const joined: Framing = { kind: 'joined', pattern: '^(?:node=(\\w) )?id=(\\d)' }
  const line = fc.constantFrom('id=1 a', 'id=1 b', 'id=2 a', 'node=x id=1', 'node=y id=1', 'none', '')
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), (lines) => {
      const records: string[][] = []
      let before: string | null = null
      for (const one of lines) {
        const key = /^(?:node=\w )?id=\d/.exec(one)?.[0] ?? null
        if (key !== null && key === before) records.at(-1)!.push(one)
        else records.push([one])
        before = key
      }
      expect(recordsOf(joined, `${lines.join('\n')}\n`)).toEqual(records.map((record) => record.join('\n')))
    }),
    { numRuns: 500 },
  )
})
