import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schema/index.ts'
import type { Budget } from '../journal/index.ts'
import { Framer } from './framer.ts'

const PLENTY: Budget = { take: () => true, give: () => {} }

interface Got {
  readonly text: string
  readonly bytes?: number
  readonly incomplete?: true
}

/** The messages of a stream that arrives in these pieces. */
function framed(pieces: readonly (string | Buffer)[], { cut = false, budget = PLENTY } = {}): Got[] {
  const got: Got[] = []
  const framer = new Framer(({ bytes, truncated, incomplete }) => {
    got.push({
      text: bytes.toString('latin1'),
      ...(truncated === null ? {} : { bytes: truncated.bytes }),
      ...(incomplete ? { incomplete: true as const } : {}),
    })
  }, budget)
  for (const piece of pieces) framer.push(Buffer.from(piece as string, 'latin1'))
  framer.end(cut)
  return got
}

const texts = (pieces: readonly (string | Buffer)[]): string[] => framed(pieces).map(({ text }) => text)
const counted = (text: string): string => `${text.length} ${text}`
const bytewise = (text: string): string[] => [...text]

describe('how a stream becomes messages (RFC 6587, RFC 5425)', () => {
  it.each([
    ['a newline behind each', '<13>a\n<13>b\n', ['<13>a', '<13>b']],
    ['CR LF behind each', '<13>a\r\n<13>b\r\n', ['<13>a', '<13>b']],
    ['a NUL behind each', '<13>a\0<13>b\0', ['<13>a', '<13>b']],
    ['a newline and a NUL behind each', '<13>a\n\0<13>b\n\0', ['<13>a', '<13>b']],
    ['a last one without newline', '<13>a\n<13>b', ['<13>a', '<13>b']],
    ['blank lines between them', '<13>a\n\n\r\n<13>b\n', ['<13>a', '<13>b']],
    ['a NUL within a line', '<13>a\0b\n<13>c\n', ['<13>a\0b', '<13>c']],
    ['no priority', 'a\nb\n', ['a', 'b']],
    ['a text that begins with digits', '35: x\n12 monkeys\n', ['35: x', '12 monkeys']],
    ['digits alone', '123\n456', ['123', '456']],
    ['a length in front of each', '5 <13>a6 <13>bc', ['<13>a', '<13>bc']],
    ['a length that counts the newline', '6 <13>a\n6 <13>b\n', ['<13>a\n', '<13>b\n']],
    ['a length, and a newline that it does not count', '5 <13>a\n5 <13>b\n', ['<13>a', '<13>b']],
    ['a counted message with newlines', '9 <13>a\nb\nc5 <13>d', ['<13>a\nb\nc', '<13>d']],
    ['a zero in front is no length', '05 <13>a\n<13>b\n', ['05 <13>a', '<13>b']],
    ['a length behind which no priority stands', '5 hello\n<13>b\n', ['5 hello', '<13>b']],
    ['a length beyond belief', '99999999 <13>a\n<13>b\n', ['99999999 <13>a', '<13>b']],
    ['a count that is wrong: what stands there is a message', '4 <13>a\n5 <13>b', ['<13>', 'a', '<13>b']],
    ['a count that is lost and found again', '5 <13>aoops\n5 <13>b', ['<13>a', 'oops', '<13>b']],
    ['a message of many bytes a character', counted('<13>\xe6\xbc\xa2'), ['<13>\xe6\xbc\xa2']],
  ])('%s', (_, stream, messages) => {
    expect(texts([stream])).toEqual(messages)
    // A NUL at the end of a piece ends a message; a NUL within a line would have to be within its piece.
    if (!stream.includes('\0b')) expect(texts(bytewise(stream))).toEqual(messages)
  })

  it('a counted message whose connection ends within it is marked', () => {
    expect(framed(['5 <13>a9 <13>'])).toEqual([{ text: '<13>a' }, { text: '<13>', incomplete: true }])
  })

  it('a line whose connection is cut is marked, one whose sender just ends is not', () => {
    expect(framed(['<13>a'])).toEqual([{ text: '<13>a' }])
    expect(framed(['<13>a'], { cut: true })).toEqual([{ text: '<13>a', incomplete: true }])
  })
})

