import { spawn } from 'node:child_process'
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import type { Sink } from '../../test/sink/server.ts'
import { enroll, listQuarantine } from './index.ts'
import {
  accountsAddUp,
  drained,
  eventId,
  eventually,
  expectAllOnce,
  folder,
  SOURCE_A,
  SOURCE_B,
  sink,
  spooledFiles,
  trial,
} from './testing/trial.ts'

/** Checks the chains that arrived, by incarnation: the numbers have no gap from 1 on, and each waybill names the previous one. */
function expectWholeChains(server: Sink): Map<string, number> {
  const chains = new Map<string, { sequence: number; hash: string; previous: string | null }[]>()
  for (const { manifest, hash } of server.arrivals) {
    const { incarnation, sequence, previous } = manifest
    chains.set(incarnation, [...(chains.get(incarnation) ?? []), { sequence, hash, previous }])
  }
  for (const chain of chains.values()) {
    chain.sort((a, b) => a.sequence - b.sequence)
    expect(chain.map(({ sequence }) => sequence)).toEqual(chain.map((_, i) => i + 1))
    expect(chain.map(({ previous }) => previous)).toEqual([
      null,
      ...chain.slice(0, -1).map(({ hash }) => hash),
    ])
  }
  return new Map([...chains].map(([incarnation, chain]) => [incarnation, chain.length]))
}

/** An agent with three acknowledged batches and a copy of its folder, as on a restored machine. */
async function twins() {
  const first = await trial()
  for (let i = 0; i < 3; i++) await first.batch(SOURCE_A, 20)
  await drained(first.shipper)
  await first.stop()
  const copy = await folder()
  await cp(first.dir, copy, { recursive: true })
  return { first: await trial({ dir: first.dir, sink: first.sink }), copy, sink: first.sink }
}

describe('a fork', () => {
  it('a copied folder becomes another incarnation, cites the last it knows, and loses nothing', async () => {
    const { first, copy, sink: server } = await twins()
    await first.batch(SOURCE_A, 20)
    await drained(first.shipper)
    const second = await trial({ dir: copy, sink: server })
    const before = second.shipper.status().incarnation
    for (let i = 0; i < 5; i++) await second.batch(SOURCE_B, 20)
    await drained(second.shipper)
    await second.batch(SOURCE_B, 20)
    await drained(second.shipper)
    expect(second.shipper.status().incarnation).not.toBe(before)
    expect(second.said('copied or restored')).toBe(true)
    expect(accountsAddUp(second.shipper)).toBe(true)
    expect(second.total()).toMatchObject({ read: 180, stored: 162, duplicate: 0, pending: 0 })
    expect([...expectWholeChains(server).values()].sort()).toEqual([4, 6])
    const opening = server.arrivals.find(({ manifest }) => manifest.cites !== null)
    expect(opening?.manifest).toMatchObject({ sequence: 1, cites: { incarnation: before, sequence: 3 } })
    expect(await spooledFiles(copy)).toEqual([])
    expect(await readdir(join(copy, 'spool'))).toEqual([second.shipper.status().incarnation])
  })

  it('keeps what is sealed while it is found out', async () => {
    const { first, copy, sink: server } = await twins()
    await first.batch(SOURCE_A, 20)
    await drained(first.shipper)
    const second = await trial({ dir: copy, sink: server })
    await Promise.all(Array.from({ length: 40 }, () => second.batch(SOURCE_B, 10)))
    await drained(second.shipper)
    for (let record = 0; record < 400; record++) {
      if (record % 10 !== 9) expect(server.ids).toContain(eventId(SOURCE_B, record))
    }
    expect(accountsAddUp(second.shipper)).toBe(true)
    expectWholeChains(server)
  })

  it('takes a batch along that was on its way out of quarantine', async () => {
    const { first, copy, sink: server } = await twins()
    server.fault(({ manifest }) => (manifest.sequence === 4 ? { kind: 'answer', status: 422 } : null))
    const second = await trial({ dir: copy, sink: server })
    await second.batch(SOURCE_B, 20)
    await drained(second.shipper)
    server.fault(null)
    await first.batch(SOURCE_A, 20)
    await drained(first.shipper)
    const [held] = await listQuarantine(copy)
    await second.shipper.quarantine(held!.batch, 'retry')
    await drained(second.shipper)
    expect(server.ids).toContain(eventId(SOURCE_B, 0))
    expect(second.shipper.status().quarantined).toBe(0)
    expect(accountsAddUp(second.shipper)).toBe(true)
    expect([...second.state.entries('quarantine/')]).toEqual([])
  })

  it('leaves in quarantine what was there', async () => {
    const { first, copy, sink: server } = await twins()
    server.fault(({ manifest }) => (manifest.sequence === 4 ? { kind: 'answer', status: 422 } : null))
    const second = await trial({ dir: copy, sink: server })
    await second.batch(SOURCE_B, 20)
    await drained(second.shipper)
    server.fault(null)
    for (let i = 0; i < 2; i++) await first.batch(SOURCE_A, 20)
    await drained(first.shipper)
    await second.batch(SOURCE_B, 20)
    await drained(second.shipper)
    expect(await listQuarantine(copy)).toHaveLength(1)
    const [held] = await listQuarantine(copy)
    await second.shipper.quarantine(held!.batch, 'retry')
    await drained(second.shipper)
    expect(server.ids).toContain(eventId(SOURCE_B, 0))
    expect(accountsAddUp(second.shipper)).toBe(true)
  })

  it('an agent that is enrolled anew seals its spool under its new name', async () => {
    const server = await sink()
    const first = await trial({ sink: server })
    server.fault(() => ({ kind: 'answer', status: 503 }))
    for (let i = 0; i < 3; i++) await first.batch(SOURCE_A, 20)
    await first.stop()
    server.fault(null)
    server.revoke()
    for (const name of ['identity.json', 'key.pem']) await rm(join(first.dir, name))
    const t = await trial({ dir: first.dir, sink: server })
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 60 })
    expectWholeChains(server)
  })

  it('killed at any moment while it seals anew, it loses nothing and stores nothing twice', async () => {
    const server = await sink()
    const dir = await folder()
    await enroll({ url: server.url, dir, name: 'trial', host: 'trial', version: '1' })
    const records = 150
    const lives = process.env.WAYBILL_FULL ? 60 : 7
    // The numbers of this incarnation temporarily belong to somebody else.
    for (let life = 0; life < lives; life++) {
      const foreign = new Set<string>()
      server.fault(({ manifest }) => {
        if (foreign.size === 0) foreign.add(manifest.incarnation)
        return foreign.has(manifest.incarnation) ? { kind: 'answer', status: 409, code: 'fork' } : null
      })
      const last = life === lives - 1
      // From the first life on, most of the work is sealing again: everything is sealed, little is stored.
      await runAgent(dir, server.url, records, last ? null : 1 + life * 3)
    }
    for (let record = 0; record < records; record++) {
      if (record % 10 !== 9) expect(server.ids).toContain(eventId(SOURCE_A, record))
    }
    const t = await trial({ dir, sink: server })
    await drained(t.shipper)
    // A batch that was stored and then rejected as a fork arrives again under another waybill, and its events are known.
    const total = t.total()
    expect(total).toMatchObject({ read: records, filtered: records / 10, pending: 0 })
    expect(total.stored + total.duplicate).toBe(server.ids.size)
    expect(server.ids.size).toBe(records - records / 10)
    expect(accountsAddUp(t.shipper)).toBe(true)
    expect(await spooledFiles(dir)).toEqual([])
  }, 240_000)
})

