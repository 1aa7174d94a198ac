import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { OperatorError } from '../../schema/index.ts'
import { decideOffline, listQuarantine, listSpool, showBatch } from './index.ts'
import {
  accountsAddUp,
  drained,
  eventually,
  expectAllOnce,
  positionOf,
  SOURCE_A,
  SOURCE_B,
  spooledFiles,
  type Trial,
  trial,
} from './testing/trial.ts'

const log = pino({ level: 'silent' })

/** An agent with healthy batches of one source, and a faulty one (its second) of another, in quarantine. */
async function poisoned(status = 422): Promise<Trial> {
  const t = await trial()
  t.sink.fault(({ manifest }) => (manifest.sequence === 2 ? { kind: 'answer', status } : null))
  await t.batch(SOURCE_A, 20)
  await t.batch(SOURCE_B, 20)
  for (let i = 0; i < 4; i++) await t.batch(SOURCE_A, 20)
  await drained(t.shipper)
  return t
}

describe('a batch that is refused for good', () => {
  for (const status of [400, 413, 422]) {
    it(`goes to quarantine at ${status} with its reason, and the others go on`, async () => {
      const t = await poisoned(status)
      expect(t.sink.arrivals).toHaveLength(5)
      expect(t.shipper.status()).toMatchObject({ quarantined: 1, spooledBatches: 0, problem: null })
      expect(t.total()).toMatchObject({ read: 120, stored: 90, quarantined: 18, filtered: 12, pending: 0 })
      expect(accountsAddUp(t.shipper)).toBe(true)
      expect(positionOf(t.state, SOURCE_B)).toBe(20)
      expect(t.said('was refused for good')).toBe(true)
      const [held] = await listQuarantine(t.dir)
      expect(held).toMatchObject({ sequence: 2, events: 18, records: 20, reason: { status }, damage: null })
      const shown = await showBatch(t.dir, held!.batch)
      expect(shown.place).toBe('quarantine')
      expect(shown.lines).toHaveLength(18)
      expect(await spooledFiles(t.dir)).toEqual([])
    })
  }

  it('is sent again at the word of the operator, and then it is like any other', async () => {
    const t = await poisoned()
    t.sink.fault(null)
    const [held] = await listQuarantine(t.dir)
    const decision = await t.shipper.quarantine(held!.batch, 'retry')
    expect(decision).toEqual({ batch: held!.batch, action: 'retry', events: 18 })
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 100, [SOURCE_B]: 20 })
    expect(t.shipper.status().quarantined).toBe(0)
    expect(await readdir(join(t.dir, 'quarantine'))).toEqual([])
    expect(await spooledFiles(t.dir)).toEqual([])
    expect([...t.state.entries('quarantine/')]).toEqual([])
  })

  it('is back in quarantine when it is refused again', async () => {
    const t = await poisoned()
    const [held] = await listQuarantine(t.dir)
    await t.shipper.quarantine(held!.batch, 'retry')
    await drained(t.shipper)
    expect(t.total()).toMatchObject({ read: 120, quarantined: 18, pending: 0 })
    expect(accountsAddUp(t.shipper)).toBe(true)
    expect(await listQuarantine(t.dir)).toHaveLength(1)
  })

  it('is discarded on the record', async () => {
    const t = await poisoned()
    const [held] = await listQuarantine(t.dir)
    await t.shipper.quarantine(held!.batch, 'discard')
    expect(t.total()).toMatchObject({ read: 120, quarantined: 0, discarded: 18 })
    expect(accountsAddUp(t.shipper)).toBe(true)
    expect(t.said('were discarded by the operator')).toBe(true)
    expect(await readdir(join(t.dir, 'quarantine'))).toEqual([])
    await expect(t.shipper.quarantine(held!.batch, 'discard')).rejects.toThrow(OperatorError)
  })

  it('waits for its retry over a restart, and while the indexer is away', async () => {
    const first = await poisoned()
    first.sink.fault(() => ({ kind: 'answer', status: 503 }))
    const [held] = await listQuarantine(first.dir)
    await first.shipper.quarantine(held!.batch, 'retry')
    expect(await listSpool(first.dir)).toHaveLength(1)
    expect(first.total()).toMatchObject({ pending: 20, quarantined: 0, read: 120 })
    await first.stop()
    first.sink.fault(null)
    const t = await trial({ dir: first.dir, sink: first.sink })
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 100, [SOURCE_B]: 20 })
  })

  it('can be decided about where no agent runs, and not beside one that does', async () => {
    const first = await poisoned()
    const [held] = await listQuarantine(first.dir)
    await first.stop()
    const lock = await (await import('../state/index.ts')).lockFolder(first.dir)
    await expect(decideOffline(first.dir, held!.batch, 'retry', { log })).rejects.toThrow('is in use by')
    await lock.release()
    await decideOffline(first.dir, held!.batch, 'retry', { log })
    first.sink.fault(null)
    const t = await trial({ dir: first.dir, sink: first.sink })
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 100, [SOURCE_B]: 20 })
    await expect(decideOffline('/nonexistent', 'x', 'discard', { log })).rejects.toThrow(OperatorError)
  })

  it('does not drag the whole backlog with it when every batch is refused', async () => {
    const t = await trial({
      shipper: {
        delays: { ...(await import('./testing/trial.ts')).QUICK, refusals: { base: 60_000, cap: 60_000 } },
      },
    })
    t.sink.fault(() => ({ kind: 'answer', status: 400 }))
    for (let i = 0; i < 30; i++) await t.batch(SOURCE_A, 10)
    await eventually('it says so', () => t.shipper.status().problem?.includes('refuses every batch') === true)
    expect(t.shipper.status().quarantined).toBeLessThan(15)
    expect(t.total()).toMatchObject({ read: 300 })
    expect(accountsAddUp(t.shipper)).toBe(true)
  })

  it('shows what is in the spool of a running agent', async () => {
    const t = await trial()
    t.sink.fault(() => ({ kind: 'answer', status: 503 }))
    await t.batch(SOURCE_A, 30)
    const [waiting] = await listSpool(t.dir)
    expect(waiting).toMatchObject({ sequence: 1, events: 27, records: 30, reason: null })
    expect((await showBatch(t.dir, waiting!.batch)).lines).toHaveLength(27)
    await expect(showBatch(t.dir, '../../etc/passwd')).rejects.toThrow(OperatorError)
    const key = await readFile(join(t.dir, 'key.pem'), 'utf8')
    expect(t.lines.join()).not.toContain(key.split('\n')[1])
  })
})
