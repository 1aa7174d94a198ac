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
      const share = budget.share('a')
      const head = await body.head(share, () => true)
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
  const share = new Budget(1_000_000).share('a')
  const head = await body.head(share, () => true)
  expect(Buffer.from(await body.payload(head.payloadBytes, share)).equals(right.payload)).toBe(true)
  body.release()
})

it('a budget gives no more than it has, and takes back all that was given', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(60)), { maxLength: 60 }), (steps) => {
      const budget = new Budget(100, 100)
      const shares = Array.from({ length: 3 }, () => budget.share('a'))
      for (const [which, bytes] of steps) {
        const share = shares[which]
        if (share === undefined)
          for (const one of shares.splice(0, 3, ...shares.map(() => budget.share('a')))) one.release()
        else if (!share.take(bytes)) expect(budget.used + bytes).toBeGreaterThan(100)
        expect(budget.used).toBeLessThanOrEqual(100)
      }
      for (const share of shares) share.release()
      expect(budget.used).toBe(0)
    }),
  )
})

it('nobody has more than half of a budget while others are there, and one waybill that is larger than that is possible', () => {
  const budget = new Budget(100)
  const [one, two, other] = [budget.share('a'), budget.share('a'), budget.share('b')]
  expect(one.take(70)).toBe(true)
  expect(two.take(10)).toBe(false)
  expect(other.take(30)).toBe(true)
  one.release()
  expect(two.take(50)).toBe(true)
})

const sealedBy = (sources: number): Buffer => {
  const slice = right.manifest.sources[0]
  if (slice === undefined) throw new Error('no source')
  const empty = { ...slice, read: 0, events: 0, path: '/var/log/a/file/with/a/name/of/some/length.log' }
  return agent.sealLines(['{}'], {
    manifest: {
      sources: [{ ...slice, read: 1, events: 1 }, ...Array.from({ length: sources }, () => empty)],
    },
  }).body
}

it('a long manifest is read on only if its first bytes name a known agent and key', async () => {
  const long = sealedBy(400)
  const asked: unknown[] = []
  const source = new PassThrough()
  const body = new Body(source, 1000)
  source.write(long.subarray(0, 3000))
  const refused = body.head(new Budget(1_000_000).share('a'), (sender) => {
    asked.push(sender)
    return false
  })
  await expect(refused).rejects.toMatchObject({ status: 401 })
  expect(asked).toEqual([{ agent: agent.id, key: agent.key }])
  body.release()
  const known = new Body(fed([long.subarray(0, 3000), long.subarray(3000)]), 1000)
  const head = await known.head(new Budget(10_000_000).share('a'), () => true)
  expect(head.manifest.sources).toHaveLength(401)
  known.release()
})

it('a manifest that names nobody, or announces more than a manifest may have, is refused by its first bytes', async () => {
  for (const [start, status] of [
    [Buffer.concat([Buffer.from([0x4d, 0, 0, 0xff, 0xff]), Buffer.alloc(3000, 0x20)]), 401],
    [Buffer.from([0x4d, 0x03, 0xc0, 0, 0]), 'WaybillFormatError'],
  ] as const) {
    const source = new PassThrough()
    const body = new Body(source, 60_000)
    source.write(start)
    const thrown: unknown = await body
      .head(new Budget(1_000_000).share('a'), () => true)
      .catch((error) => error)
    expect(thrown).toMatchObject(typeof status === 'number' ? { status } : { name: status })
    body.release()
  }
})
