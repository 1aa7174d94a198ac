import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeWaybill } from '../../schema/wire/index.ts'
import { Body } from './body.ts'
import { Budget } from './budget.ts'
import { TestAgent } from './testing.ts'

const agent = new TestAgent()
const { body: whole } = agent.sealLines(['{"a":1}', '{"b":2}'])
const right = decodeWaybill(whole)

/** The source, fed with these pieces as fast as it is read. */
function fed(pieces: readonly Buffer[]): PassThrough {
  const source = new PassThrough()
  for (const piece of pieces) source.write(piece)
  source.end()
  return source
}

it('a body in pieces of any size is the body', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: whole.length }), { maxLength: 40 }), async (cuts) => {
      const ends = [...new Set([...cuts, whole.length])].sort((a, b) => a - b)
      const pieces = ends.map((end, i) => whole.subarray(ends[i - 1] ?? 0, end))
      const body = new Body(fed(pieces), 1000)
      const budget = new Budget(1_000_000)
      const share = budget.share()
      const head = await body.head(share)
      expect(head.hash).toBe(right.hash)
      expect(head.manifestBytes.equals(right.manifestBytes) && head.signature.equals(right.signature)).toBe(
        true,
      )
      const payload = Buffer.from(await body.payload(head.payloadBytes, share))
      expect(payload.equals(right.payload)).toBe(true)
      share.release()
      expect(budget.used).toBe(0)
      body.release()
    }),
    { numRuns: 60 },
  )
})

it('a body one byte at a time is the body', async () => {
  const body = new Body(fed([...whole].map((byte) => Buffer.of(byte))), 1000)
  const share = new Budget(1_000_000).share()
  const head = await body.head(share)
  expect(Buffer.from(await body.payload(head.payloadBytes, share)).equals(right.payload)).toBe(true)
  body.release()
})

it('a budget gives no more than it has, and takes back all that was given', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(60)), { maxLength: 60 }), (steps) => {
      const budget = new Budget(100)
      const shares = Array.from({ length: 3 }, () => budget.share())
      for (const [which, bytes] of steps) {
        const share = shares[which]
        if (share === undefined)
          for (const one of shares.splice(0, 3, ...shares.map(() => budget.share()))) one.release()
        else if (!share.take(bytes)) expect(budget.used + bytes).toBeGreaterThan(100)
        expect(budget.used).toBeLessThanOrEqual(100)
      }
      for (const share of shares) share.release()
      expect(budget.used).toBe(0)
    }),
  )
})
