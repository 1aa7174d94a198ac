import { createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Fault } from '../../test/sink/server.ts'
import type { Clock } from './clock.ts'
import { GRACE_MS } from './shipper.ts'
import {
  accountsAddUp,
  drained,
  eventually,
  expectAllOnce,
  NUMBERS,
  positionOf,
  SOURCE_A,
  SOURCE_B,
  sink,
  spooledFiles,
  trial,
} from './testing/trial.ts'

const TIMEOUTS = { connect: 300, headers: 300, body: 300 }

/** The address of a server that accepts connections and never answers. */
async function silent(): Promise<string> {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

/** Makes batches until no more are wanted; returns their number. */
async function untilFull(
  { shipper, batch }: Awaited<ReturnType<typeof trial>>,
  records: number,
): Promise<number> {
  let batches = 0
  for (; shipper.hasRoom(); batches++) await batch(SOURCE_A, records)
  return batches
}

describe('delivery', () => {
  it('ships batches in a chain, settles positions and empties the spool', async () => {
    const t = await trial()
    for (let i = 0; i < 20; i++) await t.batch(i % 2 === 0 ? SOURCE_A : SOURCE_B, 25)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 250, [SOURCE_B]: 250 })
    expect(positionOf(t.state, SOURCE_A)).toBe(250)
    expect(await spooledFiles(t.dir)).toEqual([])
    const chain = t.sink.arrivals.toSorted((a, b) => a.manifest.sequence - b.manifest.sequence)
    expect(chain.map(({ manifest }) => manifest.sequence)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    )
    expect(chain.slice(1).map(({ manifest }) => manifest.previous)).toEqual(
      chain.slice(0, -1).map(({ hash }) => hash),
    )
    expect(t.shipper.status()).toMatchObject({
      sealed: 20,
      acknowledged: 20,
      spooledBatches: 0,
      problem: null,
    })
  })

  it('ships a batch without an event, so that its counts are sealed too', async () => {
    const t = await trial()
    await t.batch(SOURCE_A, 9)
    await t.batch(SOURCE_A, 1)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 10 })
    expect(t.sink.arrivals).toHaveLength(2)
  })

  const passing: Record<string, Fault> = {
    'an answer that is lost after storing': { kind: 'lose-answer' },
    'a connection that is cut before storing': { kind: 'cut' },
    'an indexer that takes a request and never answers': { kind: 'hang' },
    '429 with Retry-After 0': { kind: 'answer', status: 429, retryAfter: '0' },
    '503 without Retry-After': { kind: 'answer', status: 503 },
    '507, its store is full': { kind: 'answer', status: 507 },
    '500': { kind: 'answer', status: 500 },
    '404 of something else at the address': { kind: 'answer', status: 404, text: '<html>' },
    '409 that is no fork': { kind: 'answer', status: 409, code: 'internal' },
    '400 in HTML, which no indexer says': {
      kind: 'answer',
      status: 400,
      text: '<html>plain HTTP to HTTPS port</html>',
    },
    '200 in HTML, which no indexer says': {
      kind: 'answer',
      status: 200,
      text: '<html>sign in to this network</html>',
    },
    'a redirect': { kind: 'answer', status: 302, text: '' },
    'an acknowledgement of another waybill': {
      kind: 'garble',
      change: (a) => ({ ...a, hash: 'f'.repeat(64) }),
    },
    'an acknowledgement whose counts do not add up': {
      kind: 'garble',
      change: (a) => ({ ...a, sources: a.sources.map((one) => ({ ...one, stored: one.stored - 1 })) }),
    },
    'a slow answer': { kind: 'slow', ms: 100 },
  }
  for (const [what, fault] of Object.entries(passing)) {
    it(`loses and doubles nothing over ${what}`, async () => {
      const t = await trial({ shipper: { timeouts: TIMEOUTS } })
      t.sink.failNext(3, fault)
      for (let i = 0; i < 6; i++) await t.batch(i % 2 === 0 ? SOURCE_A : SOURCE_B, 20)
      await drained(t.shipper)
      expectAllOnce(t, { [SOURCE_A]: 60, [SOURCE_B]: 60 })
      expect(t.shipper.status()).toMatchObject({ problem: null, quarantined: 0 })
    })
  }

  it('gives up a connection whose other end reads nothing', async () => {
    const t = await trial({ shipper: { timeouts: TIMEOUTS } })
    t.sink.ignoreNext(2)
    await t.batch(SOURCE_A, 3000)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 3000 })
  })

  it('waits as long as Retry-After says', async () => {
    const t = await trial()
    const asked: number[] = []
    t.sink.fault(() => {
      asked.push(Date.now())
      return asked.length === 1 ? { kind: 'answer', status: 429, retryAfter: '1' } : null
    })
    await t.batch(SOURCE_A, 5)
    await drained(t.shipper)
    expect(asked).toHaveLength(2)
    expect(asked[1]! - asked[0]!).toBeGreaterThanOrEqual(1000)
  })

  for (const status of [401, 403]) {
    it(`pauses loudly at ${status}, drops nothing, and goes on when it is let in again`, async () => {
      const t = await trial()
      t.sink.fault(() => ({ kind: 'answer', status }))
      await t.batch(SOURCE_A, 50)
      await t.batch(SOURCE_B, 50)
      await eventually(
        'the agent says why',
        () => t.shipper.status().problem?.includes(`answers ${status}`) === true,
      )
      await eventually('it tries now and then', () => t.shipper.status().counters.unauthorised >= 3)
      expect(t.said('Nothing is dropped')).toBe(true)
      expect(t.shipper.status()).toMatchObject({ spooledBatches: 2, quarantined: 0 })
      expect(t.total()).toMatchObject({ read: 100, pending: 100, stored: 0 })
      t.sink.fault(null)
      await drained(t.shipper)
      expectAllOnce(t, { [SOURCE_A]: 50, [SOURCE_B]: 50 })
    })
  }

  it('says that the store is full', async () => {
    const t = await trial()
    t.sink.fault(() => ({ kind: 'answer', status: 507 }))
    await t.batch(SOURCE_A, 5)
    await eventually(
      'the agent says why',
      () => t.shipper.status().problem?.includes('its store is full') === true,
    )
    t.sink.fault(null)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 5 })
  })

  it('ships to the next indexer when one is down, and tells no problem then', async () => {
    const dead = createServer()
    await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve))
    const address = dead.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await new Promise((resolve) => dead.close(resolve))
    const good = await sink()
    const t = await trial({ sink: good, shipper: { indexers: [`http://127.0.0.1:${port}`, good.url] } })
    for (let i = 0; i < 10; i++) await t.batch(SOURCE_A, 10)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 100 })
    expect(t.shipper.status().problem).toBeNull()
  })

  it('gives up a connection that is accepted and then silent, and takes the next indexer', async () => {
    const good = await sink()
    const indexers = [await silent(), good.url]
    const t = await trial({ sink: good, shipper: { indexers, timeouts: TIMEOUTS } })
    for (let i = 0; i < 6; i++) await t.batch(SOURCE_A, 10)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 60 })
  })

  it('waits at most 3 s for an indexer that takes requests and never answers, when it stops', async () => {
    // Time advances only when the test allows it: so no machine is too slow for this.
    let time = 0
    const due = new Map<() => void, number>()
    const clock: Clock = {
      now: Date.now,
      ticks: () => time,
      after(ms, call) {
        due.set(call, time + ms)
        return () => void due.delete(call)
      },
    }
    const good = await sink()
    const t = await trial({
      sink: good,
      shipper: {
        indexers: [await silent()],
        grace: GRACE_MS,
        clock,
        heartbeat: () => NUMBERS,
        heartbeatEvery: 60_000,
      },
    })
    await t.batch(SOURCE_A, 10)
    await eventually('the batch is on its way', () => t.shipper.status().counters.requests === 1)
    let closed = false
    const closing = t.shipper.close().then(() => {
      closed = true
    })
    while (!closed) {
      const [call, at] = [...due].toSorted(([, a], [, b]) => a - b)[0] ?? []
      if (call === undefined || at === undefined || at > 3000) {
        // Nothing within the limit is left to wait for: it must end by itself now.
        await closing
        break
      }
      time = at
      due.delete(call)
      call()
      await pause(5)
    }
    expect(t.shipper.status().spooledBatches).toBe(1)
  })

  it.each([1, 5])('batches that always fail, %i of them, stop no other', async (count) => {
    const t = await trial()
    const fails = (sequence: number): boolean => sequence > 1 && sequence <= 1 + count
    t.sink.fault(({ manifest }) => (fails(manifest.sequence) ? { kind: 'answer', status: 500 } : null))
    for (let i = 0; i < 12; i++) await t.batch(SOURCE_A, 10)
    await eventually('all others are stored', () => t.sink.arrivals.length === 12 - count)
    await eventually('only these are in the spool', () => t.shipper.status().spooledBatches === count)
    expect(t.total()).toMatchObject({ read: 120, pending: 10 * count })
    expect(accountsAddUp(t.shipper)).toBe(true)
    t.sink.fault(null)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 120 })
  })

  it('has at most the batches in flight that it may have', async () => {
    const t = await trial({ shipper: { inFlight: 3 } })
    await t.batch(SOURCE_A, 5)
    await drained(t.shipper)
    let now = 0
    let most = 0
    const full = Promise.withResolvers<void>()
    t.sink.fault(() => {
      now++
      most = Math.max(most, now)
      if (now === 3) full.resolve()
      return { kind: 'held', until: full.promise.then(() => void now--) }
    })
    for (let i = 0; i < 12; i++) await t.batch(SOURCE_A, 5)
    await drained(t.shipper)
    expect(most).toBe(3)
  })

  it('has no room for more than it sends at once beside what is under way, while that is acknowledged', async () => {
    const t = await trial({ shipper: { inFlight: 2 } })
    await t.batch(SOURCE_A, 5)
    await drained(t.shipper)
    const until = Promise.withResolvers<void>()
    t.sink.fault(() => ({ kind: 'held', until: until.promise }))
    const batches = await untilFull(t, 5)
    expect(batches).toBe(4)
    until.resolve()
    await t.shipper.room(AbortSignal.timeout(60_000))
    expect(t.shipper.hasRoom()).toBe(true)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 25 })
  })

  it('fills its window when nothing is acknowledged: what is sealed can not be truncated away', async () => {
    const t = await trial({ shipper: { inFlight: 2 } })
    await t.batch(SOURCE_A, 5)
    await drained(t.shipper)
    let answers = 0
    const until = Promise.withResolvers<void>()
    t.sink.fault(() =>
      answers++ < 2 ? { kind: 'held', until: until.promise } : { kind: 'answer', status: 503 },
    )
    for (let i = 0; i < 10; i++) await t.batch(SOURCE_A, 5)
    expect(t.shipper.hasRoom()).toBe(false)
    until.resolve()
    await t.shipper.room(AbortSignal.timeout(60_000))
    expect(t.shipper.hasRoom()).toBe(true)
    expect(t.shipper.status().spooledBatches).toBeGreaterThanOrEqual(8)
    t.sink.fault(null)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 55 })
  })

  it('has room beside batches that fail by themselves, however many', async () => {
    const t = await trial({ shipper: { inFlight: 2 } })
    t.sink.fault(({ manifest }) =>
      manifest.sequence > 1 && manifest.sequence < 6 ? { kind: 'answer', status: 500 } : null,
    )
    for (let i = 0; i < 6; i++) await t.batch(SOURCE_A, 5)
    // All is well only between an accepted batch and the next one's failure.
    const isWell = (): boolean => t.shipper.status().problem === null
    let batches = 6
    for (let hasRoom = false; !hasRoom; batches++) {
      expect(batches).toBeLessThan(200)
      await t.batch(SOURCE_A, 5)
      await eventually('only they are left', () => t.shipper.status().spooledBatches === 4)
      hasRoom = isWell() && t.shipper.hasRoom()
    }
    t.sink.fault(null)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: batches * 5 })
  })

  it('says when the window is full, and when there is room again', async () => {
    const t = await trial({ shipper: { windowBytes: 20_000 } })
    t.sink.fault(() => ({ kind: 'answer', status: 503 }))
    const batches = await untilFull(t, 50)
    expect(batches).toBeLessThan(10)
    const gone = new AbortController()
    const waited = t.shipper.room(gone.signal)
    gone.abort()
    await waited
    expect(t.shipper.hasRoom()).toBe(false)
    const room = t.shipper.room(AbortSignal.timeout(60_000))
    t.sink.fault(null)
    await room
    expect(t.shipper.hasRoom()).toBe(true)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: batches * 50 })
  })

  it('sends what is in the spool after a start, byte for byte', async () => {
    const first = await trial()
    first.sink.fault(() => ({ kind: 'answer', status: 503 }))
    for (let i = 0; i < 5; i++) await first.batch(SOURCE_A, 20)
    await first.stop()
    first.sink.fault(null)
    const t = await trial({ dir: first.dir, sink: first.sink })
    expect(t.shipper.sealed().get(`${SOURCE_A}/1`)).toEqual([[0, 100]])
    await t.batch(SOURCE_A, 20)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 120 })
    expect(new Set(t.sink.arrivals.map(({ manifest }) => manifest.incarnation)).size).toBe(1)
    expect(t.shipper.status().sealed).toBe(6)
  })

  it('counts an acknowledgement that came again as the first one', async () => {
    const first = await trial({ shipper: { timeouts: TIMEOUTS } })
    first.sink.fault(() => ({ kind: 'lose-answer' }))
    await first.batch(SOURCE_A, 30)
    await eventually('it is stored', () => first.sink.arrivals.length === 1)
    await first.stop()
    first.sink.fault(null)
    const t = await trial({ dir: first.dir, sink: first.sink })
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 30 })
    expect(t.sink.arrivals).toHaveLength(1)
  })

  it('sends heartbeats that count up over a restart, and knows the offset of the clocks', async () => {
    const server = await sink({ clock: () => Date.now() + 60_000 })
    const shipper = { heartbeatEvery: 20, heartbeat: () => NUMBERS }
    const first = await trial({ sink: server, shipper })
    await eventually('three came', () => server.heartbeats.length >= 3)
    await first.stop()
    const second = await trial({ dir: first.dir, sink: server, shipper })
    const before = server.heartbeats.length
    await eventually('more came', () => server.heartbeats.length >= before + 2)
    const beats = server.heartbeats.map(({ beat }) => beat)
    expect(beats).toEqual(beats.toSorted((a, b) => a - b))
    expect(new Set(beats).size).toBe(beats.length)
    expect(second.shipper.status().clockOffset).toBeGreaterThan(59_000)
  })

  it('keeps the accounts of forgotten sources as one', async () => {
    const first = await trial()
    await first.batch(SOURCE_A, 20)
    await first.batch(SOURCE_B, 20)
    await drained(first.shipper)
    await first.state.write([{ key: `source/${SOURCE_A}`, value: undefined }])
    await first.stop()
    const t = await trial({ dir: first.dir, sink: first.sink })
    expect([...t.shipper.ledgers().keys()].sort()).toEqual([SOURCE_B, 'retired'])
    expectAllOnce(t, { [SOURCE_A]: 20, [SOURCE_B]: 20 })
  })
})
