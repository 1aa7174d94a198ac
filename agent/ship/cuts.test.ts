import { describe, expect, it } from 'vitest'
import { listQuarantine } from './index.ts'
import {
  accountsAddUp,
  drained,
  eventually,
  expectAllOnce,
  SOURCE_A,
  SOURCE_B,
  type Trial,
  trial,
} from './testing/trial.ts'

/** Ships small batches of another source one by one, until the condition holds. */
async function shippingUntil(t: Trial, holds: () => boolean): Promise<number> {
  let batches = 0
  while (!holds()) {
    await t.batch(SOURCE_B, 1)
    batches++
    const { acknowledged } = t.shipper.status()
    await eventually(
      'another small batch has gone',
      () => t.shipper.status().acknowledged > acknowledged || holds(),
    )
  }
  return batches
}

describe('a proxy that cuts the connection of what it finds too large', () => {
  it('holds up one batch and none of the others, and that one goes to quarantine with the reason', async () => {
    const t = await trial()
    t.sink.fault(({ manifest }) => (manifest.sequence === 1 ? { kind: 'cut' } : null))
    await t.batch(SOURCE_A, 500)
    const small = await shippingUntil(t, () => t.shipper.status().quarantined > 0)
    await drained(t.shipper)
    const [held] = await listQuarantine(t.dir)
    expect(held).toMatchObject({ sequence: 1, records: 500, reason: { status: 413, code: 'too-large' } })
    expect(t.said('and took smaller ones in between: a proxy between must let 72 MiB pass')).toBe(true)
    expect(t.total()).toMatchObject({ read: 500 + small, quarantined: 450, pending: 0 })
    expect(accountsAddUp(t.shipper)).toBe(true)
    t.sink.fault(null)
    await t.shipper.quarantine(held!.batch, 'retry')
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 500, [SOURCE_B]: small })
  })
})

describe('no batch is taken for too large', () => {
  it('where all are cut for a while', async () => {
    const t = await trial()
    t.sink.failNext(40, { kind: 'cut' })
    await t.batch(SOURCE_A, 500)
    for (let i = 0; i < 5; i++) await t.batch(SOURCE_B, 20)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 500, [SOURCE_B]: 100 })
    expect(await listQuarantine(t.dir)).toEqual([])
  })

  it('while larger ones get through', async () => {
    const t = await trial()
    let cuts = 0
    t.sink.fault(({ manifest }) => (manifest.sequence === 1 && cuts++ < 12 ? { kind: 'cut' } : null))
    await t.batch(SOURCE_A, 20)
    let larger = 0
    while (cuts < 12) {
      const { acknowledged } = t.shipper.status()
      await t.batch(SOURCE_B, 200)
      larger++
      await eventually('a larger batch has gone', () => t.shipper.status().acknowledged > acknowledged)
    }
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 20, [SOURCE_B]: 200 * larger })
    expect(await listQuarantine(t.dir)).toEqual([])
  })
})
