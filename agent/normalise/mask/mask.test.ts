import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FormatName, Integration } from '../integration/integration.ts'
import { loadIntegration } from '../integration/load.ts'
import { type Format, formatOf } from '../read/formats/index.ts'
import { Desk } from './desk.ts'
import { Masker } from './index.ts'

const generic = await loadIntegration('generic-json')
const masker = new Masker({ names: ['iban', 'nationalId'], patterns: {}, keep: ['session_token'] })
const desk = new Desk(masker.suspicion)

function formatNamed(name: FormatName, more: Partial<Integration> = {}): Format {
  return formatOf({ ...generic, formats: [name], ...more }, { quote: '"', keepsEmpty: () => false })
}
const json = formatNamed('json')
const kv = formatNamed('kv')
const cef = formatNamed('cef')
const plain = formatNamed('plain')
const csv = (header: string): Format => {
  const format = formatNamed('csv')
  format.begin(header)
  return format
}
const masked = (text: string, format = json): string => masker.mask(text, format).text

describe('secrets in JSON', () => {
  it.each([
    ['{"password":"geheim"}', '{"password":"[masked:password]"}'],
    ['{"user":{"newPassword":"a b","id":7}}', '{"user":{"newPassword":"[masked:password]","id":7}}'],
    ['{"API-Key":"k1","x":1}', '{"API-Key":"[masked:api_key]","x":1}'],
    ['{"access_token":12345}', '{"access_token":"[masked:token]"}'],
    ['{"password_hash":"$2b$10$x","salt":"y"}', '{"password_hash":"[masked:password]","salt":"y"}'],
    [
      '{"clientSecret":["a","b","a"]}',
      '{"clientSecret":["[masked:secret]","[masked:secret#2]","[masked:secret]"]}',
    ],
    [
      '{"headers":{"Authorization":"Bearer x","Cookie":"a=b; c=d"}}',
      '{"headers":{"Authorization":"[masked:authorization]","Cookie":"[masked:cookie]"}}',
    ],
    [
      '{"password":{"old":"a","new":"b"}}',
      '{"password":{"old":"[masked:password]","new":"[masked:password#2]"}}',
    ],
    [
      '{"token":{"id":5,"value":"x","expires_at":"soon"}}',
      '{"token":{"id":5,"value":"[masked:token]","expires_at":"soon"}}',
    ],
    [
      '{"changes":[{"field":"Password","old":"a","new":"b"}]}',
      '{"changes":[{"field":"Password","old":"[masked:password]","new":"[masked:password#2]"}]}',
    ],
    [
      '{"old_value":{"x":"a"},"attribute":"user_password","new_value":"b"}',
      '{"old_value":{"x":"[masked:password]"},"attribute":"user_password","new_value":"[masked:password#2]"}',
    ],
    ['{"\\u0070assword":"geheim"}', '{"\\u0070assword":"[masked:password]"}'],
    ['{"body":"{\\"password\\":\\"geheim\\"}"}', '{"body":"{\\"password\\":\\"[masked:password]\\"}"}'],
    [
      '{"message":"login with password=geheim failed"}',
      '{"message":"login with password=[masked:password] failed"}',
    ],
    [
      '{"message":"New password: \'a b c\', sent"}',
      '{"message":"New password: \'[masked:password]\', sent"}',
    ],
    [
      '{"details":"Password: old1 -> new2; Name: a -> b"}',
      '{"details":"Password: [masked:password] -> [masked:password#2]; Name: a -> b"}',
    ],
    [
      '{"details":"Password changed from old1 to new2"}',
      '{"details":"Password changed from [masked:password] to [masked:password#2]"}',
    ],
    ['{"url":"/reset?token=abc&user=7"}', '{"url":"/reset?token=[masked:token]&user=7"}'],
    ['{"note":"card 4111 1111 1111 1111 used"}', '{"note":"card [masked:card] used"}'],
    ['{"card":4111111111111111}', '{"card":"[masked:card]"}'],
    ['{"note":"paid:\\n4111111111111111\\nthanks"}', '{"note":"paid:\\n[masked:card]\\nthanks"}'],
    ['{"id":"4111111111111111dcc5064"}', '{"id":"4111111111111111dcc5064"}'],
    ['{"x":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"}', '{"x":"[masked:jwt]"}'],
    [
      '{"pem":"-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----\\n"}',
      '{"pem":"[masked:private_key]\\n"}',
    ],
    ['{"iban":"DE02120300000000202051"}', '{"iban":"[masked:iban]"}'],
    ['{"national-id":7}', '{"national-id":"[masked:national_id]"}'],
    // The text is not JSON, or not complete.
    ['{"password":"geh', '{"password":"[masked:password]'],
    [
      '{"field":"Password","old":"a","new":"b',
      '{"field":"Password","old":"[masked:password]","new":"[masked:password#2]',
    ],
    ['{"password":"geheim","x":}', '{"password":"[masked:password]","x":}'],
    ['{"x":1} {"password" : "geheim"}', '{"x":1} {"password" : "[masked:password]"}'],
    ['{x: "a", "password": "ge heim"}', '{x: "a", "password": "[masked:password]"}'],
    ['password=geheim', 'password=[masked:password]'],
  ])('%s', (text, expected) => {
    expect(masked(text)).toBe(expected)
  })

  it.each([
    '{"action":"Password Reset","entity":"API Key","record_name":"Shopify sync key"}',
    '{"password_changed_at":"2026-01-22","token_type":"bearer","api_key_id":7,"tokens_used":12}',
    '{"password":null,"has_password":true,"token":""}',
    '{"session_token":"abc"}',
    '{"number":4111111111111112,"id":"20260122104532123","ts":1769078732123}',
    '{"url":"https://x.example/authorization/secrets"}',
    '{"message":"wrong password"}',
  ])('%s holds none', (text) => {
    expect(masked(text)).toBe(text)
  })
})

