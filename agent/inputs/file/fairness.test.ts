import { appendFileSync, statSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schema/index.ts'
import { numbered, until, Workbench } from './workbench.ts'

let bench: Workbench
beforeEach(() => {
  bench = new Workbench()
})
afterEach(() => bench.close())

const full = process.env.WAYBILL_FULL !== undefined

describe('many files', () => {
  it('a writer that never ends does not keep the others waiting', async () => {
    writeFileSync(bench.path('endless.log'), numbered(0, 300_000))
    for (let i = 0; i < 20; i += 1) writeFileSync(bench.path(`quiet-${i}.log`), `quiet ${i}\n`)
    await bench.start()
    let fills = 0
    await until(async () => {
      fills += 1
      appendFileSync(bench.path('endless.log'), numbered(0, 5000))
      await bench.fill()
      return bench.records.filter((record) => record.startsWith('quiet')).length === 20
    }, 'the others are read')
    expect(fills).toBeLessThan(5)
  })

  it('share a buffer while all have something', async () => {
    for (let i = 0; i < 100; i += 1) writeFileSync(bench.path(`${i}.log`), numbered(0, 20_000))
    await bench.start()
    const seen = new Set<string>()
    for (let i = 0; i < 16; i += 1) {
      const slices = await bench.fill()
      expect(slices.at(-1)!.end).toBeLessThanOrEqual(LIMITS.taskBytes)
      for (const slice of slices) seen.add(slice.path)
    }
    expect(seen.size).toBe(100)
  })

  it(`${full ? '10,000' : '2,000'} idle and 100 growing ones are all read, each once`, {
    timeout: 60_000,
  }, async () => {
    const idle = full ? 10_000 : 2000
    for (let i = 0; i < idle; i += 1) writeFileSync(bench.path(`idle-${i}.log`), `idle ${i}\n`)
    await bench.start()
    await bench.drain()
    expect(bench.readings.length).toBe(idle)
    for (let round = 0; round < 10; round += 1) {
      for (let i = 0; i < 100; i += 1) appendFileSync(bench.path(`busy-${i}.log`), `busy ${i} ${round}\n`)
      await bench.fill()
      await bench.settle()
    }
    await bench.readUntil(() => bench.readings.length >= idle + 1000, 'all are read')
    expect(new Set(bench.records).size).toBe(idle + 1000)
    expect(bench.readings.length).toBe(idle + 1000)
  })

  it('limits of records and bytes are kept', async () => {
    for (let i = 0; i < 5; i += 1) writeFileSync(bench.path(`${i}.log`), numbered(0, 1000))
    await bench.start()
    const total = 5 * statSync(bench.path('0.log')).size
    let bytes = 0
    for (;;) {
      const filled = await bench.running.fill(Buffer.alloc(2 * LIMITS.recordBytes), {
        bytes: 6000,
        records: 70,
      })
      if (filled === null) break
      expect(filled.records).toBeLessThanOrEqual(70)
      expect(filled.bytes).toBeLessThanOrEqual(6000)
      bytes += filled.bytes
    }
    expect(bytes).toBe(total)
  })
})
