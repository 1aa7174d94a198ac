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
    'private key',
  ],
  ...['apikey', 'api_key', 'API-KEY', 'api key', 'accessKey', 'cvv', 'CVC', '\\u00e4', 'IBAN', 'größe'],
  ...[
    'pass=x',
    'smtpPass',
    'PIN',
    'userPin',
    'otp',
    'mot de passe',
    'Passwort',
    'contraseña',
    'senha',
    'hasło',
    'HASŁO',
  ],
  ...[
    'пароль',
    'ПАРОЛЬ',
    'wachtwoord',
    'パスワード',
    'sess_tok',
    'authTok',
    "pw 'x'",
    'db_creds',
    'Şifre',
    'Bearer a1b2c3d4e5',
    'basic Ym9iOmdlaGVpbQ==',
    'eyJhbGciOi.eyJzdWIi.x',
  ],
  ...['pg://bob:x@db', 'pg:\\/\\/bob:x@db', 'mysql -px', 'curl -u bob:x'],
]
const HARMLESS = [
  ...[
    'passenger',
    'chauthtok',
    'Vostok',
    'passport',
    'shipping',
    'option',
    'keyboard',
    'encoded',
    'bearer',
    'https://x.example:8080/a@b',
    'task-',
    ' -p ',
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
    const text = 'a secret'
    for (let length = 0; length < 'a secret'.length; length++) {
      desk.mayHold(text)
      expect(desk.mayHold(text.slice(0, length))).toBe(false)
    }
  })

  it('misses nothing in any text', () => {
    const piece = fc.oneof(
      filling,
      fc.constantFrom(...HARMLESS),
      fc.constantFrom(...SECRET),
      fc.constantFrom('4111111111111111', '4111 1111 1111 1111', '41111-11111111111', '12345678901234567890'),
    )
    const words = ['passw', 'passph', 'passcode', 'pwd', 'secret', 'token', 'cookie', 'credential', 'authori']
    words.push('cvv', 'cvc', '\\u00', 'iban', 'größe')
    const ascii = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        const hasWord = words.some((word) => ascii(text).includes(word))
        if (hasWord || holdsCardNumber(text)) expect(desk.mayHold(text)).toBe(true)
      }),
      { numRuns: 5000 },
    )
  })

  it('a text longer than any before it has room', () => {
    expect(desk.mayHold(`${'x'.repeat(3_000_000)} pass${'word'}`)).toBe(true)
    expect(desk.mayHold('é'.repeat(3_000_000))).toBe(false)
  })
})
