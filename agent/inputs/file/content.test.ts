import { createHash } from 'node:crypto'
import { appendFileSync, closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schema/index.ts'
import { numbered, numbers, until, Workbench } from './workbench.ts'

let bench: Workbench
let log: string
beforeEach(() => {
  bench = new Workbench()
  log = bench.path('app.log')
})
afterEach(() => bench.close())

describe('bytes', () => {
  it('CR LF, a byte order mark, NUL and invalid UTF-8 come through as they are', async () => {
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0x0d, 0x0a, 0x00, 0xff, 0x62, 0x0a])
    writeFileSync(log, bytes)
    await bench.start()
    const buffer = Buffer.alloc(3 * 1024 * 1024)
    const filled = await bench.running.fill(buffer, { bytes: LIMITS.taskBytes, records: 10 })
    expect(filled).toMatchObject({ records: 2, bytes: bytes.length })
    expect(buffer.subarray(0, bytes.length).equals(bytes)).toBe(true)
  })

  it('a character across the border of two readings is not broken', async () => {
    bench.policy = { ...bench.policy, quantum: 4096 }
    const lines = Array.from({ length: 3000 }, (_, i) => `${i} ${'ü€😀'.repeat(i % 7)}`)
    writeFileSync(log, `${lines.join('\n')}\n`)
    await bench.start()
    await until(async () => {
      await bench.fill({ bytes: 5000 })
      return bench.readings.length >= lines.length
    }, 'all is read')
    expect(bench.records).toEqual(lines)
  })

  it('a character whose second half is written later is read whole', async () => {
    const bytes = Buffer.from('a€b\n')
    writeFileSync(log, bytes.subarray(0, 2))
    await bench.start()
    await bench.drain()
    appendFileSync(log, bytes.subarray(2))
    await bench.drain()
    expect(bench.records).toEqual(['a€b'])
  })
})

describe('a record that is too long', () => {
  it('keeps its first part, its length and its hash, and its neighbours are whole', async () => {
    const long = Buffer.from('ü'.repeat(3_000_000))
    writeFileSync(log, Buffer.concat([Buffer.from('before\n'), long, Buffer.from('\r\nafter\n')]))
    await bench.start()
    await bench.drain()
    const [before, middle, after] = bench.readings
    expect([before?.record, after?.record]).toEqual(['before', 'after'])
    expect(middle?.slice.truncated).toEqual({
      bytes: long.length,
      sha256: createHash('sha256').update(long).digest('hex'),
    })
    expect(middle?.record).toBe('ü'.repeat(LIMITS.recordBytes / 2))
    expect(middle?.slice).toMatchObject({ offset: 7, to: 7 + long.length + 2 })
    await bench.stop()
    await bench.start()
    expect(await bench.drain()).toEqual([])
  })

  it('of 100 MB costs no more than a few MB of memory', { timeout: 60_000 }, async () => {
    const file = openSync(log, 'w')
    const piece = Buffer.alloc(1_000_000, 'x')
    const hash = createHash('sha256')
    for (let i = 0; i < 100; i += 1) {
      writeSync(file, piece)
      hash.update(piece)
    }
    writeSync(file, `\n${numbered(0, 5)}`)
    closeSync(file)
    await bench.start()
    const buffer = Buffer.alloc(2 * LIMITS.recordBytes)
    const limits = { bytes: LIMITS.taskBytes, records: LIMITS.batchRecords }
    const before = process.memoryUsage()
    let most = 0
    let found = null
    await until(
      async () => {
        const filled = await bench.running.fill(buffer, limits)
        most = Math.max(most, process.memoryUsage().external + process.memoryUsage().heapUsed)
        found ??= filled?.slices.find((slice) => slice.truncated !== null)?.truncated ?? null
        return filled?.slices.some((slice) => slice.to === 100_000_001 + numbered(0, 5).length) ?? false
      },
      'all is read',
      30_000,
    )
    expect(found).toEqual({ bytes: 100_000_000, sha256: hash.digest('hex') })
    expect(most - before.external - before.heapUsed).toBeLessThan(8 * 1024 * 1024)
  })

  it('that never ends does not keep the others waiting, and is shipped when it ends', async () => {
    writeFileSync(log, 'x'.repeat(2_000_000))
    writeFileSync(bench.path('other.log'), numbered(0, 100))
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 100))
    appendFileSync(log, `${'y'.repeat(2_000_000)}\nnext\n`)
    await bench.drain()
    expect(bench.readings.slice(100).map((reading) => reading.slice.truncated?.bytes)).toEqual([
      4_000_000,
      undefined,
    ])
  })

  it('that is given back is handed out again as it was', async () => {
    writeFileSync(log, `${'x'.repeat(2_000_000)}\nnext\n`)
    await bench.start()
    let slices = await bench.fill({ records: 1 })
    while (slices.length === 0) slices = await bench.fill({ records: 1 })
    bench.running.giveBack(slices)
    const again = await bench.fill({ records: 1 })
    expect(again).toEqual(slices)
    await bench.drain()
    expect(bench.records.at(-1)).toBe('next')
  })
})

describe('records over several lines', () => {
  it('a start pattern gathers lines; the last record waits for the next, or for quiet', async () => {
    bench.files = bench.files.map((file) => ({ ...file, framing: { kind: 'start', pattern: '^\\d+ ' } }))
    bench.policy = { ...bench.policy, flushAfter: 300 }
    writeFileSync(log, '1 a\n  b\n2 c\n  d\n')
    await bench.start()
    await bench.fill()
    expect(bench.records).toEqual(['1 a\n  b'])
    expect(bench.running.exhausted()).toBe(false)
    await bench.drain()
    expect(bench.records).toEqual(['1 a\n  b', '2 c\n  d'])
  })

  it('JSON over several lines is read value by value', async () => {
    bench.files = bench.files.map((file) => ({ ...file, framing: { kind: 'json' } }))
    const values = Array.from({ length: 500 }, (_, i) => ({
      i,
      text: `a "quoted" }{ ${i}`,
      list: [i, { i }],
    }))
    const text = values.map((value) => JSON.stringify(value, null, 2)).join('\n')
    writeFileSync(log, text.slice(0, 20_000))
    await bench.start()
    await bench.drain()
    appendFileSync(log, text.slice(20_000))
    await bench.drain()
    expect(bench.records.map((record) => JSON.parse(record))).toEqual(values)
  })

  it('CSV keeps newlines in quotes, and each slice after the first is given the header', async () => {
    bench.files = bench.files.map((file) => ({ ...file, framing: { kind: 'csv', quote: '"' } }))
    writeFileSync(log, '\ufeffid,text\r\n1,"a\nb"\r\n2,c\r\n')
    await bench.start()
    await bench.drain()
    expect(bench.readings[0]?.slice.header).toBe(null)
    await bench.stop()
    appendFileSync(log, '3,"d')
    await bench.start()
    await bench.drain()
    appendFileSync(log, '\ne"\n')
    await bench.drain()
    expect(bench.records.slice(1)).toEqual(['1,"a\nb"', '2,c', '3,"d\ne"'])
    expect(bench.readings.at(-1)?.slice.header).toBe('id,text')
  })
})
