import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { holdsCardNumber } from './card.ts'
import { Desk } from './desk.ts'
import { Suspicion } from './suspicion.ts'

const desk = new Desk(new Suspicion(['iban', 'größe']))
const SECRET = [
  ...[
    'password',
    'PASSPHRASE',
    'passcode',
    'Pwd',
    'sEcret',
    'token',
    'cookie',
    'credential',
    'Authorization',
    'bearer',
  ],
  ...['apikey', 'api_key', 'API-KEY', 'api key', 'private', 'cvv', 'CVC', 'eyJ', '\\u00e4', 'IBAN', 'größe'],
]
const HARMLESS = [
  ...[
    'passenger',
    'session',
    'order',
    'student',
    'author',
    'activated',
    'broken',
    'decrease',
    'ap',
    'key',
    '\\n',
    'ß',
  ],
  ...[
    '2026-01-22T10:51:04.028Z',
    '2026-01-22 10:51',
    '-',
    ' ',
    '  ',
    '--',
    '1',
    '12',
    '4111',
    '1234567890123',
    '"',
    '{',
  ],
]
const filling = fc.string({ maxLength: 40 })

describe('suspicion', () => {
  it.each(SECRET)('is raised by %s, wherever it stands', (word) => {
    for (let before = 0; before < 40; before++) {
      expect(desk.mayHold(','.repeat(before) + word)).toBe(true)
      expect(desk.mayHold(`${','.repeat(before)}${word}${','.repeat(before)}`)).toBe(true)
    }
  })

  it('is raised by a card number, wherever it stands and however it is grouped', () => {
    for (const card of ['4111111111111111', '4111 1111 1111 1111', '3782-822463-10005', '4222222222222']) {
      for (let before = 0; before < 40; before++) {
        expect(desk.mayHold(','.repeat(before) + card)).toBe(true)
        expect(desk.mayHold(`${','.repeat(before)}${card}, 12-34 5`)).toBe(true)
      }
    }
  })

  it('is not raised by what only looks alike', () => {
    for (const word of HARMLESS) expect(desk.mayHold(`${word}.${word}`)).toBe(false)
  })

  it('a word that ends behind the text is none', () => {
    const text = 'a password'
    for (let length = 0; length < 'a passw'.length; length++) {
      desk.mayHold(text)
      expect(desk.mayHold(text.slice(0, length))).toBe(false)
    }
  })

  it('misses nothing in any text, and is not raised without a word or a number', () => {
    const piece = fc.oneof(
      filling,
      fc.constantFrom(...HARMLESS),
      fc.constantFrom(...SECRET),
      fc.constantFrom('4111111111111111', '4111 1111 1111 1111', '41111-11111111111', '12345678901234567890'),
    )
    const words = [
      'passw',
      'passp',
      'passc',
      'pwd',
      'secret',
      'token',
      'cookie',
      'credential',
      'authori',
      'bearer',
    ]
    words.push(
      'apikey',
      'api_key',
      'api-key',
      'api key',
      'private',
      'cvv',
      'cvc',
      'eyj',
      '\\u00',
      'iban',
      'größe',
    )
    const ascii = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        const hasWord = words.some((word) => ascii(text).includes(word))
        if (hasWord || holdsCardNumber(text)) expect(desk.mayHold(text)).toBe(true)
        else if (!/\d(?:[ -]?\d){12}/.test(text)) expect(desk.mayHold(text)).toBe(false)
      }),
      { numRuns: 5000 },
    )
  })

  it('a text longer than any before it has room', () => {
    expect(desk.mayHold(`${'x'.repeat(3_000_000)} pass${'word'}`)).toBe(true)
    expect(desk.mayHold('é'.repeat(3_000_000))).toBe(false)
  })
})