describe('long messages', () => {
  const longest = LIMITS.recordBytes
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex')

  it.each(['counted', 'line'])('one of 1 MiB is whole, one byte more is cut and measured: %s', (kind) => {
    for (const extra of [0, 1, 100_000]) {
      const text = `<13>${'x'.repeat(longest - 4 + extra)}`
      const stream = kind === 'line' ? `${text}\n<13>next\n` : `${counted(text)}${counted('<13>next')}`
      for (const piece of [stream.length, 65_536, 1000]) {
        const parts: string[] = []
        for (let at = 0; at < stream.length; at += piece) parts.push(stream.slice(at, at + piece))
        const seen: { length: number; truncated: unknown }[] = []
        const framer = new Framer(
          ({ bytes, truncated }) => seen.push({ length: bytes.length, truncated }),
          PLENTY,
        )
        for (const part of parts) framer.push(Buffer.from(part, 'latin1'))
        framer.end(false)
        expect(seen).toEqual([
          {
            length: longest,
            truncated: extra === 0 ? null : { bytes: longest + extra, sha256: sha(text) },
          },
          { length: 8, truncated: null },
        ])
      }
    }
  })

  it('without memory for more than its beginning, a message is cut and measured, and the next is whole', () => {
    const none: Budget = { take: () => false, give: () => {} }
    const text = `<13>${'y'.repeat(5000)}`
    const got = framed([text.slice(0, 3000), text.slice(3000), '\n<13>next\n'], { budget: none })
    expect(got[0]).toEqual({ text: text.slice(0, 1024), bytes: text.length })
    expect(got[1]).toEqual({ text: '<13>next' })
  })

  it('gives back all the memory that it took', () => {
    let held = 0
    const budget: Budget = {
      take(bytes) {
        held += bytes
        return true
      },
      give(bytes) {
        held -= bytes
      },
    }
    framed(['<13>', 'x'.repeat(100_000), 'x'.repeat(2_000_000), '\n<13>', 'y'.repeat(50_000)], { budget })
    expect(held).toBe(0)
  })
})

describe('any bytes in any pieces', () => {
  const cutUp = (stream: Buffer, cuts: readonly number[]): Buffer[] => {
    const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b)
    return [0, ...places].map((from, i) => stream.subarray(from, places[i] ?? stream.length))
  }
  const cuts = fc.array(fc.nat(), { maxLength: 20 })

  it('counted messages come out as they went in', () => {
    const message = fc
      .uint8Array({ maxLength: 300 })
      .map((bytes) => Buffer.concat([Buffer.from('<1>'), bytes]))
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), cuts, (messages, places) => {
        const stream = Buffer.concat(messages.flatMap((one) => [Buffer.from(`${one.length} `), one]))
        expect(framed(cutUp(stream, places)).map(({ text }) => text)).toEqual(
          messages.map((one) => one.toString('latin1')),
        )
      }),
      { numRuns: 1000 },
    )
  })

  it('lines come out as they went in', () => {
    const line = fc.uint8Array({ minLength: 1, maxLength: 300 }).map(
      (bytes) =>
        `<1>${Buffer.from(bytes)
          .toString('latin1')
          .replace(/[\n\r\0]/g, '.')}`,
    )
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), cuts, (lines, places) => {
        const stream = Buffer.from(`${lines.join('\n')}\n`, 'latin1')
        expect(framed(cutUp(stream, places)).map(({ text }) => text)).toEqual(lines)
      }),
      { numRuns: 1000 },
    )
  })

  it('whatever comes, no byte of a message is lost', () => {
    const hostile = fc.oneof(
      fc.constantFrom('5 <13>', '99999999 <', '12 ', '\n', '\0', '\r\n', '<13>', '0', '<', ' ', '7 <1>abcd'),
      fc.string({ unit: 'binary-ascii', maxLength: 8 }),
    )
    const stream = fc.array(hostile, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''), 'latin1'))
    // Lengths, blanks and terminators belong to the framing; every other byte belongs to a message, in order.
    const content = (text: string): string => text.replace(/[\d \n\r\0]/g, '')
    fc.assert(
      fc.property(stream, cuts, (bytes, places) => {
        const whole = framed(cutUp(bytes, places))
          .map(({ text }) => text)
          .join('')
        expect(content(whole)).toBe(content(bytes.toString('latin1')))
      }),
      { numRuns: 3000 },
    )
  })
})
