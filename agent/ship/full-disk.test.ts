import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { codeOf } from '../../schema/index.ts'
import { tinyDisk } from '../state/testing/tiny-disk.ts'
import {
  accountsAddUp,
  drained,
  eventually,
  expectAllOnce,
  folder,
  SOURCE_A,
  SOURCE_B,
  sink,
  spooledFiles,
  trial,
} from './testing/trial.ts'

const MAY_NOT_MOUNT = 'this user may not mount a file system of its own'

describe('a full disk', () => {
  it('refuses a batch for the spool, keeps the order, and takes it when there is room', async (test) => {
    const disk = tinyDisk(256 * 1024)
    if (disk === null) return test.skip(MAY_NOT_MOUNT)
    onTestFinished(() => disk.release())
    const stateDir = await folder()
    const t = await trial({ dir: join(disk.dir, 'agent'), stateDir })
    t.sink.fault(() => ({ kind: 'answer', status: 503 }))
    const ballast = join(disk.dir, 'ballast')
    await writeFile(ballast, randomBytes(200 * 1024))
    let sealed = 0
    let problem: unknown = null
    while (problem === null && sealed < 1000) {
      await t.batch(SOURCE_A, 50).then(
        () => {
          sealed++
        },
        (thrown: unknown) => {
          problem = thrown
        },
      )
    }
    expect(codeOf(problem)).toBe('ENOSPC')
    expect(t.shipper.status()).toMatchObject({ sealed, spooledBatches: sealed })
    expect((await spooledFiles(t.dir)).filter((name) => name.endsWith('.tmp'))).toEqual([])
    await rm(ballast)
    // The pump would offer the batch again. The trial continues its numbers, so it makes the same records as another source here.
    for (let i = 0; i < 3; i++) await t.batch(SOURCE_B, 50)
    expect(t.shipper.status().sealed).toBe(sealed + 3)
    t.sink.fault(null)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: sealed * 50, [SOURCE_B]: 150 })
    const numbers = t.sink.arrivals.map(({ manifest }) => manifest.sequence).toSorted((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: sealed + 3 }, (_, i) => i + 1))
  })

  it('refuses all batches behind the one that it refused, so that none overtakes it', async (test) => {
    const disk = tinyDisk(64 * 1024)
    if (disk === null) return test.skip(MAY_NOT_MOUNT)
    onTestFinished(() => disk.release())
    const stateDir = await folder()
    const t = await trial({ dir: join(disk.dir, 'agent'), stateDir })
    t.sink.fault(() => ({ kind: 'answer', status: 503 }))
    const results = await Promise.allSettled(Array.from({ length: 60 }, () => t.batch(SOURCE_A, 50)))
    const sealed = results.findIndex(({ status }) => status === 'rejected')
    expect(sealed).toBeGreaterThan(0)
    expect(results.slice(sealed).every(({ status }) => status === 'rejected')).toBe(true)
    t.sink.fault(null)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: sealed * 50 })
  })

  it('keeps an acknowledgement until the state takes it, and says so', async (test) => {
    const disk = tinyDisk(64 * 1024)
    if (disk === null) return test.skip(MAY_NOT_MOUNT)
    onTestFinished(() => disk.release())
    const t = await trial({ stateDir: join(disk.dir, 'state') })
    await t.batch(SOURCE_A, 10)
    await drained(t.shipper)
    const ballast = join(disk.dir, 'ballast')
    await writeFile(ballast, Buffer.alloc(64 * 1024)).catch(() => undefined)
    let batches = 1
    while (t.shipper.status().problem === null && batches < 500) {
      await t.batch(SOURCE_A, 10)
      batches++
    }
    await eventually(
      'it says why',
      () => t.shipper.status().problem?.includes("state can't be written") === true,
    )
    expect(accountsAddUp(t.shipper)).toBe(true)
    expect(t.shipper.status().spooledBatches).toBeGreaterThan(0)
    await rm(ballast)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: batches * 10 })
    expect(t.sink.stored.duplicates).toBe(0)
    expect(t.shipper.status().problem).toBeNull()
  })

  it('seals a fork anew once there is room for it', async (test) => {
    const disk = tinyDisk(192 * 1024)
    if (disk === null) return test.skip(MAY_NOT_MOUNT)
    onTestFinished(() => disk.release())
    const server = await sink()
    const stateDir = await folder()
    const t = await trial({ dir: join(disk.dir, 'agent'), stateDir, sink: server })
    server.fault(() => ({ kind: 'answer', status: 503 }))
    for (let i = 0; i < 8; i++) await t.batch(SOURCE_A, 50)
    const ballast = join(disk.dir, 'ballast')
    await writeFile(ballast, Buffer.alloc(192 * 1024)).catch(() => undefined)
    const { incarnation } = t.shipper.status()
    server.fault(({ manifest }) =>
      manifest.incarnation === incarnation ? { kind: 'answer', status: 409 } : null,
    )
    await eventually(
      'it says why',
      () => t.shipper.status().problem?.includes("can't be sealed anew") === true,
    )
    await rm(ballast)
    await drained(t.shipper)
    expectAllOnce(t, { [SOURCE_A]: 400 })
  })
})