describe('secrets in other forms', () => {
  it('columns of CSV by their name, whatever their cells hold, quotes kept', () => {
    const rows = csv('user,password,note')
    expect(masked('jane,"ge,he""im",x', rows)).toBe('jane,"[masked:password]",x')
    expect(masked('jane,geheim,"a ""b"""', rows)).toBe('jane,[masked:password],"a ""b"""')
    expect(masked('jane,"not closed', rows)).toBe('jane,"[masked:password]')
    // The rows do not match the header: the secret may be in another cell.
    expect(masked('Doe, Jane,geheim,x', rows)).not.toContain('geheim')
    expect(masked('"jane,"geheim"x', rows)).not.toContain('geheim')
  })

  it('a changed password in old and new columns', () => {
    const rows = csv('User;Field;Previous value;New value')
    expect(masked('jane;Password;a;b', rows)).toBe('jane;Password;[masked:password];[masked:password#2]')
    expect(masked('jane;Phone;a;b', rows)).toBe('jane;Phone;a;b')
  })

  it('JSON in a cell', () => {
    const rows = csv('user,data')
    expect(masked('jane,"{""before"":{""pwd"":""a""},""after"":{""pwd"":""b""}}"', rows)).toBe(
      'jane,"{""before"":{""pwd"":""[masked:password]""},""after"":{""pwd"":""[masked:password#2]""}}"',
    )
  })

  it('pairs, with and without quotes', () => {
    expect(masked('user=jane password=geheim x=1', kv)).toBe('user=jane password=[masked:password] x=1')
    expect(masked('password="a \\"b\\" c" x=1', kv)).toBe('password="[masked:password]" x=1')
    expect(masked('a=1 Authorization: Bearer abc def', kv)).toBe('a=1 Authorization: [masked:authorization]')
  })

  it('CEF, also under its custom labels', () => {
    expect(masked('CEF:0|v|p|1|100|login|5|suser=jane cs1=ge heim cs1Label=Password msg=x', cef)).toBe(
      'CEF:0|v|p|1|100|login|5|suser=jane cs1=[masked:password] cs1Label=Password msg=x',
    )
  })

  it('lines of text', () => {
    expect(masked('Jan 22 x: Authorization: Basic dXNlcjpwYXNz', plain)).toBe(
      'Jan 22 x: Authorization: [masked:authorization]',
    )
    expect(masked('GET /?api_key=abc123 HTTP/1.1', plain)).toBe('GET /?api_key=[masked:api_key] HTTP/1.1')
    expect(masked('x {"password": "a b"} y', plain)).toBe('x {"password": "[masked:password]"} y')
  })
})

describe('whatever surrounds a secret', () => {
  const secret = fc
    .stringMatching(/^[A-Za-z0-9]{12,20}$/)
    .filter((text) => /[a-z]/.test(text) && /\d/.test(text))
  const name = fc.constantFrom(
    'password',
    'Passwd',
    'user_secret',
    'accessToken',
    'API key',
    'x-api-key',
    'client_secret',
    'PWD',
  )
  const noise = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })

  it('it is nowhere in JSON, at any depth, in texts within texts, cut anywhere', () => {
    fc.assert(
      fc.property(
        name,
        secret,
        noise,
        fc.nat(),
        fc.integer({ min: 0, max: 3 }),
        (name, secret, noise, cut, depth) => {
          let value: unknown = {
            ...noise,
            [name]: secret,
            changes: [{ field: name, old: secret, new: `${secret}2` }],
          }
          for (let i = 0; i < depth; i++)
            value = i % 2 === 0 ? { inner: value, ...noise } : { text: JSON.stringify(value) }
          const text = JSON.stringify(value)
          expect(masked(text)).not.toContain(secret)
          expect(() => JSON.parse(masked(text))).not.toThrow()
          const part = text.slice(0, cut % text.length)
          // The rest of a value whose beginning is cut off is only harmless if its name is missing, too.
          expect(masked(part)).not.toContain(secret)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('what is masked was suspicious by its bytes, before it is mapped', () => {
    const word = fc.constantFrom(
      ...[
        'password',
        'token',
        ' ',
        '=',
        ':',
        '"',
        '{"',
        '":"',
        '4111111111111111',
        '4111-1111-1111-1111',
        'x',
        'key',
        'api',
        '_',
      ],
      ...[
        'eyJhbGciOi.eyJzdWIi.x',
        'Bearer a1b2c3d4e5',
        'PRIVATE KEY-----',
        '-----BEGIN ',
        'field',
        'old',
        '\\u0070',
        'iban',
        ',',
        '}',
      ],
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 14 }), (words) => {
        const text = words.join('')
        for (const format of [json, kv, plain]) {
          if (!desk.mayHold(text)) expect(masked(text, format)).toBe(text)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('masking again changes nothing', () => {
    fc.assert(
      fc.property(name, secret, (name, secret) => {
        const once = masked(`{"${name}":"${secret}","m":"${name}: ${secret}"}`)
        expect(masked(once)).toBe(once)
      }),
      { numRuns: 200 },
    )
  })
})
