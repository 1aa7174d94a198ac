import { appendFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { numbered, numbers, Workbench } from './workbench.ts'

let bench: Workbench
beforeEach(() => {
  bench = new Workbench()
})
afterEach(() => bench.close())

describe('a file', () => {
  it('is read from its start, and what is appended is read once', async () => {
    writeFileSync(bench.path('app.log'), numbered(0, 1000))
    await bench.start()
    expect(await bench.drain()).toEqual(numbers(0, 1000))
    appendFileSync(bench.path('app.log'), numbered(1000, 1010))
    await bench.readUntil(() => bench.readings.length >= 1010, 'the appended lines are read')
    expect(bench.records).toEqual(numbers(0, 1010))
  })

  it('is read on after a restart where it was settled', async () => {
    writeFileSync(bench.path('app.log'), numbered(0, 100))
    await bench.start()
    await bench.fill({ records: 30 })
    await bench.settle()
    await bench.fill({ records: 30 })
    await bench.kill()
    bench.readings.splice(30)
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 100))
  })
})
