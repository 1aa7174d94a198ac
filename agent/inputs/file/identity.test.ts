import { randomBytes } from 'node:crypto'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { asSourceSlice, numbered, numbers, until, Workbench } from './workbench.ts'

let bench: Workbench
let log: string
beforeEach(() => {
  bench = new Workbench()
  log = bench.path('app.log')
})
afterEach(() => bench.close())

const idsOf = (): string[] => [...new Set(bench.readings.map((reading) => reading.slice.source))]

describe('the identity of a file', () => {
  it('is written down before its first bytes are handed out', async () => {
    writeFileSync(log, numbered(0, 10))
    await bench.start()
    const [slice] = await bench.fill()
    expect(slice?.source).toMatch(/^[0-9a-f]{32}$/)
    expect(bench.state?.get(`source/${slice?.source}`)).toMatchObject({ v: 1, path: log })
  })

  it('of a file that comes later is written down before its first bytes are handed out, however long that takes', async () => {
    await bench.start()
    const disk = Promise.withResolvers<void>()
    bench.disk = disk.promise
    writeFileSync(log, numbered(0, 10))
    const swept = bench.running.sweep()
    try {
      await until(() => bench.held > 0, 'its identity is being written')
      expect(await bench.fill()).toEqual([])
      expect(bench.running.exhausted()).toBe(false)
    } finally {
      disk.resolve()
    }
    await swept
    expect(await bench.drain()).toEqual(numbers(0, 10))
  })

  it('two files with an equal first KiB are two sources', async () => {
    writeFileSync(bench.path('a.log'), `${numbered(0, 200)}a\n`)
    writeFileSync(bench.path('b.log'), `${numbered(0, 200)}b\n`)
    writeFileSync(bench.path('a-1.log'), `${numbered(0, 200)}c\n`)
    await bench.start()
    await bench.drain()
    expect(bench.records.length).toBe(603)
    expect(idsOf().length).toBe(3)
  })

  it('two files with equal content, neither named after the other, are two sources', async () => {
    for (const name of ['web-1.log', 'web-2.log']) writeFileSync(bench.path(name), numbered(0, 5))
    await bench.start()
    await bench.drain()
    expect(idsOf().length).toBe(2)
  })

  it('files of a few bytes that grow stay the sources they were', async () => {
    writeFileSync(bench.path('a.log'), '1\n')
    writeFileSync(bench.path('b.log'), '1\n')
    await bench.start()
    await bench.drain()
    for (let i = 2; i < 9; i += 1) {
      for (const name of ['a.log', 'b.log']) appendFileSync(bench.path(name), `${i}\n`)
      await bench.drain()
      if (i % 3 === 0) {
        await bench.stop()
        await bench.start()
      }
    }
    for (const name of ['a.log', 'b.log']) appendFileSync(bench.path(name), `${'x'.repeat(2000)}\n`)
    await bench.drain()
    expect(bench.records.filter((record) => record.length === 1).sort()).toEqual(
      [...'1122334455667788'].sort(),
    )
    expect(bench.records.length).toBe(18)
    expect(idsOf().length).toBe(2)
  })

  it('an empty file is no source until it has a byte', async () => {
    writeFileSync(log, '')
    await bench.start()
    await bench.drain()
    expect(bench.running.status()).toEqual([])
    appendFileSync(log, 'a\n')
    await bench.drain()
    expect(bench.records).toEqual(['a'])
  })

  it('an export written again with three rows more gives the three', async () => {
    writeFileSync(log, numbered(0, 300))
    await bench.start()
    await bench.drain()
    writeFileSync(log, numbered(0, 303))
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 303))
  })
})

