import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { auditd } from '../read/formats/auditd.ts'
import { cef } from '../read/formats/cef.ts'
import { Csv } from '../read/formats/csv.ts'
import { json } from '../read/formats/json.ts'
import { kv } from '../read/formats/kv.ts'
import { plain } from '../read/formats/regex.ts'
import { Desk } from './desk.ts'
import { Masker } from './index.ts'
import { Suspicion } from './suspicion.ts'

const masker = new Masker({ names: [], patterns: {}, keep: ['pwd', 'session_token'] })
/** With an own pattern, no text is skipped. */
const thorough = new Masker({ names: [], patterns: { never: '\\bz{9}\\b' }, keep: ['pwd', 'session_token'] })
const table = new Csv({
  quote: '"',
  delimiter: ',',
  columns: ['field', 'old', 'new', 'text'],
  keepsEmpty: () => false,
})
table.begin(null)
const FORMATS = { json, plain, cef, auditd, table, kv: kv({ between: null, assign: '=' }) }

const RUNS = process.env.WAYBILL_FULL === undefined ? 3000 : 200_000

describe('words that only seem to name a secret', () => {
  const desk = new Desk(new Suspicion([], { keepsFolders: true }))

  it.each([
    'Failed password for jane from 10.0.0.1 port 7 ssh2',
    'Accepted password for jane from 10.0.0.1',
    'failed none for jane, FAILED PASSWORD for jane',
    'jane : TTY=pts/0 ; PWD=/home/jane ; USER=root ; COMMAND=/bin/ls',
  ])('raise no suspicion: %s', (text) => {
    expect(desk.mayHold(text)).toBe(false)
  })

  it.each([
    'password for',
    'password: for jane',
    'the password forever',
    'the password for=7',
    'field=password for x old=1',
    'the token of x',
    'a token for 5 minutes',
    'password for jane',
    'failed password for',
    'failed password: for jane',
    'x failed password-for jane',
    'x ; PWD=/old',
    'x ; PWD=geheim ; USER=root',
    'x ; PWD=/home/pwd old',
    'x ; PWD=/home/my-pwd ; USER=root',
    'x; PWD=/home ; USER=root',
  ])('others do: %s', (text) => {
    expect(desk.mayHold(text)).toBe(true)
  })

  it('and whatever stands around them, nothing that is masked is passed over, in any form', () => {
    const word = fc.constantFrom(
      ...[
        'password',
        'Password',
        'PASSWD',
        'passwd',
        'pwd',
        'PWD',
        'token',
        'secret',
        'session_token',
        'passphrase',
      ],
      ...['for', 'For', 'is', 'accepted', 'failed', 'the', 'field', 'name', 'old', 'new', 'hash', 'previous'],
      ...[' ; PWD=/home/jane ; USER=', ' ; PWD=/old', ' ; USER=', 'TTY=pts/0 ; PWD=/ ; USER=root'],
      ...['changed', 'set', 'to', 'from', 'Geheim-7', 'x9', '3', 'cs1Label', 'cs1', 'msg', 'a1', '-p'],
    )
    const sign = fc.constantFrom(
      ...[
        ' ',
        ' ',
        ' ',
        ' ',
        '=',
        ': ',
        ':',
        '"',
        '","',
        '":"',
        "'",
        ',',
        '; ',
        ' -> ',
        '\\"',
        '(',
        '/',
        '\n',
        'ä',
      ],
    )
    const beginning = fc.constantFrom(
      ...['', '{"a":"', '{"field":"', 'CEF:0|a|b|1|2|n|3|', 'type=USER_CMD msg=audit(1.2:3): ', '"'],
    )
    const text = fc
      .tuple(beginning, fc.array(fc.tuple(word, sign), { maxLength: 14 }))
      .map(([begins, pairs]) => begins + pairs.flat().join(''))
    fc.assert(
      fc.property(text, (said) => {
        for (const format of Object.values(FORMATS))
          expect(masker.mask(said, format).text).toBe(thorough.mask(said, format).text)
      }),
      { numRuns: RUNS },
    )
  }, 600_000)
})
