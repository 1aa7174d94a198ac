import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Hold } from './hold.ts'
import { numbered, numbers, until, Workbench } from './workbench.ts'

let bench: Workbench
let log: string
beforeEach(() => {
  bench = new Workbench()
  log = bench.path('app.log')
})
afterEach(() => bench.close())

const held = (): string[] => readdirSync(join(bench.data, 'hold')).filter((name) => name.endsWith('.hold'))

/** The output is blocked: nothing is filled or settled; only time passes. */
const isHeld = (): Promise<void> =>
  until(async () => {
    await bench.running.sweep()
    return bench.hasSaid(/the rest is kept in/)
  }, 'the rest is in hold/')

describe('while the output is blocked', () => {
  beforeEach(async () => {
    writeFileSync(log, numbered(0, 1000))
    await bench.start()
    await bench.fill({ records: 100 })
    await bench.settle()
    // The records were handed out, and are lost with the process if it is killed.
    await bench.fill({ records: 50 })
  })

  it('a deleted file is kept, survives a kill, is read under its id and offsets, and then removed', async () => {
    const source = bench.readings[0]?.slice.source
    unlinkSync(log)
    await isHeld()
    await bench.kill()
    bench.readings.splice(100)
    await bench.start()
    expect(bench.running.status()[0]).toMatchObject({ state: 'held', source })
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 1000))
    expect(new Set(bench.readings.map((reading) => reading.slice.source)).size).toBe(1)
    await bench.running.sweep()
    await until(() => held().length === 0, 'hold/ is empty')
  })

  it('without a restart a deleted file is read to its end through its descriptor', async () => {
    unlinkSync(log)
    await isHeld()
    await bench.drain()
    await bench.settle()
    expect(bench.records).toEqual(numbers(0, 1000))
    await until(async () => {
      await bench.running.sweep()
      return held().length === 0
    }, 'hold/ is empty')
  })

  it('a file moved out of reach is kept', async () => {
    mkdirSync(join(bench.folder, 'elsewhere'))
    renameSync(log, join(bench.folder, 'elsewhere/app.log'))
    await isHeld()
    await bench.kill()
    bench.readings.splice(100)
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 1000))
  })

  it('what its writer appends after it was deleted is kept too', async () => {
    await bench.stop()
    bench.policy = { ...bench.policy, activeFor: 5000 }
    await bench.start()
    const writer = openSync(log, 'a')
    unlinkSync(log)
    await isHeld()
    writeSync(writer, numbered(1000, 1200))
    const before = statSync(join(bench.data, 'hold', held()[0]!)).size
    await until(async () => {
      await bench.running.sweep()
      return statSync(join(bench.data, 'hold', held()[0]!)).size > before
    }, 'the new lines are kept')
    closeSync(writer)
    await bench.kill()
    bench.readings.splice(100)
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 1200))
  })

  it('a rotation by copy and truncation is read from the copy, and kept when the copy is deleted', async () => {
    copyFileSync(log, bench.path('app.log.1'))
    truncateSync(log, 0)
    appendFileSync(log, numbered(2000, 2010))
    await bench.running.sweep()
    unlinkSync(bench.path('app.log.1'))
    await isHeld()
    await bench.kill()
    bench.readings.splice(100)
    await bench.start()
    await bench.drain()
    expect(bench.records.sort()).toEqual([...numbers(0, 1000), ...numbers(2000, 2010)].sort())
  })

  it('what was kept just before a crash is found, though nothing was written down of it', async () => {
    const source = bench.readings[0]!.slice.source
    const before = bench.state!.get(`source/${source}`)
    unlinkSync(log)
    await isHeld()
    await bench.state!.write([{ key: `source/${source}`, value: before }])
    await bench.kill()
    bench.readings.splice(100)
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 1000))
  })

  it('a rotation by rename needs no copy', async () => {
    renameSync(log, bench.path('app.log.1'))
    writeFileSync(log, numbered(1000, 1100))
    for (let i = 0; i < 3; i += 1) await bench.running.sweep()
    expect(held()).toEqual([])
    await bench.kill()
    bench.readings.splice(100)
    await bench.start()
    await bench.drain()
    expect(bench.records.sort()).toEqual(numbers(0, 1100).sort())
  })

  it('files that were deleted are found again in hold/ when they come back', async () => {
    const elsewhere = join(bench.folder, 'elsewhere')
    renameSync(log, elsewhere)
    await isHeld()
    await bench.kill()
    bench.readings.splice(100)
    renameSync(elsewhere, log)
    appendFileSync(log, numbered(1000, 1100))
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 1100))
  })
})

it('with hold/ full the descriptor stays open, and that is said', async () => {
  bench.policy = { ...bench.policy, holdBytes: 100 }
  writeFileSync(log, numbered(0, 1000))
  await bench.start()
  unlinkSync(log)
  await until(async () => {
    await bench.running.sweep()
    return bench.hasSaid(/hold\/ has reached its limit of 100 bytes/)
  }, 'it is said')
  expect(bench.running.status()[0]).toMatchObject({ state: 'blocked' })
  await bench.drain()
  expect(bench.records).toEqual(numbers(0, 1000))
})

it('a deleted file whose last line has no newline gives that line up when its writer is gone', async () => {
  writeFileSync(log, 'one\ntwo')
  await bench.start()
  await bench.drain()
  unlinkSync(log)
  await bench.readUntil(() => bench.readings.length === 2, 'the last line is read')
  expect(bench.records).toEqual(['one', 'two'])
})

describe('a hold file', () => {
  it('gives any range of the bytes that went in, and writes a torn chunk again', async () => {
    const hold = new Hold(join(bench.folder, 'hold'), 1e9)
    await hold.start()
    const bytes = Buffer.from(numbered(0, 100_000))
    const writer = await hold.write('s', 0)
    await writer.append(5000, bytes.subarray(0, 600_000))
    await writer.append(605_000, bytes.subarray(600_000, 700_000))
    await writer.close()
    const path = hold.pathOf('s', 0)
    truncateSync(path, statSync(path).size - 10)
    const again = await hold.write('s', 0)
    expect(again.end).toBe(605_000)
    await again.append(605_000, bytes.subarray(600_000))
    await again.close()
    const reader = hold.read('s', 0)!
    const into = Buffer.alloc(bytes.length)
    expect(reader.read(into, 0, into.length, 5000)).toBe(bytes.length)
    expect(into.equals(bytes)).toBe(true)
    expect(reader.read(into, 0, 20, 604_990)).toBe(20)
    expect(into.subarray(0, 20).equals(bytes.subarray(599_990, 600_010))).toBe(true)
    reader.close()
  })
})
