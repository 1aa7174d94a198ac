import { constants, crc32, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PackedLines, packLines } from './index.ts'

const bytes = (...texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text))

function expectBack(lines: readonly Uint8Array[]): Buffer {
  const packed = packLines(lines)
  const opened = new PackedLines(packed)
  expect(opened.count).toBe(lines.length)
  // Backwards: no line needs those before it.
  for (let index = lines.length - 1; index >= 0; index--) {
    const line = opened.line(index)
    if (!line.equals(lines[index]!))
      expect(line.toString('latin1')).toBe(Buffer.from(lines[index]!).toString('latin1'))
  }
  return packed
}

const RUNS = { numRuns: 150, interruptAfterTimeLimit: 30_000 }

const someBytes = fc.uint8Array({ maxLength: 300 })
const hex = (minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength, maxLength }).map((digits) => digits.join(''))

const token = fc.oneof(
  fc.constantFrom(
    '"',
    '\\',
    '\\"',
    '\\\\\\"',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '\n',
    '\0',
    ' ',
    '\u0100',
    'é',
    '-',
    '.',
  ),
  fc.constantFrom(
    '{"a":"',
    '"}',
    '{\\"b\\":1}',
    '007',
    '12',
    '3.50',
    '-0',
    '1e9',
    'true',
    'null',
    '2026-10-01T07:00:00.261Z',
  ),
  hex(1, 45),
  fc.integer().map(String),
  fc.string({ maxLength: 8 }),
)

/** Lines of one template, some of them with a byte or two mutated. */
const alike = fc
  .record({
    rows: fc.array(
      fc.record({
        number: fc.nat(),
        small: fc.nat(3),
        name: fc.constantFrom('jane.doe', 'O\'Neil "x"', 'zoë', '', '0012', 'deadbeef01'),
        text: fc.string(),
        id: hex(40, 40),
        at: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
      }),
      { minLength: 1, maxLength: 60 },
    ),
    faults: fc.array(fc.record({ row: fc.nat(), at: fc.nat(), byte: fc.nat(255) }), { maxLength: 6 }),
  })
  .map(({ rows, faults }) => {
    const lines = rows.map(({ number, small, name, text, id, at }) => {
      const original = JSON.stringify({
        at,
        number,
        who: name,
        say: `${name} did ${small} on ${number}`,
        text,
      })
      const nested = JSON.stringify({ original, small })
      return Buffer.from(
        JSON.stringify({
          time: at,
          event: { id, original, nested, number },
          hex: number.toString(16).padStart(16, '0'),
          name,
          text,
          small: [small],
        }),
      )
    })
    for (const { row, at, byte } of faults) {
      const line = lines[row % lines.length]!
      line[at % line.length] = byte
    }
    return lines
  })

describe('packed lines come back byte for byte', () => {
  it('whatever bytes they have', () => {
    fc.assert(
      fc.property(fc.array(someBytes, { maxLength: 40 }), (lines) => void expectBack(lines)),
      RUNS,
    )
  })

  it('whatever pieces of JSON, numbers and times they are made of', () => {
    const line = fc.array(token, { maxLength: 30 }).map((tokens) => Buffer.from(tokens.join('')))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => void expectBack(lines)),
      RUNS,
    )
  })

  it('whatever JSON they are, in any order of members', () => {
    const line = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)))
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 20 }),
        fc.nat(8),
        (lines, times) => void expectBack(Array.from({ length: times }, () => lines).flat()),
      ),
      RUNS,
    )
  })

  it('where they are alike but for a few bytes', () => {
    fc.assert(
      fc.property(alike, (lines) => void expectBack(lines)),
      RUNS,
    )
  })

  it.each<[string, Buffer[]]>([
    ['no line', []],
    ['one line', bytes('{"a":1}')],
    ['empty lines', bytes('', '', '', '', '', '')],
    ['empty and other lines', bytes('', 'a', '', 'b', '', '{}', '')],
    ['the same line again and again', Array.from({ length: 300 }, () => Buffer.from('{"a":"b","c":[1,2]}'))],
    [
      'bytes that are no UTF-8',
      Array.from({ length: 9 }, (_, i) => Buffer.of(0xff, 0xc0, i, 0, 0xfe, 0x22, i)),
    ],
    ['a line of 1 MiB', [...bytes('{"a":1}'), Buffer.alloc(1 << 20, '{"a":"\\\\\\"')]],
    [
      '10,000 members',
      Array.from({ length: 6 }, (_, i) =>
        Buffer.from(
          JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, m) => [`m${m}`, i * m]))),
        ),
      ),
    ],
    [
      'numbers whose text is not the usual one',
      bytes(
        ...['0', '-0', '00', '1.0', '1e5', '007', '9007199254740993', '123456789012345678901'].flatMap((n) =>
          Array.from({ length: 5 }, () => `{"n":${n}}`),
        ),
      ),
    ],
    [
      'numbers that fall and jump',
      Array.from({ length: 50 }, (_, i) =>
        Buffer.from(
          `{"n":${(i * 7_919_993) % 1e6},"m":${1e14 - i * 1e11},"p":"${String(i % 7).padStart(3, '0')}"}`,
        ),
      ),
    ],
    [
      'hex of odd lengths',
      Array.from({ length: 50 }, (_, i) =>
        Buffer.from(`{"h":"${(0xdeadbeef + i * 0x1234567).toString(16)}${'abc'.slice(0, i % 4)}"}`),
      ),
    ],
    [
      'deeper than any split',
      Array.from({ length: 9 }, (_, i) => {
        let value = `x${i} y`
        for (let depth = 0; depth < 9; depth++) value = JSON.stringify({ value })
        return Buffer.from(value)
      }),
    ],
  ])('%s', (_, lines) => {
    expectBack(lines)
  })
})