describe('positions', () => {
  it('what was given back is read again, the same slices in the same order, before all else', async () => {
    writeFileSync(bench.path('a.log'), numbered(0, 50, 'a'))
    writeFileSync(bench.path('b.log'), numbered(0, 50, 'b'))
    await bench.start()
    const first = await bench.fill({ records: 30 })
    const second = await bench.fill({ records: 30 })
    const expected = bench.records
    bench.readings.length = 0
    bench.running.giveBack(second)
    bench.running.giveBack(first)
    bench.unsettled = []
    for (let i = 0; i < 60; i += 1) await bench.fill({ records: 1 })
    expect(bench.records).toEqual(expected)
    await bench.drain()
    await bench.settle()
    expect(bench.records.length).toBe(100)
    expect(bench.running.status().every((one) => one.position === one.size)).toBe(true)
  })

  it('what is sealed in the spool is not read again', async () => {
    writeFileSync(log, numbered(0, 50))
    await bench.start()
    const [slice] = await bench.fill({ records: 20 })
    bench.sealed.set(`${slice?.source}/0`, [[0, slice!.to]])
    await bench.kill()
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 50))
  })

  it('what is neither settled nor in the spool is read again, whatever was settled behind it', async () => {
    writeFileSync(log, numbered(0, 50))
    await bench.start()
    const [first] = await bench.fill({ records: 10 })
    const [second] = await bench.fill({ records: 10 })
    const [third] = await bench.fill({ records: 10 })
    await bench.settle([third!])
    await bench.settle([first!])
    expect(bench.running.status()[0]).toMatchObject({ position: first!.to })
    // The spooled file of the second source is lost.
    await bench.kill()
    bench.readings.length = 0
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(10, 50))
    expect(bench.running.status()[0]).toMatchObject({ position: numbered(0, 50).length, state: 'idle' })
    expect(second!.to).toBe(third!.offset)
  })

  it('of what was settled out of turn nothing is read again where the rest is in the spool', async () => {
    writeFileSync(log, numbered(0, 50))
    await bench.start()
    const [first] = await bench.fill({ records: 10 })
    const [second] = await bench.fill({ records: 20 })
    await bench.settle([second!])
    bench.sealed.set(`${first!.source}/0`, [[0, first!.to]])
    await bench.kill()
    bench.readings.length = 0
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(30, 50))
    await bench.settle([first!])
    expect(bench.running.status()[0]).toMatchObject({ position: numbered(0, 50).length, state: 'idle' })
  })

  it('a batch that is lost while the agent runs is read again, and all behind it', async () => {
    writeFileSync(log, numbered(0, 50))
    await bench.start()
    const [first] = await bench.fill({ records: 10 })
    const [second] = await bench.fill({ records: 10 })
    await bench.fill({ records: 30 })
    await bench.settle([second!])
    bench.readings.length = 0
    bench.running.readAgain([asSourceSlice(first!)])
    bench.unsettled = bench.unsettled.filter((slice) => slice !== first)
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 50))
    expect(bench.running.status()[0]).toMatchObject({ position: numbered(0, 50).length, state: 'idle' })
    expect(bench.running.exhausted()).toBe(true)
  })

  it('what is to be read again and is not there any more is said', async () => {
    writeFileSync(log, numbered(0, 50))
    await bench.start()
    const [first] = await bench.fill({ records: 10 })
    const [second] = await bench.fill({ records: 40 })
    await bench.settle([second!])
    await bench.kill()
    rmSync(log)
    await bench.start()
    expect(
      bench.hasSaid(
        new RegExp(`app\\.log is gone before its last ${second!.to} bytes \\(from 0\\) were read`),
      ),
    ).toBe(true)
    expect(first!.offset).toBe(0)
    await bench.drain()
    expect(bench.running.exhausted()).toBe(true)
  })

  it('of a file that was deleted what is not settled stays in reach, should its batch be lost', async () => {
    writeFileSync(log, numbered(0, 50))
    await bench.start()
    const [first] = await bench.fill({ records: 10 })
    await bench.fill({ records: 40 })
    rmSync(log)
    bench.unsettled = bench.unsettled.filter((slice) => slice !== first)
    await bench.settle()
    for (let sweeps = 0; sweeps < 5; sweeps++) await bench.running.sweep()
    bench.readings.length = 0
    bench.running.readAgain([asSourceSlice(first!)])
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 50))
  })

  it('an acknowledgement from before the restart moves the position', async () => {
    writeFileSync(log, numbered(0, 50))
    await bench.start()
    const slices = await bench.fill()
    bench.sealed.set(`${slices[0]?.source}/0`, [[0, slices[0]!.to]])
    await bench.kill()
    await bench.start()
    await bench.settle(slices)
    expect(bench.running.status()[0]).toMatchObject({ position: slices[0]!.to, state: 'idle' })
  })

  it('a last line without newline waits, also across a kill, and is read when it is finished', async () => {
    writeFileSync(log, 'one\ntwo\nthr')
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(['one', 'two'])
    expect(bench.running.status()[0]).toMatchObject({ unfinished: 3 })
    expect(bench.running.exhausted()).toBe(true)
    await bench.kill()
    await bench.start()
    await bench.drain()
    appendFileSync(log, 'ee\nfo')
    await bench.drain()
    expect(bench.records).toEqual(['one', 'two', 'three'])
  })

  it('a last line without newline may be taken when it stays so', async () => {
    bench.files = bench.files.map((file) => ({ ...file, finalLine: 'take' }))
    writeFileSync(log, 'one\ntwo')
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(['one', 'two'])
  })

  it('a record of the state that was damaged costs its own source a second reading, no other', async () => {
    writeFileSync(bench.path('a.log'), numbered(0, 5, 'a'))
    writeFileSync(bench.path('b.log'), numbered(0, 5, 'b'))
    await bench.start()
    await bench.drain()
    const damaged = bench.readings.find((reading) => reading.record === 'a 0')!.slice.source
    await bench.state!.write([{ key: `source/${damaged}`, value: { v: 1, generations: [{ number: 'x' }] } }])
    await bench.stop()
    await bench.start()
    await bench.drain()
    expect(bench.records.slice(10)).toEqual(numbers(0, 5, 'a'))
    expect(bench.hasSaid(/is damaged/)).toBe(true)
  })

  it('a source that is damaged at random in the state never stops the start', async () => {
    writeFileSync(log, numbered(0, 5))
    await bench.start()
    await bench.drain()
    const [[key]] = [...bench.state!.entries('source/')] as [[string, unknown]]
    for (const value of [
      null,
      7,
      'x',
      [],
      {},
      { v: 2 },
      { v: 1, path: 1 },
      { v: 1, path: '', gone: null, generations: [] },
    ])
      await bench.state!.write([{ key: `source/${randomBytes(16).toString('hex')}`, value }])
    await bench.state!.write([{ key: `rotated/${key.slice(7)}/0`, value: 'x' }])
    await bench.stop()
    await bench.start()
    await until(() => bench.running.exhausted(), 'it is idle')
    expect(await bench.drain()).toEqual([])
  })
})
