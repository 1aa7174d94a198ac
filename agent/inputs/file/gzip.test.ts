import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { numbered, numbers, until, Workbench } from './workbench.ts'

let bench: Workbench
let log: string
beforeEach(() => {
  bench = new Workbench()
  bench.files = bench.files.map((file) => ({ ...file, paths: [join(bench.logs, '*')] }))
  mkdirSync(bench.logs, { recursive: true })
  log = bench.path('app.log')
})
afterEach(() => bench.close())

const readPacked = (): void => {
  bench.files = bench.files.map((file) => ({ ...file, gzip: true }))
}

/** As gzip does it: the compressed file beside the original, then the original is deleted. */
function pack(path: string, text: string): void {
  writeFileSync(`${path}.gz`, gzipSync(text))
  const old = new Date(Date.now() - 60_000)
  utimesSync(`${path}.gz`, old, old)
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path)
}

it('a rotated file that was compressed is passed over, with a sentence', async () => {
  writeFileSync(log, numbered(0, 100))
  await bench.start()
  await bench.drain()
  pack(log, numbered(0, 100))
  writeFileSync(log, numbered(100, 120))
  await bench.drain()
  await bench.stop()
  await bench.start()
  await bench.drain()
  expect(bench.records).toEqual(numbers(0, 120))
  expect(bench.hasSaid(/app\.log\.gz is compressed with gzip and is passed over/)).toBe(true)
})

describe('where gzip is to be read', () => {
  beforeEach(readPacked)

  it('a file that is only there compressed is read once', async () => {
    pack(bench.path('old.log'), numbered(0, 5000))
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 5000))
    await bench.running.sweep()
    await bench.stop()
    await bench.start()
    await bench.drain()
    expect(bench.readings.length).toBe(5000)
  })

  it.each(['running', 'stopped'])('a rotated file that was read is not read again (%s)', async (how) => {
    writeFileSync(log, numbered(0, 500))
    await bench.start()
    await bench.drain()
    if (how === 'stopped') await bench.stop()
    pack(log, numbered(0, 500))
    if (how === 'stopped') await bench.start()
    await bench.drain()
    await bench.stop()
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 500))
  })

  it('what was appended before the compression is read under the same source and offsets', async () => {
    writeFileSync(log, numbered(0, 500))
    await bench.start()
    await bench.drain()
    await bench.stop()
    pack(log, numbered(0, 800))
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 800))
    expect(new Set(bench.readings.map((reading) => reading.slice.source)).size).toBe(1)
    expect(bench.readings.at(-1)?.slice.offset).toBe(numbered(0, 500).length)
  })

  it('a copy that was compressed after its original was truncated is known again', async () => {
    writeFileSync(log, numbered(0, 500))
    await bench.start()
    await bench.drain()
    copyFileSync(log, bench.path('app.log.1'))
    truncateSync(log, 0)
    appendFileSync(log, numbered(500, 600))
    await bench.drain()
    pack(bench.path('app.log.1'), numbered(0, 500))
    await bench.drain()
    await bench.stop()
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 600))
  })

  it('a compressed file is read on after a kill in the middle', async () => {
    pack(bench.path('old.log'), numbered(0, 5000))
    await bench.start()
    await until(async () => (await bench.fill({ records: 1000 })).length > 0, 'it is unpacked')
    await bench.settle()
    await bench.fill({ records: 1000 })
    await bench.kill()
    bench.readings.splice(1000)
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 5000))
  })

  it('a damaged file is said and left alone, and the others are read', async () => {
    pack(bench.path('old.log'), numbered(0, 5000))
    truncateSync(bench.path('old.log.gz'), 5000)
    utimesSync(bench.path('old.log.gz'), 1, 1)
    writeFileSync(log, numbered(0, 10))
    await bench.start()
    await bench.readUntil(
      () => bench.hasSaid(/can't be unpacked: it is damaged or not complete/),
      'it is said',
    )
    await bench.readUntil(() => bench.readings.length === 10, 'the other is read')
  })
})
