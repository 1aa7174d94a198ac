import fc from 'fast-check'
import { expect, it } from 'vitest'
import { partOf } from './range.ts'

const ETAG = '"abc"'

it.each([
  ['bytes=0-9', { from: 0, to: 10 }],
  ['bytes=5-', { from: 5, to: 100 }],
  ['bytes=99-99', { from: 99, to: 100 }],
  ['bytes=90-1000', { from: 90, to: 100 }],
  ['bytes=-10', { from: 90, to: 100 }],
  ['bytes=-1000', { from: 0, to: 100 }],
  ['bytes=100-', 'outside'],
  ['bytes=-0', 'outside'],
  ['bytes=9-5', null],
  ['bytes=0-1,5-6', null],
  ['bytes=-', null],
  ['items=0-9', null],
  ['bytes=a-b', null],
] as const)('of 100 bytes, %s is %j', (range, expected) => {
  expect(partOf(100, ETAG, { range })).toEqual(expected)
})

it('is all of the file without a range, or if the file is another one than was begun', () => {
  expect(partOf(100, ETAG, {})).toBeNull()
  expect(partOf(100, ETAG, { range: 'bytes=1-2', ifRange: '"other"' })).toBeNull()
  expect(partOf(100, ETAG, { range: 'bytes=1-2', ifRange: 'W/"abc"' })).toBeNull()
  expect(partOf(100, ETAG, { range: 'bytes=1-2', ifRange: ETAG })).toEqual({ from: 1, to: 3 })
  expect(partOf(0, ETAG, { range: 'bytes=0-' })).toBe('outside')
})

it('is within the file, whatever is asked for', () => {
  fc.assert(
    fc.property(
      fc.nat(1000),
      fc.string(),
      fc.option(fc.nat(2000)),
      fc.option(fc.nat(2000)),
      (size, noise, a, b) => {
        for (const range of [`bytes=${a ?? ''}-${b ?? ''}`, noise, `bytes=${noise}`]) {
          const part = partOf(size, ETAG, { range })
          if (part === null || part === 'outside') continue
          expect(part.from).toBeGreaterThanOrEqual(0)
          expect(part.to).toBeGreaterThan(part.from)
          expect(part.to).toBeLessThanOrEqual(size)
        }
      },
    ),
  )
})