describe('kill -9', () => {
  it('at any moment, any number of times: every record once, and the accounts add up', async () => {
    const server = await sink()
    const dir = await folder()
    await enroll({ url: server.url, dir, name: 'trial', host: 'trial', version: '1' })
    server.fault(({ request }) => {
      if (request % 7 === 3) return { kind: 'lose-answer' }
      if (request % 5 === 1) return { kind: 'answer', status: 503 }
      return null
    })
    const lives = process.env.WAYBILL_FULL ? 60 : 7
    for (let life = 0; life < lives; life++) {
      await runAgent(
        dir,
        server.url,
        60 * (life + 1),
        life === lives - 1 ? null : 3 + Math.floor(Math.random() * 12),
      )
    }
    server.fault(null)
    const t = await trial({ dir, sink: server })
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 60 * lives })
    expect(server.stored.duplicates).toBe(0)
    expectWholeChains(server)
  }, 240_000)
})

/** Runs an agent until it has drained, or kills it after this many lines of output. */
async function runAgent(dir: string, url: string, records: number, killAfter: number | null): Promise<void> {
  const program = join(import.meta.dirname, 'testing/counting-agent.ts')
  const child = spawn(process.execPath, [program, dir, url, String(records)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let said = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'drained') break
    said++
    if (killAfter !== null && said >= killAfter) {
      // The kill comes now, or a few milliseconds into the next operation.
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 25)
      break
    }
  }
  const code = await ended
  if (killAfter === null) expect(code).toBe(0)
}

