import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listQuarantine } from './index.ts'
import { addsUp, sumOf } from './ledger.ts'
import { drained, eventually, folder, SOURCE_A, SOURCE_B, type Trial, trial } from './testing/trial.ts'

/**
 * Checks the ledgers at every turn of the event loop: each adds up, and the number of read records is between that of the sealed ones and
 * that of all.
 */
function watched(
  t: Trial,
  before = 0,
): { batch(source: string, records: number): Promise<void>; off(): Promise<number> } {
  let begun = before
  let sealed = before
  let looks = 0
  let watching = true
  const look = (async () => {
    for (; watching; await setImmediate()) {
      const ledgers = [...t.shipper.ledgers()]
      for (const [source, ledger] of ledgers) expect(addsUp(ledger), source).toBe(true)
      const total = t.shipper.total()
      expect(sumOf(ledgers.map(([, ledger]) => ledger))).toEqual(total)
      expect(total.read).toBeGreaterThanOrEqual(sealed)
      expect(total.read).toBeLessThanOrEqual(begun)
      looks++
    }
  })()
  look.catch(() => undefined)
  const off = async (): Promise<number> => {
    watching = false
    await look
    return looks
  }
  onTestFinished(async () => {
    await off()
  })
  return {
    async batch(source, records) {
      begun += records
      await t.batch(source, records)
      sealed += records
    },
    off,
  }
}

describe('the account of every record, at each turn of the event loop', () => {
  it('counts a batch once while it is acknowledged and its file goes', async () => {
    const t = await trial()
    const { batch, off } = watched(t)
    for (let round = 0; round < 30; round++) {
      await Promise.all([batch(SOURCE_A, 20), batch(SOURCE_B, 10)])
      if (round % 5 === 0) await drained(t.shipper)
    }
    await drained(t.shipper)
    expect(await off()).toBeGreaterThan(100)
    expect(t.total()).toMatchObject({ read: 900, stored: 810, filtered: 90, pending: 0 })
  })

  it('counts a batch once on its way into quarantine, out of it, and when it is discarded', async () => {
    const t = await trial()
    const { batch, off } = watched(t)
    t.sink.fault(({ manifest }) => (manifest.sequence % 3 === 0 ? { kind: 'answer', status: 422 } : null))
    for (let round = 0; round < 9; round++) await batch(SOURCE_A, 20)
    await drained(t.shipper)
    expect(t.total()).toMatchObject({ read: 180, quarantined: 54 })
    t.sink.fault(null)
    const [first, second, third] = await listQuarantine(t.dir)
    await Promise.all([
      t.shipper.quarantine(first!.batch, 'retry'),
      t.shipper.quarantine(second!.batch, 'discard'),
      t.shipper.quarantine(third!.batch, 'retry'),
    ])
    await drained(t.shipper)
    await off()
    expect(t.total()).toMatchObject({ read: 180, stored: 144, discarded: 18, quarantined: 0, pending: 0 })
  })

  it('counts a batch once while a copied folder seals its spool anew, also one out of quarantine', async () => {
    const first = await trial()
    first.sink.fault(({ manifest }) => (manifest.sequence === 2 ? { kind: 'answer', status: 422 } : null))
    for (let i = 0; i < 3; i++) await first.batch(SOURCE_A, 20)
    await drained(first.shipper)
    await first.stop()
    const copy = await folder()
    await cp(first.dir, copy, { recursive: true })
    first.sink.fault(null)
    const original = await trial({ dir: first.dir, sink: first.sink })
    await original.batch(SOURCE_A, 20)
    await drained(original.shipper)

    const second = await trial({ dir: copy, sink: first.sink })
    first.sink.fault(() => ({ kind: 'answer', status: 503 }))
    const { batch, off } = watched(second, 60)
    const [held] = await listQuarantine(copy)
    await second.shipper.quarantine(held!.batch, 'retry')
    const { incarnation } = second.shipper.status()
    await Promise.all(Array.from({ length: 10 }, () => batch(SOURCE_B, 10)))
    first.sink.fault(null)
    await drained(second.shipper)
    expect(second.shipper.status().incarnation).not.toBe(incarnation)
    await off()
    expect(second.total()).toMatchObject({ read: 160, quarantined: 0, pending: 0 })
  })

  it('keeps the records of a batch out of quarantine whose file was damaged: they are given up, and said', async () => {
    const t = await trial()
    const { batch, off } = watched(t)
    t.sink.fault(({ manifest }) => (manifest.sequence === 2 ? { kind: 'answer', status: 422 } : null))
    for (let i = 0; i < 3; i++) await batch(SOURCE_A, 20)
    await drained(t.shipper)
    t.sink.fault(() => ({ kind: 'answer', status: 503 }))
    const [held] = await listQuarantine(t.dir)
    await t.shipper.quarantine(held!.batch, 'retry')
    const spool = join(t.dir, 'spool', t.shipper.status().incarnation)
    const file = join(spool, (await readdir(spool)).find((name) => name.endsWith('.again.waybill'))!)
    const bytes = await readFile(file)
    bytes[bytes.length - 10]! ^= 1
    await writeFile(file, bytes)
    t.sink.fault(() => ({ kind: 'answer', status: 422 }))
    await eventually('it is given up', () => t.total().pending === 0)
    await drained(t.shipper)
    await off()
    expect(t.said('what is left of it is set aside')).toBe(true)
    expect(t.total()).toMatchObject({ read: 60, stored: 36, quarantined: 0, discarded: 18, filtered: 6 })
    expect([...t.state.entries('quarantine/')]).toEqual([])
  })
})
