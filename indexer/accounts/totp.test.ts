import { describe, expect, it } from 'vitest'
import { base32, codeAt, otpauth, STEP_MS, stepOf } from './totp.ts'

const SECRET = Buffer.from('12345678901234567890')

describe('one-time codes', () => {
  it('are those of RFC 6238', () => {
    const vectors: [number, string, string][] = [
      [59, 'sha1', '94287082'],
      [1111111109, 'sha1', '07081804'],
      [1111111111, 'sha1', '14050471'],
      [1234567890, 'sha1', '89005924'],
      [2000000000, 'sha1', '69279037'],
      [20000000000, 'sha1', '65353130'],
      [59, 'sha256', '46119246'],
      [20000000000, 'sha256', '77737706'],
      [59, 'sha512', '90693936'],
      [20000000000, 'sha512', '47863826'],
    ]
    for (const [seconds, algorithm, code] of vectors) {
      const length = { sha1: 20, sha256: 32, sha512: 64 }[algorithm]!
      const secret = Buffer.from('1234567890'.repeat(7).slice(0, length))
      expect(codeAt(secret, Math.floor((seconds * 1000) / STEP_MS), 8, algorithm)).toBe(code)
    }
  })

  it('are taken one step early or late, and not two', () => {
    const now = 1_000_000 * STEP_MS
    for (const [step, taken] of [
      [999_998, false],
      [999_999, true],
      [1_000_000, true],
      [1_000_001, true],
      [1_000_002, false],
    ] as const) {
      expect(stepOf(SECRET, codeAt(SECRET, step), now, 0)).toBe(taken ? step : null)
    }
  })

  it('are taken once, and none from before the last one', () => {
    const now = 1_000_000 * STEP_MS
    expect(stepOf(SECRET, codeAt(SECRET, 1_000_000), now, 1_000_000)).toBeNull()
    expect(stepOf(SECRET, codeAt(SECRET, 999_999), now, 1_000_000)).toBeNull()
    expect(stepOf(SECRET, codeAt(SECRET, 1_000_001), now, 1_000_000)).toBe(1_000_001)
  })

  it('of another length are none', () => {
    const now = 1_000_000 * STEP_MS
    const code = codeAt(SECRET, 1_000_000)
    for (const wrong of ['', code.slice(1), `${code}0`, `${code} `, 'abcdef', '１２３４５６'])
      expect(stepOf(SECRET, wrong, now, 0)).toBeNull()
  })
})

it('a secret is written in base 32, as in RFC 4648', () => {
  for (const [text, coded] of [
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ] as const)
    expect(base32(Buffer.from(text))).toBe(coded)
  expect(otpauth(SECRET, 'jane@x')).toBe(
    'otpauth://totp/Waybill:jane%40x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Waybill&algorithm=SHA1&digits=6&period=30',
  )
})
