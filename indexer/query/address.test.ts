import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressKey, addressText, blockOf, blockText } from './address.ts'

test.each([
  ['10.0.0.1', '00000000000000000000ffff0a000001', '10.0.0.1'],
  ['::ffff:10.0.0.1', '00000000000000000000ffff0a000001', '10.0.0.1'],
  ['::FFFF:a00:1', '00000000000000000000ffff0a000001', '10.0.0.1'],
  ['::', '0'.repeat(32), '::'],
  ['::1', `${'0'.repeat(31)}1`, '::1'],
  ['1::', `0001${'0'.repeat(28)}`, '1::'],
  ['2001:DB8:0:0:1:0:0:1', '20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
  ['1:0:2:3:4:5:6:7', '00010000000200030004000500060007', '1:0:2:3:4:5:6:7'],
  ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304', '64:ff9b::102:304'],
])('%s', (text, key, usual) => {
  expect(addressKey(text)).toBe(key)
  expect(addressText(key)).toBe(usual)
})

test.each([
  '',
  '10.0.0',
  '10.0.0.256',
  '010.0.0.1',
  'fe80::1%eth0',
  '1::2::3',
  'host',
  ' 10.0.0.1',
  '12345::',
])('%j is no address', (text) => expect(addressKey(text)).toBeUndefined())

test('an address written the usual way is the same address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) => {
      const key = addressKey(ip)!
      expect(key).toMatch(/^[0-9a-f]{32}$/)
      expect(addressKey(addressText(key))).toBe(key)
    }),
  )
})

test('a block is its ends, and reads back', () => {
  expect(blockOf('10.1.2.3/8')).toEqual({ first: addressKey('10.0.0.0'), last: addressKey('10.255.255.255') })
  expect(blockOf('10.1.2.3/32')).toEqual({ first: addressKey('10.1.2.3'), last: addressKey('10.1.2.3') })
  expect(blockText(blockOf('2001:db8::1/32')!)).toBe('2001:db8::/32')
  expect(blockText(blockOf('0.0.0.0/0')!)).toBe('0.0.0.0/0')
  expect(blockText(blockOf('::/0')!)).toBe('::/0')
  expect(blockText({ first: addressKey('10.0.0.1')!, last: addressKey('10.0.0.2')! })).toBeUndefined()
})

test.each([
  '10.0.0.0',
  '10.0.0.0/33',
  '::/129',
  '10.0.0.0/-1',
  '10.0.0.0/',
  '/8',
  'x/8',
  '10.0.0.0/8/8',
  '10.0.0.0/0x8',
])('%j is no block', (text) => expect(blockOf(text)).toBeUndefined())