describe('a spool that was damaged', () => {
  it('a draft that was never finished is removed, and its number used again', async () => {
    const first = await trial()
    await first.batch(SOURCE_A, 10)
    await drained(first.shipper)
    await first.stop()
    const { incarnation } = first.shipper.status()
    const draft = `${incarnation}-${'2'.padStart(12, '0')}.waybill.tmp`
    await writeFile(join(first.dir, 'spool', incarnation, draft), 'torn')
    const t = await trial({ dir: first.dir, sink: first.sink })
    expect(t.said('was never sent')).toBe(true)
    await t.batch(SOURCE_A, 10)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 20 })
    expect([...expectWholeChains(t.sink).values()]).toEqual([2])
  })

  for (const [what, length] of [
    ['empty', 0],
    ['cut short', 300],
  ] as const) {
    it(`a file that became ${what} is set aside, said, and its records are read again`, async () => {
      const first = await trial()
      first.sink.fault(() => ({ kind: 'answer', status: 503 }))
      for (let i = 0; i < 4; i++) await first.batch(SOURCE_A, 10)
      await first.stop()
      const files = (await spooledFiles(first.dir)).sort()
      await truncate(join(first.dir, 'spool', files[1]!), length)
      first.sink.fault(null)
      const t = await trial({ dir: first.dir, sink: first.sink })
      expect(t.shipper.sealed().get(`${SOURCE_A}/1`)).toEqual([
        [0, 10],
        [20, 40],
      ])
      expect(t.said('is damaged')).toBe(true)
      await eventually('the whole ones are stored', () => t.sink.arrivals.length === 3)
      // This does the same as an input: it reads from the first byte that is neither settled nor in the spool.
      for (let i = 0; i < 3; i++) await t.batch(SOURCE_A, 10)
      await drained(t.shipper)
      expect(t.sink.ids.size).toBe(36)
      expect(accountsAddUp(t.shipper)).toBe(true)
      expect(t.total()).toMatchObject({ stored: 36, duplicate: 18, pending: 0 })
      expect(await readdir(join(t.dir, 'quarantine'))).toHaveLength(1)
    })
  }

  for (const [what, harm] of [
    ['is gone', (file: string) => rm(file)],
    ['became shorter', (file: string) => truncate(file, 300)],
    ['holds other bytes', (file: string) => flip(file)],
  ] as const) {
    it(`a file that ${what} while the agent runs is said, and its records are read again at once`, async () => {
      const t = await trial()
      t.sink.fault(() => ({ kind: 'answer', status: 503 }))
      for (let i = 0; i < 4; i++) await t.batch(SOURCE_A, 10)
      const files = (await spooledFiles(t.dir)).sort()
      await harm(join(t.dir, 'spool', files[1]!))
      t.sink.fault(null)
      await drained(t.shipper)
      expect(t.said('is read again from its source')).toBe(true)
      expect(t.sink.ids.size).toBe(27)
      expect(t.total()).toMatchObject({ stored: 27, pending: 0, quarantined: 0 })
      // An input does the same when it is notified.
      for (let i = 0; i < 3; i++) await t.batch(SOURCE_A, 10)
      await drained(t.shipper)
      expect(t.sink.ids.size).toBe(36)
      expect(t.total()).toMatchObject({ stored: 36, duplicate: 18, pending: 0 })
      expect(accountsAddUp(t.shipper)).toBe(true)
      await t.stop()
      const again = await trial({ dir: t.dir, sink: t.sink })
      expect(again.said('the state is older than the spool')).toBe(false)
    })
  }

  it('a state that is lost while the spool is there sends the spool, and goes on in its chain', async () => {
    const first = await trial()
    await first.batch(SOURCE_A, 10)
    await drained(first.shipper)
    first.sink.fault(() => ({ kind: 'answer', status: 503 }))
    for (let i = 0; i < 3; i++) await first.batch(SOURCE_A, 10)
    await first.stop()
    await rm(join(first.dir, 'state'), { recursive: true })
    first.sink.fault(null)
    const t = await trial({ dir: first.dir, sink: first.sink })
    expect(t.said('the state is older than the spool')).toBe(true)
    expect(t.shipper.sealed().get(`${SOURCE_A}/1`)).toEqual([[10, 40]])
    // Nothing is known about the records before the spool any more: they are read again, and all records after them.
    for (let i = 0; i < 5; i++) await t.batch(SOURCE_A, 10)
    await drained(t.shipper)
    expect([...expectWholeChains(t.sink).values()]).toEqual([9])
    expect(t.sink.ids.size).toBe(45)
    expect(accountsAddUp(t.shipper)).toBe(true)
  })

  it('a state older than its spool goes on where the spool ends', async () => {
    const first = await trial()
    await first.batch(SOURCE_A, 10)
    await drained(first.shipper)
    await first.stop()
    const backup = await folder()
    await cp(join(first.dir, 'state'), backup, { recursive: true })
    const second = await trial({ dir: first.dir, sink: first.sink })
    for (let i = 0; i < 3; i++) await second.batch(SOURCE_A, 10)
    await drained(second.shipper)
    second.sink.fault(() => ({ kind: 'answer', status: 503 }))
    for (let i = 0; i < 2; i++) await second.batch(SOURCE_A, 10)
    await second.stop()
    await rm(join(first.dir, 'state'), { recursive: true })
    await cp(backup, join(first.dir, 'state'), { recursive: true })
    second.sink.fault(null)
    const t = await trial({ dir: first.dir, sink: first.sink })
    expect(t.said('the state is older than the spool')).toBe(true)
    expect(t.shipper.status().sealed).toBe(6)
    for (let i = 0; i < 6; i++) await t.batch(SOURCE_A, 10)
    await drained(t.shipper)
    expect([...expectWholeChains(t.sink).values()]).toEqual([12])
    expect(t.sink.ids.size).toBe(63)
    expect(accountsAddUp(t.shipper)).toBe(true)
  })
})

/** Flips one bit of the payload, near its end. */
async function flip(file: string): Promise<void> {
  const bytes = await readFile(file)
  bytes[bytes.length - 20]! ^= 1
  await writeFile(file, bytes)
}
