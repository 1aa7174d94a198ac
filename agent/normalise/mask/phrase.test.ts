import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { json } from '../read/formats/json.ts'
import { Desk } from './desk.ts'
import { Masker } from './index.ts'
import { SecretNames } from './names.ts'
import { Suspicion } from './suspicion.ts'

const names = new SecretNames({ names: [], patterns: {}, keep: [] })
const desk = new Desk(new Suspicion([], { names }), { isJson: true })
/** With an own pattern, no text is skipped. */
const thorough = new Masker({ names: [], patterns: { never: '\\bz{9}\\b' }, keep: [] })
const RUNS = process.env.WAYBILL_FULL === undefined ? 5000 : 200_000

describe('texts of nothing but words, in JSON,', () => {
  it.each([
    '{"EventType":"User authorization","Action":"Logout"}',
    '{"event": "Password Reset", "name": "x"}',
    '{"reason":"wrong password"}',
    '{"a":{"error":{"message":"Invalid credentials"}}}',
    '{"action":"Password changed","user":"bob"}',
    '{"action":"Password policy changed","old_value":"8"}',
    '{"action":"User updated","comment":"wrong password","old_value":"8"}',
  ])('raise no suspicion: %s', (text) => {
    expect(desk.mayHold(text)).toBe(false)
  })

  it.each([
    '{"field":"Password","old":"x"}',
    '{"Field_Name" : "User authorization","old":"x"}',
    '{"f\\u0069eld":"password","old":"x"}',
    '{"password":"correct horse"}',
    '{"User authorization":"x"}',
    '{"a":["password"]}',
    '{"a":"password"',
    '{"a":"password" }',
    '{"action":"Password changed","old_value":"x"}',
    '{"old":"x","type":"password","user":"bob"}',
    '{"action":"Password changed","data":"{\\"old\\": \\"x\\"}"}',
    '{"action":"Password changed","\u006fld":"x"}',
    '{"a":"password": "x"}',
    '{"a":"password 7"}',
    '{"a":"Password changed to","b":"x"}',
    '{"a":"password changed from ","b":"x to y"}',
    '{"a":"the password is swordfish"}',
    '{"a":"password for jane is swordfish"}',
    '{"a":"Bearer abcdefghijklmnopqrstuvwxyz"}',
    '{"a":"{\\"field\\":\\"password\\",\\"old\\":\\"x\\"}"}',
  ])('others do: %s', (text) => {
    expect(desk.mayHold(text)).toBe(true)
  })

  it('and whatever stands around them, nothing that is masked is passed over', () => {
    const phrase = fc.constantFrom(
      ...[
        '"b":"User authorization",',
        '"field":"x","b": "token"}',
        '"a":"Wrong Password"},',
        '"b":"password changed",',
      ],
      ...['":"token",', '{"old":"to","new":"the token"},', '"a":"from","b":"secret","c":"x to y"'],
    )
    const sign = fc.constantFrom(
      ...['"a":', '"field":', '"name": ', '"old":', '"new":', '"password":', '"User authorization":'],
      ...['"User authorization"', '"Wrong Password"', '"token"', '"token set to "', '"token changed from "'],
      ...['"Geheim-7"', '"x9"', '"x to y9"', '"bearer "', 'authorization', 'password', 'Geheim-7', ' to '],
      ...[
        '"',
        '\\"',
        '\\',
        ':',
        '=',
        '->',
        ',',
        ',',
        ',',
        '{',
        '}',
        '},{',
        '[',
        ']',
        ' ',
        '\n',
        '"b":"',
        '":"',
      ],
    )
    let passed = 0
    fc.assert(
      fc.property(fc.array(fc.oneof(phrase, sign), { maxLength: 10 }), (parts) => {
        const text = `{${parts.join('')}}`
        if (desk.mayHold(text)) return
        if (/authorization|password|token/i.test(text)) passed++
        expect(thorough.mask(text, json).text).toBe(text)
      }),
      { numRuns: RUNS },
    )
    expect(passed).toBeGreaterThan(RUNS / 100)
  }, 600_000)

  it('nor in records that are sound', () => {
    const name = fc.constantFrom(
      'a',
      'field',
      'Name',
      'old',
      'new',
      'value',
      'event',
      'type',
      'x password',
      'a:',
      '\\',
      '"',
    )
    const text = fc.constantFrom(
      ...[
        'User authorization',
        'Wrong Password',
        'token',
        'token changed to',
        'password changed',
        'the password is swordfish',
        'new password for jane was swordfish',
        'x',
        'Geheim-7',
        '":"token","',
        '{',
      ],
    )
    const { object } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, text, text, tie('object'), fc.array(tie('value'), { maxLength: 2 })),
      object: fc.dictionary(name, tie('value'), { maxKeys: 4 }),
    }))
    let passed = 0
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 1), (record, indent) => {
        const said = JSON.stringify(record, null, indent)
        if (desk.mayHold(said)) return
        if (/authorization|password|token/i.test(said)) passed++
        expect(thorough.mask(said, json).text).toBe(said)
      }),
      { numRuns: RUNS },
    )
    expect(passed).toBeGreaterThan(RUNS / 100)
  }, 600_000)
})