/** Numbers that look random and are the same each time. */
function* random(seed: number): Generator<number, never> {
  let state = seed
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state / 2 ** 32
  }
}

function auditLines(count: number): Buffer[] {
  const next = random(7)
  const below = (most: number): number => Math.floor(next.next().value * most)
  return Array.from({ length: count }, (_, i) => {
    const at = new Date(Date.UTC(2026, 9, 1) + i * 87 + below(50)).toISOString()
    const user = `jane.doe${below(500)}`
    const ip = `198.51.100.${below(256)}`
    const old = below(20_000)
    const message = `${user} did record.update on order CUST-${below(1_000_000)}`
    const original = JSON.stringify({ time: at, user, ip, old: String(old), message })
    return Buffer.from(
      JSON.stringify({
        '@timestamp': at,
        audit: { change: [`limit=${old}`] },
        event: {
          id: `63da07ee32b3ee6e6f9ea2f7${(i * 430).toString(16).padStart(16, '0')}`,
          original,
          sequence: i * 430,
        },
        message,
        source: { ip },
        user: { name: user },
      }),
    )
  })
}

const zstd9 = (lines: readonly Buffer[]): number =>
  zstdCompressSync(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])), {
    params: { [constants.ZSTD_c_compressionLevel]: 9 },
  }).length

describe('packed lines are small', () => {
  it('takes a third of what zstd takes for lines that say the same twice', () => {
    const lines = auditLines(1000)
    expect(expectBack(lines).length).toBeLessThan(zstd9(lines) / 3)
  })

  it('is hardly larger than zstd where nothing repeats', () => {
    const next = random(3)
    const noise = Array.from({ length: 200 }, () =>
      Buffer.from(Array.from({ length: 200 }, () => next.next().value * 256)),
    )
    expect(expectBack(noise).length).toBeLessThan(zstd9(noise) * 1.02)
  })
})

describe('damaged lines', () => {
  const packed = packLines(auditLines(60))

  it('are refused wherever they are cut off', () => {
    for (let length = 0; length < packed.length; length++) {
      expect(() => new PackedLines(packed.subarray(0, length))).toThrow('Packed lines are damaged')
    }
  })

  it('are refused whatever bit is turned', () => {
    for (let at = 0; at < packed.length; at++) {
      const damaged = Buffer.from(packed)
      damaged[at]! ^= 1 << (at % 8)
      expect(() => new PackedLines(damaged)).toThrow('Packed lines are damaged')
    }
  })

  it('give a clear error or other lines where the checksum was forged, and read nothing outside', () => {
    let refused = 0
    for (let at = 5; at < packed.length; at++) {
      for (const byte of [packed[at]! ^ 1, packed[at]! ^ 128, 0, 255]) {
        const forged = Buffer.from(packed)
        forged[at] = byte
        forged.writeUInt32LE(crc32(forged.subarray(5)), 1)
        try {
          const opened = new PackedLines(forged)
          for (let index = 0; index < Math.min(opened.count, 100); index++) opened.line(index)
        } catch (error) {
          expect(String(error)).toContain('Packed lines are damaged')
          refused++
        }
      }
    }
    expect(refused).toBeGreaterThan(packed.length)
  })
})

describe('lines that an earlier program packed', () => {
  // Lines of one skeleton with all that the format knows but plain lines, and one that is no JSON.
  const VERSION_1 =
    'AZaacVANlgE/0gG5ASi1L/0g0oUFAPILKCmAKc0BMzADMzA3YD+ghV94gW1Xowx7ErzR9NcISygaVU6xRZC17f4yyUmdR21rQjZCnsRJ4EROmTwajwPtAzqQAqRarKTTRHpZUOM0uAaOW7fLJDRmt2EwMm7AmalOaY1OhawE0qoQY+qGqRlMzRhq11hDRnCBn58PvPDCqThJXB828nX1d4hd+HrA35+Gw5finWEbosLXFX+PwEcoySkEAFkI7nNxnirkzAoYPSEotS/9ID3FAABgAQEAAQAAAQEBAQEBBABAQM64oGIYYAEVAAEBAQEBAQEBAQABAAIEBhMMDhASFDYAnjd5uRPG7zch2qZtKyeN3m5DFxVgnTtUzaVkU4RUD08bvNyFj/NHgWLirBOmzGI683apm0rADgAICAkJCQkJCQkJCQkJAwsAbm90IEpTT07DqT8='
  const lines = Array.from({ length: 12 }, (_, i) => {
    const who = i % 2 === 0 ? 'jane' : 'john'
    return JSON.stringify({
      at: `2026-10-01T07:00:0${i % 10}.${100 + i}Z`,
      id: `63da07ee32b3ee6e6f9ea2f7${(i * 430).toString(16).padStart(16, '0')}`,
      seq: i * 430,
      who,
      key: (0x9e3779b9 * (i + 1)).toString(16),
      text: i === 5 ? 'é?' : `order ${i * i} of ${who}`,
    })
  })
  lines.push('not JSON')

  it('come back byte for byte', () => {
    const opened = new PackedLines(Buffer.from(VERSION_1, 'base64'))
    expect(Array.from({ length: opened.count }, (_, index) => opened.line(index).toString())).toEqual(lines)
  })
})
